import { SelfsupError } from '@selfsup/core';
import { checkFeatures, checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import { largestOfRows } from './probe/logistic-problem.ts';

/** The softmax of a row of logits, with the logits divided by `temperature`, written into `to`. */
function softmaxRow(logits: Float32Array, temperature: number, to: Float32Array): void {
  let most = -Infinity;
  for (const value of logits) most = Math.max(most, value);
  let sum = 0;
  for (let j = 0; j < logits.length; j++) sum += to[j] = Math.exp((logits[j]! - most) / temperature);
  for (let j = 0; j < logits.length; j++) to[j]! /= sum;
}

/**
 * Probabilities from logits.
 *
 * @param logits float32 `[rows, numClasses]`
 * @param options `temperature` > 0: logits are divided by it; default 1
 * @returns float32 `[rows, numClasses]`, each row with sum 1
 * @throws SelfsupError `SELFSUP_OPTION` on a temperature out of range, `SELFSUP_SHAPE` and `SELFSUP_NON_FINITE` on logits that are not a finite matrix
 */
export function softmaxRows(logits: FeatureMatrix, { temperature = 1 }: { temperature?: number } = {}): FeatureMatrix {
  checkFeatures('softmaxRows: `logits`', logits);
  if (!(temperature > 0 && temperature < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `softmaxRows: \`temperature\` must be a number > 0, got ${temperature}`);
  const [rows, numClasses] = logits.shape;
  const data = new Float32Array(rows * numClasses);
  for (let at = 0; at < data.length; at += numClasses)
    softmaxRow(logits.data.subarray(at, at + numClasses), temperature, data.subarray(at, at + numClasses));
  return { data, shape: logits.shape };
}

/** Options of {@link calibration}. */
export interface CalibrationOptions {
  /** Float32 `[rows, numClasses]`, each row with sum 1. */
  probabilities: FeatureMatrix;
  /** `[rows]`: the true classes. */
  labels: ArrayLike<number>;
  /** Into how many parts of equal width the confidence is divided, an integer ≥ 1; default 10. */
  bins?: number;
}

/** Predictions of like confidence. */
export interface CalibrationBin {
  /** The mean probability of the class that was given. */
  readonly confidence: number;
  /** The share that was right. */
  readonly accuracy: number;
  /** How many. */
  readonly count: number;
}

/** What {@link calibration} gives. */
export interface Calibration {
  /** Expected calibration error: the mean of |accuracy − confidence| over the bins, weighted by their counts, in [0, 1]. */
  readonly error: number;
  /** The mean of −log of the probability of the true class, in nats. */
  readonly logLoss: number;
  /** The mean probability of the class that was given. */
  readonly confidence: number;
  /** The share that was right. */
  readonly accuracy: number;
  /** The bins that have predictions, by confidence: the points of a reliability diagram. */
  readonly bins: readonly CalibrationBin[];
}

/**
 * Compares how sure a classifier is with how often it is right.
 *
 * @param options see {@link CalibrationOptions}
 * @returns see {@link Calibration}
 * @throws SelfsupError `SELFSUP_SHAPE`, `SELFSUP_NON_FINITE` and `SELFSUP_OPTION` on arguments that do not fit
 * @see Guo et al.: "On Calibration of Modern Neural Networks", equation 3, https://arxiv.org/abs/1706.04599
 * @remarks Bin b of n holds confidences in [b/n, (b + 1)/n), the last one 1 as well.
 * @example
 * ```ts
 * import { calibration } from '@selfsup/evaluate';
 * const probabilities = { data: Float32Array.of(0.9, 0.1, 0.3, 0.7), shape: [2, 2] } as const;
 * console.log(calibration({ probabilities, labels: [0, 0] }).error); // (0.1 + 0.7) / 2
 * ```
 */
export function calibration(options: CalibrationOptions): Calibration {
  const { probabilities, labels, bins: numBins = 10 } = options;
  checkFeatures('calibration: `probabilities`', probabilities);
  const [rows, numClasses] = probabilities.shape;
  checkLabels('calibration: `labels`', labels, { rows, numClasses });
  if (!Number.isSafeInteger(numBins) || numBins < 1)
    throw new SelfsupError('SELFSUP_OPTION', `calibration: \`bins\` must be an integer >= 1, got ${numBins}`);
  const given = largestOfRows(probabilities.data, numClasses);
  const sums = Array.from({ length: numBins }, () => ({ confidence: 0, right: 0, count: 0 }));
  let logLoss = 0;
  for (let row = 0; row < rows; row++) {
    const confidence = probabilities.data[row * numClasses + given[row]!]!;
    const bin = sums[Math.max(0, Math.min(numBins - 1, Math.floor(confidence * numBins)))]!;
    bin.confidence += confidence;
    bin.right += given[row] === labels[row] ? 1 : 0;
    bin.count++;
    logLoss -= Math.log(Math.max(probabilities.data[row * numClasses + labels[row]!]!, 1e-38));
  }
  const bins = sums
    .filter(({ count }) => count > 0)
    .map(({ confidence, right, count }) => ({ confidence: confidence / count, accuracy: right / count, count }));
  const mean = (of: (bin: CalibrationBin) => number) => bins.reduce((sum, bin) => sum + bin.count * of(bin), 0) / rows;
  return {
    error: mean((bin) => Math.abs(bin.accuracy - bin.confidence)),
    logLoss: logLoss / rows,
    confidence: mean((bin) => bin.confidence),
    accuracy: mean((bin) => bin.accuracy),
    bins,
  };
}

/** Temperatures that {@link fitTemperature} can give: of predictions that are all right none would be low enough. */
const RANGE = [0.05, 20] as const;

/**
 * Finds the temperature by which logits become probabilities that are as sure as the predictions are right: that with the least log loss.
 *
 * @param logits float32 `[rows, numClasses]` of examples that the classifier has not learned from
 * @param labels `[rows]`: their classes
 * @param options `smoothing`: the probability that is left to the other classes together, in [0, 1); default 0. 1/(rows + 2), the rule of succession, keeps a
 * classifier from being certain because a few examples were all right
 * @returns the temperature, in [0.05, 20], by which logits are to be divided
 * @throws SelfsupError `SELFSUP_SHAPE`, `SELFSUP_NON_FINITE` and `SELFSUP_OPTION` on arguments that do not fit
 * @see Guo et al.: "On Calibration of Modern Neural Networks", section 4.2, https://arxiv.org/abs/1706.04599
 * @remarks The class with the highest probability stays the same. The log loss is convex in 1/temperature; its slope is bisected.
 * @example
 * ```ts
 * import { fitTemperature } from '@selfsup/evaluate';
 * const logits = { data: Float32Array.of(3, 0, 3, 0, 3, 0, 0, 3), shape: [4, 2] } as const;
 * console.log(fitTemperature(logits, [0, 0, 1, 1])); // above 1: three of four are right
 * ```
 */
export function fitTemperature(logits: FeatureMatrix, labels: ArrayLike<number>, { smoothing = 0 }: { smoothing?: number } = {}): number {
  checkFeatures('fitTemperature: `logits`', logits);
  if (!(smoothing >= 0 && smoothing < 1))
    throw new SelfsupError('SELFSUP_OPTION', `fitTemperature: \`smoothing\` must be in [0, 1), got ${smoothing}`);
  const [rows, numClasses] = logits.shape;
  checkLabels('fitTemperature: `labels`', labels, { rows, numClasses });
  /** The derivative of the log loss with respect to 1/temperature: it grows. */
  const slope = (inverse: number): number => {
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const of = logits.data.subarray(row * numClasses, (row + 1) * numClasses);
      let most = -Infinity;
      for (const value of of) most = Math.max(most, value);
      let [total, weighted, all] = [0, 0, 0];
      for (const value of of) {
        const weight = Math.exp((value - most) * inverse);
        total += weight;
        weighted += weight * value;
        all += value;
      }
      const truth = of[labels[row]!]!;
      const others = numClasses > 1 ? (all - truth) / (numClasses - 1) : truth;
      sum += weighted / total - (1 - smoothing) * truth - smoothing * others;
    }
    return sum;
  };
  let [low, high] = [1 / RANGE[1], 1 / RANGE[0]];
  if (slope(low) >= 0) return RANGE[1];
  if (slope(high) <= 0) return RANGE[0];
  for (let i = 0; i < 60; i++) {
    const middle = Math.sqrt(low * high);
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return 1 / Math.sqrt(low * high);
}
