import { Option } from 'commander';

/** Flags of every command. */
export interface CommonFlags {
  /** JSON lines on standard output. */
  json?: boolean;
  /** Stack traces of unexpected errors. */
  verbose?: boolean;
}

/** `--backend`. */
export const backendOption = (): Option =>
  new Option('--backend <name>', 'what computes (default: auto, the fastest that works)').choices(['auto', 'wasm', 'cpu']);

/** Waits for a command and takes over its exit code. */
export async function exitWith(code: Promise<number>): Promise<void> {
  process.exitCode = await code;
}
