/** Exit code of a process that an error ended. */
export const FAILED = 1;

/** Exit code after Ctrl-C. */
export const INTERRUPTED = 130;
