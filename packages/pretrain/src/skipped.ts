import { countOf } from '@selfsup/core';
import type { Skipped } from './modality.ts';
import type { Progress } from './progress.ts';

/** Entries that are named one by one; the result names them all. */
const NAMED = 5;

/**
 * How many files or rows were skipped, each of those that share an entry counted.
 *
 * @param skipped what could not be used
 * @returns the sum of the entries' counts
 */
export const countSkipped = (skipped: readonly Skipped[]): number => skipped.reduce((sum, { count = 1 }) => sum + count, 0);

/**
 * Says how many files or rows were skipped, and of which kinds.
 *
 * @param skipped what could not be used, at least one
 * @returns such as `313 (312 HEIC pictures, 1 that could not be read)`; without kinds the number alone
 */
export function describeSkipped(skipped: readonly Skipped[]): string {
  const total = countSkipped(skipped);
  const kinds = skipped.flatMap(({ kind, count = 1 }) => (kind === undefined ? [] : [countOf(count, kind)]));
  if (kinds.length === 0) return total.toLocaleString('en-US');
  const others = skipped.filter(({ kind }) => kind === undefined).length;
  return `${total.toLocaleString('en-US')} (${[...kinds, ...(others > 0 ? [`${others} that could not be read`] : [])].join(', ')})`;
}

/**
 * Warns of what was skipped: of the first entries one by one.
 *
 * @param skipped what could not be used
 * @param progress is told
 */
export function warnAboutSkipped(skipped: readonly Skipped[], progress: Progress): void {
  for (const { path, reason } of skipped.slice(0, NAMED)) progress.warn(`skipped ${path}: ${reason}`);
  const more = countSkipped(skipped.slice(NAMED));
  if (more > 0) progress.warn(`skipped ${more} more; the result names them all`);
}
