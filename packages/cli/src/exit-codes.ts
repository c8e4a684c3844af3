/** Exit code of a process that an error ended. */
export const FAILED = 1;

/** What a rank that `--ranks` started ends with when its settings are refused before the run has begun: starting it again would not help. */
export const REFUSED = 64;

/** What it ends with after another error before the run has begun: it may be started again, but there is nothing of it to go on with. */
export const NOT_BEGUN = 75;

/** Exit code after Ctrl-C. */
export const INTERRUPTED = 130;
