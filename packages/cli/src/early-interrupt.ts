import { INTERRUPTED } from './exit-codes.ts';

const stop = () => {
  process.stderr.write('selfsup: stopped before anything was written; start again with the same command\n');
  process.exit(INTERRUPTED);
};

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Ends the process with one line and code 130 on Ctrl-C, until {@link releaseEarlyInterrupt}: while the command itself is still being loaded. */
export function catchEarlyInterrupt(): void {
  for (const signal of signals) process.on(signal, stop);
}

/** Gives Ctrl-C to whoever comes next: to `stopOnInterrupt`, or back to the system. */
export function releaseEarlyInterrupt(): void {
  for (const signal of signals) process.off(signal, stop);
}
