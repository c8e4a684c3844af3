import { SelfsupError, type ApplyOptions, type VariableMap } from '@selfsup/core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { checkLabels } from './feature-matrix.ts';

/** Examples with their classes, of which {@link fineTune} takes batches: texts, images or anything else that an encoder accepts. */
export interface LabeledExamples<I> {
  /** `[n]`: the class of each example, 0 … numClasses − 1. */
  readonly labels: ArrayLike<number>;
  /** How many classes there are. */
  readonly numClasses: number;
  /** Makes the encoder's input of these examples: a tensor or an object of tensors, which the caller disposes. */
  read(indices: Int32Array): I | Promise<I>;
  /** `[n]`: the order in which they are cheapest to read all, such as the short ones first; default that of their numbers. */
  readonly cheapOrder?: Int32Array;
}

/** A batch of which each example is mixed with another one; the caller disposes all tensors. */
export interface MixedExamples<I> {
  /** What the encoder sees. */
  readonly input: I;
  /** int32 `[batch]`: with which example of the batch each was mixed. */
  readonly partners: Tensor1D;
  /** float32 `[batch]`: the share of each example itself, in [0, 1]; its partner's class has the rest. */
  readonly weights: Tensor1D;
}

/** An encoder of anything: a `Module`, or {@link poolTokens} of one. */
export interface FeatureEncoder<I> {
  /** What is trained. */
  readonly trainable: VariableMap;
  /** Gives float32 `[batch, dim]`; the caller owns it. */
  apply(input: I, options: ApplyOptions): Tensor;
}

/** Throws unless there are examples and their labels are classes. Internal. */
export function checkExamples(what: string, { labels, numClasses }: Pick<LabeledExamples<never>, 'labels' | 'numClasses'>): void {
  if (labels.length === 0) throw new SelfsupError('SELFSUP_DATA', `${what} must have at least one example, got none`);
  checkLabels(`${what}: \`labels\``, labels, { rows: labels.length, numClasses });
}

/**
 * Some of a set of examples, such as those that have labels.
 *
 * @param examples see {@link LabeledExamples}
 * @param indices which ones, each in 0 … n − 1
 * @returns the examples in the order of `indices`; they are read from `examples`
 * @throws SelfsupError `SELFSUP_OPTION` on an index out of range
 * @example
 * ```ts
 * import { selectExamples, tokenClassification } from '@selfsup/evaluate';
 * const all = tokenClassification({ sequences: [[2, 8, 3], [2, 9, 3]], labels: [0, 1], numClasses: 2 });
 * console.log(selectExamples(all, [1]).labels); // Int32Array [1]
 * ```
 */
export function selectExamples<I>(examples: LabeledExamples<I>, indices: ArrayLike<number>): LabeledExamples<I> {
  const chosen = Int32Array.from(indices);
  const n = examples.labels.length;
  const bad = Array.from(indices).find((index) => !Number.isInteger(index) || index < 0 || index >= n);
  if (bad !== undefined) throw new SelfsupError('SELFSUP_OPTION', `selectExamples: \`indices\` must be integers in [0, ${n}), got ${bad}`);
  return {
    labels: chosen.map((index) => examples.labels[index]!),
    numClasses: examples.numClasses,
    read: (rows) => examples.read(rows.map((row) => chosen[row]!)),
  };
}
