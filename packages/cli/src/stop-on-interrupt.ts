import { releaseEarlyInterrupt } from './early-interrupt.ts';
import { INTERRUPTED } from './exit-codes.ts';
import type { Output } from './output/output.ts';

/** A signal that is aborted by Ctrl-C. */
export interface Interrupt {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Gives the keys back to the process. */
  readonly release: () => void;
}

/**
 * Turns the first Ctrl-C into a wish to stop; the second one ends the process.
 *
 * @param output tells the person that the wish was heard
 * @returns see {@link Interrupt}; call `release` when the work is over
 */
export function stopOnInterrupt(output: Output): Interrupt {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    output.warn('selfsup: stopping; press Ctrl-C again to leave at once');
    controller.abort();
  };
  releaseEarlyInterrupt();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
