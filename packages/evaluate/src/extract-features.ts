import * as tf from '@tensorflow/tfjs-core';
import { nextTurn, SelfsupError, type Module } from '@selfsup/core';
import { joinFeatures, type FeatureMatrix } from './feature-matrix.ts';

/** Options of {@link extractFeatures}. */
export interface ExtractFeaturesOptions {
  /** Stops before the next batch; the promise is rejected with the signal's reason then. */
  signal?: AbortSignal;
  /** Called after each batch with the number of rows done so far. */
  onProgress?: (rows: number) => void;
}

function checkOutput(output: tf.Tensor, input: tf.Tensor, dim: number | undefined): void {
  if (output.rank !== 2 || output.shape[0] !== input.shape[0] || (dim !== undefined && output.shape[1] !== dim))
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `extractFeatures: \`backbone\` must give [${input.shape[0]}, ${dim ?? 'dim'}] for a batch of shape [${input.shape.join(', ')}], got [${output.shape.join(', ')}]`,
    );
}

/**
 * Runs a network in evaluation mode over batches, and gives its outputs one batch after the other, outside the backend.
 *
 * @param backbone gives `[batch, dim]`; runs with `training: false`, so that no statistic moves
 * @param batches tensors with the batch as first axis; each one is disposed once it is used
 * @param options see {@link ExtractFeaturesOptions}
 * @returns float32 `[rows of the batch, dim]` of each batch; memory does not grow with their number
 * @throws SelfsupError `SELFSUP_SHAPE` when an output is not `[batch, dim]`
 */
export async function* extractFeatureBatches<I extends tf.Tensor>(
  backbone: Module<I>,
  batches: AsyncIterable<I> | Iterable<I>,
  options: ExtractFeaturesOptions = {},
): AsyncGenerator<FeatureMatrix, void, void> {
  const { signal, onProgress } = options;
  let rows = 0;
  let dim: number | undefined;
  for await (const batch of batches) {
    let output: tf.Tensor | undefined;
    let data: Float32Array;
    try {
      await nextTurn();
      signal?.throwIfAborted();
      output = tf.tidy(() => tf.clone(backbone.apply(batch, { training: false }))); // [batch, dim]; a clone, should the network return its input
      checkOutput(output, batch, dim);
      dim = output.shape[1]!;
      rows += output.shape[0];
      data = Float32Array.from(await output.data());
    } finally {
      output?.dispose();
      batch.dispose();
    }
    onProgress?.(rows);
    yield { data, shape: [data.length / dim, dim] };
  }
}

/**
 * Runs a network in evaluation mode over batches and gathers its outputs outside the backend.
 *
 * @param backbone gives `[batch, dim]`; runs with `training: false`, so that no statistic moves
 * @param batches tensors with the batch as first axis; each one is disposed once it is used
 * @param options see {@link ExtractFeaturesOptions}
 * @returns float32 `[rows of all batches, dim]`
 * @throws SelfsupError `SELFSUP_SHAPE` when an output is not `[batch, dim]`, `SELFSUP_DATA` when there is no batch
 */
export async function extractFeatures<I extends tf.Tensor>(
  backbone: Module<I>,
  batches: AsyncIterable<I> | Iterable<I>,
  options: ExtractFeaturesOptions = {},
): Promise<FeatureMatrix> {
  const parts: FeatureMatrix[] = [];
  for await (const part of extractFeatureBatches(backbone, batches, options)) parts.push(part);
  if (parts.length === 0) throw new SelfsupError('SELFSUP_DATA', 'extractFeatures: `batches` must hold at least one batch, got none');
  return joinFeatures(parts);
}
