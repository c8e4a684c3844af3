import { releaseEarlyInterrupt } from './early-interrupt.ts';
import { INTERRUPTED } from './exit-codes.ts';
import type { Output } from './output/output.ts';

const signals = ['SIGINT', 'SIGTERM'] as const;
const warnings: readonly NodeJS.Signals[] = process.platform === 'win32' ? [] : ['SIGUSR1', 'SIGUSR2'];

/** A signal that is aborted by Ctrl-C. */
export interface Interrupt {
  /** Aborted by the first SIGINT or SIGTERM, and by SIGUSR1 and SIGUSR2. */
  readonly signal: AbortSignal;
  /** Gives the keys back to the process. */
  readonly release: () => void;
}

/**
 * Turns the first Ctrl-C into a wish to stop; the second one ends the process. SIGUSR1 and SIGUSR2 are such a wish, too, however often they come.
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
  // what Slurm sends before the time is over (`--signal=USR1@120`), perhaps more than once
  const warned = () => {
    if (!controller.signal.aborted) output.warn('selfsup: stopping with a checkpoint, as a signal asks for');
    controller.abort();
  };
  const handlers = [...signals.map((signal) => [signal, stop] as const), ...warnings.map((signal) => [signal, warned] as const)];
  releaseEarlyInterrupt();
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return {
    signal: controller.signal,
    release: () => {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    },
  };
}
