import type { UnusedKind } from '@selfsup/data/node';
import type { Skipped } from '../modality.ts';

/** Kinds of files that are not used, as one line each among what was skipped. */
export const unusedAsSkipped = (unused: readonly UnusedKind[]): Skipped[] =>
  unused.map(({ kind, reason, count, example }) => ({
    path: count === 1 ? example : `${count} ${kind}, such as ${example}`,
    reason,
    kind,
    count,
  }));
