import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';
import {
  checkBatchNorm,
  normalizeBatch,
  normalizeBy,
  normGradients,
  type BatchNormParameters,
  type BatchNormResult,
} from './batch-norm-passes.ts';

/**
 * Batch normalization with the batch's own statistics: y = activation((x − mean)/√(variance + epsilon) · scale + offset + residual), per channel of
 * the last axis.
 *
 * @param x float32 `[..., channels]`, at least two rows in all leading axes together
 * @param parameters see {@link BatchNormParameters}
 * @returns see {@link BatchNormResult}
 * @throws SelfsupError `SELFSUP_SHAPE` on a rank below 2, on fewer than two rows, or on parameters that do not fit; `SELFSUP_OPTION` on another activation
 * @see Ioffe, Szegedy: "Batch Normalization", Algorithm 1, https://arxiv.org/abs/1502.03167
 * @remarks Runs the fused kernels `SelfsupBatchNorm` and `SelfsupBatchNormGrad` where the backend has them; otherwise plain operations with the
 * gradient written out, which needs a third of the memory of differentiating them one by one. The ReLU passes no gradient where y is 0.
 */
export function batchNormTraining(x: tf.Tensor, parameters: BatchNormParameters): BatchNormResult {
  checkBatchNorm('batchNormTraining', x, parameters);
  if (x.size < 2 * parameters.scale.size)
    throw new SelfsupError('SELFSUP_SHAPE', `batchNormTraining: needs at least 2 values per channel, got shape [${x.shape.join(', ')}]`);
  return normalizeBy(x, parameters, { forward: normalizeBatch, backward: normGradients });
}
