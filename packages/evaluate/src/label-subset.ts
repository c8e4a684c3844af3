import { drawPermutation, SelfsupError, type Rng } from '@selfsup/core';
import { checkLabels } from './feature-matrix.ts';

/** Options of {@link labelSubset}. */
export interface LabelSubsetOptions {
  /** How many to choose, 1 … the number of labels. */
  count: number;
  /** The stream: the same one gives the same examples, and a larger subset holds the smaller ones. */
  rng: Rng;
  /** `'equal'` (default): as many of each class as there can be; `'proportional'`: as many as its share of all labels. */
  balance?: 'equal' | 'proportional';
  /** Whether each class gives one example before any gives a second, however rare it is; default false. With `'equal'` it does anyway. */
  everyClass?: boolean;
}

/**
 * Chooses a subset by classes: the few labels that a user would have.
 *
 * @param labels `[n]`: classes, integers ≥ 0
 * @param options see {@link LabelSubsetOptions}
 * @returns `[count]`: the chosen indices in the order of choice, so that the first 10 of 100 are the subset of 10
 * @throws SelfsupError `SELFSUP_OPTION` on a count or a label out of range
 * @remarks The classes take turns, in an order drawn once; one without an example left is passed over. With `'proportional'` the next example is of the
 * class that is the farthest behind its share.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { labelSubset } from '@selfsup/evaluate';
 * console.log(labelSubset([0, 0, 0, 1, 1, 1], { count: 4, rng: createRng(0) })); // two of each class
 * ```
 */
export function labelSubset(labels: ArrayLike<number>, options: LabelSubsetOptions): Int32Array {
  const { count, rng, balance = 'equal', everyClass = false } = options;
  const n = labels.length;
  if (!Number.isSafeInteger(count) || count < 1 || count > n)
    throw new SelfsupError('SELFSUP_OPTION', `labelSubset: \`count\` must be an integer in [1, ${n}], the number of labels, got ${count}`);
  checkLabels('labelSubset: `labels`', labels, { rows: n, numClasses: 2 ** 31 });
  const members = new Map<number, number[]>();
  for (const index of drawPermutation(rng.fold('examples'), n)) {
    const list = members.get(labels[index]!);
    if (list) list.push(index);
    else members.set(labels[index]!, [index]);
  }
  const classes = [...members.values()]; // in the order in which the draw meets them
  const taken = classes.map(() => 0);
  const chosen = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    let next = -1;
    let most = -Infinity;
    for (const [c, list] of classes.entries()) {
      if (taken[c] === list.length) continue;
      const share = balance === 'equal' ? 0 : ((i + 1) * list.length) / n;
      const behind = share - taken[c]! + (everyClass && taken[c] === 0 ? n : 0);
      if (behind > most) [next, most] = [c, behind];
    }
    chosen[i] = classes[next]![taken[next]!++]!;
  }
  return chosen;
}
