import { createRng, printable, SelfsupError, type Rng } from '@selfsup/core';
import { labelSubset } from '@selfsup/evaluate';

/** How many labels: a number of all, `all`, or of each class, such as `10-per-class`. */
export type LabelCount = number | 'all' | `${number}-per-class`;

/**
 * Reads how many labels are to be used.
 *
 * @param text `100`, `all` or `10-per-class`
 * @param name how messages call it, such as `--label-counts`
 * @throws SelfsupError `SELFSUP_OPTION` on anything else
 */
export function parseLabelCount(text: string, name = '`count`'): LabelCount {
  const trimmed = text.trim();
  if (trimmed === 'all') return 'all';
  const match = /^(\d+)(-per-class)?$/.exec(trimmed);
  const value = Number(match?.[1]);
  if (match && Number.isSafeInteger(value) && value >= 1) return match[2] ? `${value}-per-class` : value;
  throw new SelfsupError('SELFSUP_OPTION', `${name} must be integers >= 1, such as 100, or 10-per-class, or all, got '${printable(text)}'`);
}

/**
 * How many labels a count stands for.
 *
 * @param count see {@link LabelCount}
 * @param labels the class of each labeled sample
 * @returns 1 … the number of labels; with `…-per-class` classes that have fewer give what they have
 */
export function resolveLabelCount(count: LabelCount, labels: ArrayLike<number>): number {
  const total = labels.length;
  if (count === 'all') return total;
  if (typeof count === 'number') return Math.min(count, total);
  const perClass = Number(count.split('-')[0]);
  const sizes = new Map<number, number>();
  for (let i = 0; i < total; i++) sizes.set(labels[i]!, (sizes.get(labels[i]!) ?? 0) + 1);
  return [...sizes.values()].reduce((sum, size) => sum + Math.min(perClass, size), 0);
}

/** The labels of a draw: of each class by its share of all, at least one; with `…-per-class` the classes take turns. More labels hold the fewer ones. */
export function drawLabels(labels: ArrayLike<number>, { count, rng }: { count: LabelCount; rng: Rng }): Int32Array {
  const byClass = typeof count === 'string' && count !== 'all';
  return labelSubset(labels, {
    ...{ count: resolveLabelCount(count, labels), rng },
    ...(!byClass && { balance: 'proportional' as const, everyClass: true }),
  });
}

/**
 * Chooses the labels of one seed, as `measureLabelCurve` does. A number of labels has of each class its share of all, but at least one: what somebody has who
 * labels whatever comes. With `…-per-class` the classes take turns.
 *
 * @param labels the class of each labeled sample
 * @param options how many, and the seed
 * @returns positions in `labels`, ascending
 */
export function chooseLabels(labels: ArrayLike<number>, { count, seed }: { count: LabelCount; seed: number }): Int32Array {
  const wanted = resolveLabelCount(count, labels);
  if (wanted === labels.length) return Int32Array.from({ length: wanted }, (_, i) => i);
  return drawLabels(labels, { count, rng: createRng(seed).fold('label subset') }).sort();
}
