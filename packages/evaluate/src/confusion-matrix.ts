import { SelfsupError } from '@selfsup/core';
import { checkLabels } from './feature-matrix.ts';

/** Options of {@link confusionMatrix}. */
export interface ConfusionMatrixOptions {
  /** `[n]`: the true class of each example, 0 … numClasses − 1. */
  labels: ArrayLike<number>;
  /** `[n]`: the class that it was given. */
  predictions: ArrayLike<number>;
  /** How many classes there are. */
  numClasses: number;
}

/** How a class was found. */
export interface ClassScores {
  /** The share of those that were given the class and have it, in [0, 1]; 0 where none was given it. */
  readonly precision: number;
  /** The share of those that have the class and were given it, in [0, 1]; 0 where none has it. */
  readonly recall: number;
  /** The harmonic mean of the two, in [0, 1]; 0 where both are 0. */
  readonly f1: number;
  /** How many have the class. */
  readonly count: number;
  /** How many were given it. */
  readonly predicted: number;
}

/** What {@link confusionMatrix} gives. */
export interface ConfusionMatrix {
  /** `[numClasses][numClasses]`: how many of the true class, the row, were given the class of the column. */
  readonly counts: readonly (readonly number[])[];
  /** `[numClasses]`. */
  readonly classes: readonly ClassScores[];
  /** The share that is right, in [0, 1]. */
  readonly accuracy: number;
  /** The mean recall of the classes that there are examples of, in [0, 1]. */
  readonly balancedAccuracy: number;
  /** The mean F1 of the classes that there are examples of or that were given, in [0, 1]. */
  readonly macroF1: number;
}

const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Counts which classes are taken for which, with precision and recall of each.
 *
 * @param options see {@link ConfusionMatrixOptions}
 * @returns see {@link ConfusionMatrix}
 * @throws SelfsupError `SELFSUP_SHAPE` when there are no examples or the lengths differ, `SELFSUP_OPTION` on a class out of range
 * @example
 * ```ts
 * import { confusionMatrix } from '@selfsup/evaluate';
 * const { counts, classes } = confusionMatrix({ labels: [0, 0, 1], predictions: [0, 1, 1], numClasses: 2 });
 * console.log(counts, classes[1]!.precision); // [[1, 1], [0, 1]] 0.5
 * ```
 */
export function confusionMatrix(options: ConfusionMatrixOptions): ConfusionMatrix {
  const { labels, predictions, numClasses } = options;
  if (labels.length === 0) throw new SelfsupError('SELFSUP_SHAPE', 'confusionMatrix: `labels` must have at least one example, got none');
  const rows = labels.length;
  checkLabels('confusionMatrix: `labels`', labels, { rows, numClasses });
  checkLabels('confusionMatrix: `predictions`', predictions, { rows, numClasses });
  const counts = Array.from({ length: numClasses }, () => new Array<number>(numClasses).fill(0));
  for (let i = 0; i < rows; i++) counts[labels[i]!]![predictions[i]!]!++;
  const classes = counts.map((row, c): ClassScores => {
    const right = row[c]!;
    const count = row.reduce((sum, value) => sum + value, 0);
    const predicted = counts.reduce((sum, other) => sum + other[c]!, 0);
    return { precision: share(right, predicted), recall: share(right, count), f1: share(2 * right, count + predicted), count, predicted };
  });
  const right = counts.reduce((sum, row, c) => sum + row[c]!, 0);
  return {
    counts,
    classes,
    accuracy: right / rows,
    balancedAccuracy: meanOf(classes.filter(({ count }) => count > 0).map(({ recall }) => recall)),
    macroF1: meanOf(classes.filter(({ count, predicted }) => count + predicted > 0).map(({ f1 }) => f1)),
  };
}
