import { createRng, SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { accuracy } from './accuracy.ts';
import { attentionPool } from './attention-pool.ts';
import { checkFeatures, checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import { fineTune, type FineTuneOptions } from './fine-tune.ts';
import type { LabeledExamples } from './labeled-examples.ts';

/** Options of {@link attentiveProbe}. */
export interface AttentiveProbeOptions extends Pick<FineTuneOptions<tf.Tensor3D>, 'seed' | 'signal' | 'onStep'> {
  /** Float32 `[rows, length · dim]`: the tokens of the samples to learn from, one after the other, such as the patches of images. */
  tokens: FeatureMatrix;
  /** The class of each sample. */
  labels: ArrayLike<number>;
  /** Likewise, of the samples to classify. */
  queries: FeatureMatrix;
  /** Their true classes. */
  queryLabels: ArrayLike<number>;
  /** How many tokens a sample has; an integer ≥ 1 that divides the columns. */
  length: number;
  /** How many classes; default those of `labels`. */
  numClasses?: number;
  /** Heads of the attention, a divisor of the tokens' columns; default 1. */
  numHeads?: number;
  /** Passes over the samples, an integer ≥ 1; default 30. */
  epochs?: number;
  /** Samples in an update, an integer ≥ 1; default 128. */
  batchSize?: number;
  /** The highest rate, > 0; default 2e-3. It rises over the first tenth of the updates and falls to 0 in a line. */
  learningRate?: number;
  /** AdamW's decay, ≥ 0; default 0.05. */
  weightDecay?: number;
}

/** What {@link attentiveProbe} gives. */
export interface AttentiveProbeResult {
  /** The share of queries that are classified rightly, in [0, 1]. */
  readonly accuracy: number;
  /** `[queries]`: the predicted classes. */
  readonly predictions: Int32Array;
  /** The mean cross entropy of the queries' classes, in nats. */
  readonly loss: number;
  /** The mean loss of each pass, in nats. */
  readonly losses: readonly number[];
}

/** Per column of the tokens, over all of them: the mean and the inverse of the deviation. */
function statisticsOf(data: Float32Array, dim: number): { mean: Float32Array; scale: Float32Array } {
  const [sum, squares] = [new Float64Array(dim), new Float64Array(dim)];
  const count = data.length / dim;
  for (let i = 0; i < data.length; i++) sum[i % dim]! += data[i]! / count;
  for (let i = 0; i < data.length; i++) squares[i % dim]! += (data[i]! - sum[i % dim]!) ** 2 / count;
  return { mean: Float32Array.from(sum), scale: Float32Array.from(squares, (variance) => 1 / Math.sqrt(variance + 1e-6)) };
}

/**
 * Judges frozen tokens by a classifier that learns where to look: attention with a learned query, and a linear layer on what it gathers.
 *
 * @param options see {@link AttentiveProbeOptions}
 * @returns see {@link AttentiveProbeResult}
 * @throws SelfsupError `SELFSUP_SHAPE` when shapes or the number of labels do not fit, `SELFSUP_OPTION` on an option or a label out of its range,
 * `SELFSUP_NON_FINITE` naming the row that is not finite
 * @see Chen et al.: "Context Autoencoder for Self-Supervised Representation Learning", section 4, https://arxiv.org/abs/2202.03026
 * @remarks For encoders whose features are spread over their patches, as masked image modeling leaves them. Tokens are standardized by the statistics of those that are learned from, where the
 * published probes have a batch normalization without weights. AdamW by `fineTune`, from the seed: the same on the same backend. The queries are looked at once.
 * @example
 * ```ts
 * import { attentiveProbe } from '@selfsup/evaluate';
 * const tokens = { data: Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0), shape: [2, 4] } as const; // two samples of two tokens of two columns
 * const { accuracy } = await attentiveProbe({ tokens, labels: [0, 1], queries: tokens, queryLabels: [0, 1], length: 2 });
 * ```
 */
export async function attentiveProbe(options: AttentiveProbeOptions): Promise<AttentiveProbeResult> {
  const { tokens, labels, queries, queryLabels, length, numHeads, seed = 0, signal, onStep } = options;
  const { epochs = 30, batchSize = 128, learningRate = 2e-3, weightDecay = 0.05 } = options;
  checkFeatures('attentiveProbe: `tokens`', tokens);
  checkFeatures('attentiveProbe: `queries`', queries);
  const [rows, columns] = tokens.shape;
  if (!Number.isSafeInteger(length) || length < 1 || columns % length !== 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `attentiveProbe: \`length\` must be an integer >= 1 that divides the ${columns} columns of \`tokens\`, got ${length}`,
    );
  if (queries.shape[1] !== columns)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `attentiveProbe: \`queries\` must have ${columns} columns like \`tokens\`, got shape [${queries.shape.join(', ')}]`,
    );
  const { numClasses = Array.from(labels).reduce((largest, label) => Math.max(largest, label), 0) + 1 } = options;
  checkLabels('attentiveProbe: `labels`', labels, { rows, numClasses });
  // a class that only the queries have cannot be predicted; it counts as wrong
  checkLabels('attentiveProbe: `queryLabels`', queryLabels, { rows: queries.shape[0], numClasses: options.numClasses ?? 2 ** 31 });
  const dim = columns / length;
  const statistics = statisticsOf(tokens.data, dim);
  const examples = (from: FeatureMatrix, classes: ArrayLike<number>): LabeledExamples<tf.Tensor3D> => ({
    labels: Array.from(classes, (label) => Math.min(label, numClasses - 1)),
    numClasses,
    read: (indices) =>
      tf.tidy(() => {
        const values = new Float32Array(indices.length * columns);
        indices.forEach((row, i) => {
          values.set(from.data.subarray(row * columns, (row + 1) * columns), i * columns);
        });
        return tf.mul(
          tf.sub(tf.tensor3d(values, [indices.length, length, dim]), tf.tensor1d(statistics.mean)),
          tf.tensor1d(statistics.scale),
        );
      }),
  });
  const encoder = attentionPool(createRng(seed).fold('attentive probe'), { dim, ...(numHeads !== undefined && { numHeads }) });
  try {
    const found = await fineTune<tf.Tensor3D>({
      ...{
        encoder,
        train: examples(tokens, labels),
        test: examples(queries, queryLabels),
        seed,
        epochs,
        batchSize,
        learningRate,
        weightDecay,
        dropoutRate: 0,
      },
      ...(signal && { signal }),
      ...(onStep && { onStep }),
    });
    return {
      accuracy: accuracy(found.predictions, queryLabels),
      predictions: found.predictions,
      loss: found.testLoss,
      losses: found.losses,
    };
  } finally {
    encoder.dispose();
  }
}
