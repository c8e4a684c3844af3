import { createRng, SelfsupError, type Rng } from '@selfsup/core';
import { labelSubset } from './label-subset.ts';

/** One training that {@link labelEfficiencyCurve} asks for. */
export interface LabelCurveTrial {
  /** Which training examples have labels; in the file's order where it is all of them. */
  readonly indices: Int32Array;
  /** The seed of the subset, to be that of the training, too. */
  readonly seed: number;
}

/** Options of {@link labelEfficiencyCurve}. */
export interface LabelEfficiencyCurveOptions {
  /** `[n]`: the class of each training example. */
  labels: ArrayLike<number>;
  /** What is compared, such as `pretrained` and `scratch`: each trains on the examples it is given and returns its accuracy on the test set, in [0, 1]. */
  arms: Readonly<Record<string, (trial: LabelCurveTrial) => Promise<number>>>;
  /** How many labels; default 10, 100, 1000 and `'all'`. Counts that are not below `n` are left out. */
  counts?: readonly (number | 'all')[];
  /** Each draws subsets of its own; default 0, 1, 2. */
  seeds?: readonly number[];
  /** Chooses `count` of the examples, more of them with the fewer ones among them; default `labelSubset`, as many of each class. */
  choose?: (count: number, rng: Rng) => Int32Array;
  /** Called after each training. */
  onTrial?: (trial: { arm: string; count: number; seed: number; accuracy: number }) => void;
}

/** What one of the arms reached with so many labels. */
export interface LabelCurveRow {
  /** Labels used. */
  readonly count: number;
  /** The arm's name. */
  readonly arm: string;
  /** The accuracy of each seed, in [0, 1]. */
  readonly accuracies: readonly number[];
  /** Their mean. */
  readonly mean: number;
  /** Their sample standard deviation (n − 1); NaN with one seed. */
  readonly deviation: number;
}

function summarize(accuracies: readonly number[]): Pick<LabelCurveRow, 'accuracies' | 'mean' | 'deviation'> {
  const mean = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
  const squares = accuracies.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { accuracies, mean, deviation: Math.sqrt(squares / (accuracies.length - 1)) };
}

/**
 * Measures what labels are worth: the accuracy over the number of labels, for networks with different starts.
 *
 * @param options see {@link LabelEfficiencyCurveOptions}
 * @returns a row for each count and arm, by count; `formatLabelCurve` prints them
 * @throws SelfsupError `SELFSUP_OPTION` when there is no arm, no seed, no count or a count out of range
 * @see Chen et al.: "Big Self-Supervised Models are Strong Semi-Supervised Learners", section 3, https://arxiv.org/abs/2006.10029
 * @remarks For one seed all arms see the same examples, and more labels include the fewer ones.
 * @example
 * ```ts
 * import { formatLabelCurve, labelEfficiencyCurve } from '@selfsup/evaluate';
 * const rows = await labelEfficiencyCurve({ labels: [0, 1, 0, 1], counts: [2, 'all'], arms: { guess: () => Promise.resolve(0.5) } });
 * console.log(formatLabelCurve(rows));
 * ```
 */
export async function labelEfficiencyCurve(options: LabelEfficiencyCurveOptions): Promise<LabelCurveRow[]> {
  const { labels, arms, counts = [10, 100, 1000, 'all'], seeds = [0, 1, 2], onTrial } = options;
  const { choose = (count, rng) => labelSubset(labels, { count, rng }) } = options;
  const n = labels.length;
  for (const [name, list] of Object.entries({ arms: Object.keys(arms), counts, seeds }))
    if (list.length === 0) throw new SelfsupError('SELFSUP_OPTION', `labelEfficiencyCurve: \`${name}\` must have at least one entry`);
  const bad = counts.find((count) => count !== 'all' && !(Number.isSafeInteger(count) && count >= 1));
  if (bad !== undefined)
    throw new SelfsupError('SELFSUP_OPTION', `labelEfficiencyCurve: \`counts\` must be integers >= 1 or 'all', got ${bad}`);
  const sizes = [...new Set(counts.map((count) => (count === 'all' ? n : Math.min(count, n))))].sort((a, b) => a - b);
  const rows: LabelCurveRow[] = [];
  for (const count of sizes)
    for (const [arm, train] of Object.entries(arms)) {
      const accuracies: number[] = [];
      for (const seed of seeds) {
        const rng = createRng(seed).fold('label subset');
        const indices = count === n ? Int32Array.from({ length: n }, (_, i) => i) : choose(count, rng);
        const accuracy = await train({ indices, seed });
        accuracies.push(accuracy);
        onTrial?.({ arm, count, seed, accuracy });
      }
      rows.push({ count, arm, ...summarize(accuracies) });
    }
  return rows;
}
