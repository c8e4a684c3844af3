import { INTERRUPTED } from './exit-codes.ts';
import type { Output } from './output/output.ts';
import { stopOnInterrupt } from './stop-on-interrupt.ts';

/**
 * Runs work that Ctrl-C may stop: what is thrown after the first one is the stop itself, not an error.
 *
 * @param output tells the person that the wish was heard
 * @param work gets a signal that the first SIGINT or SIGTERM aborts, and returns the exit code
 * @param cleanup runs at the end, whatever happened; default nothing
 * @returns the exit code of `work`, or 130 after an interrupt
 */
export async function runUntilInterrupt(
  output: Output,
  work: (signal: AbortSignal) => Promise<number>,
  cleanup: () => void | Promise<void> = () => undefined,
): Promise<number> {
  const { signal, release } = stopOnInterrupt(output);
  try {
    return await work(signal);
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    await cleanup();
    release();
  }
}
