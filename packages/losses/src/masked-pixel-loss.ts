import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { weightedMean } from './weighted-mean.ts';

/** Options of {@link maskedPixelLoss}. */
export interface MaskedPixelLossOptions {
  /** float32 `[n, length]`, not negative: 1 for a patch that was masked, 0 for one that the encoder saw. */
  mask: tf.Tensor2D;
  /** How far pixels are apart: `'squared'` (default) as in MAE, `'absolute'` as in SimMIM. */
  distance?: 'squared' | 'absolute';
}

/**
 * How far predicted pixels are from the true ones: the mean over each patch, then over the masked patches.
 *
 * @param predictions float32 `[n, length, patchDim]`
 * @param pixels float32 of the same shape; receives no gradient from a task that computes it without a tape
 * @param options see {@link MaskedPixelLossOptions}
 * @returns float32 scalar ≥ 0; 0 where nothing is masked
 * @throws SelfsupError `SELFSUP_SHAPE` on shapes that do not fit, `SELFSUP_DTYPE` unless float32, `SELFSUP_OPTION` on another `distance`
 * @see He et al.: "Masked Autoencoders Are Scalable Vision Learners", section 3, https://arxiv.org/abs/2111.06377
 * @see Xie et al.: "SimMIM", eq. 1, https://arxiv.org/abs/2111.09886
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { maskedPixelLoss } from '@selfsup/losses';
 * const mask = tf.tensor2d([[1, 0]]);
 * maskedPixelLoss(tf.tensor3d([[[1, 3], [9, 9]]]), tf.zeros([1, 2, 2]), { mask }).print(); // 5
 * ```
 */
export function maskedPixelLoss(predictions: tf.Tensor3D, pixels: tf.Tensor3D, options: MaskedPixelLossOptions): tf.Scalar {
  const { mask, distance = 'squared' } = options;
  if (!['squared', 'absolute'].includes(distance))
    throw new SelfsupError('SELFSUP_OPTION', `maskedPixelLoss: \`distance\` must be 'squared' or 'absolute', got '${distance}'`);
  if (predictions.rank !== 3 || predictions.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `maskedPixelLoss: \`predictions\` must have shape [n, length, patchDim], got [${predictions.shape.join(', ')}]`,
    );
  const shapes = { predictions: predictions.shape, pixels: predictions.shape, mask: predictions.shape.slice(0, 2) };
  for (const [name, tensor] of Object.entries({ predictions, pixels, mask })) {
    const expected = shapes[name as keyof typeof shapes];
    if (tensor.shape.join() !== expected.join())
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `maskedPixelLoss: \`${name}\` must have shape [${expected.join(', ')}] like \`predictions\`, got [${tensor.shape.join(', ')}]`,
      );
    if (tensor.dtype !== 'float32')
      throw new SelfsupError('SELFSUP_DTYPE', `maskedPixelLoss: \`${name}\` must be float32, got ${tensor.dtype}`);
  }
  return tf.tidy(() => {
    const apart = tf.sub(predictions, pixels);
    const perPatch = tf.mean(distance === 'squared' ? tf.square(apart) : tf.abs(apart), 2); // [n, length]
    return weightedMean(tf.reshape(perPatch, [-1]), tf.reshape(mask, [-1]));
  });
}
