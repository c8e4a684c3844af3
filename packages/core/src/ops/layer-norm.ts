import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

const KERNEL = 'SelfsupLayerNorm';
const GRADIENT_KERNEL = 'SelfsupLayerNormGrad';
type Forward = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) => [y: tf.Tensor, mean: tf.Tensor, inverse: tf.Tensor];
type Saved = Record<'dy' | 'x' | 'mean' | 'inverse' | 'scale', tf.Tensor>;
type Backward = (saved: Saved) => [dx: tf.Tensor, dScale: tf.Tensor, dOffset: tf.Tensor];

const composedForward =
  (epsilon: number): Forward =>
  (x, scale, offset) => {
    const mean = tf.mean(x, -1, true); // [..., 1]
    const centered = tf.sub(x, mean);
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), epsilon)); // [..., 1]
    const y = tf.add(tf.mul(tf.mul(centered, inverse), scale), offset);
    return [y, tf.reshape(mean, [-1]), tf.reshape(inverse, [-1])]; // [rows]
  };

const composedBackward: Backward = ({ dy, x, mean, inverse, scale }) =>
  // a scope of its own: otherwise all intermediates live until the whole backward pass is over
  tf.tidy(() => {
    const perRow = [...x.shape.slice(0, -1), 1];
    const leading = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
    const factor = tf.reshape(inverse, perRow); // [..., 1]
    const normalized = tf.mul(tf.sub(x, tf.reshape(mean, perRow)), factor);
    const along = tf.mul(dy, normalized);
    const inner = tf.mul(dy, scale);
    const shift = tf.mean(inner, -1, true); // [..., 1]
    const slope = tf.mean(tf.mul(inner, normalized), -1, true); // [..., 1]
    const dx = tf.mul(tf.sub(tf.sub(inner, shift), tf.mul(normalized, slope)), factor);
    return [dx, tf.sum(along, leading), tf.sum(dy, leading)];
  });

/**
 * Layer normalization: y = (x − mean)/√(variance + epsilon) · scale + offset, mean and biased variance over the last axis.
 *
 * @param x float32 `[..., features]`, rank at least 2
 * @param parameters `scale` and `offset`, float32 `[features]`, and `epsilon` > 0 (default 1e-5)
 * @returns float32, the shape of `x`
 * @throws SelfsupError `SELFSUP_SHAPE` on a rank below 2 or on parameters that do not fit
 * @see Ba, Kiros, Hinton: "Layer Normalization", https://arxiv.org/abs/1607.06450
 * @remarks Runs the fused kernels `SelfsupLayerNorm` and `SelfsupLayerNormGrad` where the backend has them. Each row's mean and 1/√(variance + epsilon) are
 * kept for the gradient, beside `x`; no normalized copy is.
 */
export function layerNorm(x: tf.Tensor, parameters: { scale: tf.Tensor; offset: tf.Tensor; epsilon?: number }): tf.Tensor {
  const { scale, offset, epsilon = 1e-5 } = parameters;
  if (x.rank < 2) throw new SelfsupError('SELFSUP_SHAPE', `layerNorm: \`x\` must have rank >= 2, got shape [${x.shape.join(', ')}]`);
  const features = x.shape[x.rank - 1]!;
  for (const [name, tensor] of Object.entries({ scale, offset }))
    if (tensor.rank !== 1 || tensor.shape[0] !== features)
      throw new SelfsupError('SELFSUP_SHAPE', `layerNorm: \`${name}\` must have shape [${features}], got [${tensor.shape.join(', ')}]`);
  const normalize = tf.customGrad((...inputs) => {
    const [$x, $scale, $offset, save] = inputs as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, (tensors: tf.Tensor[]) => void];
    const fused: Forward = (...[input, factor, shift]) => runKernel(KERNEL, { x: input, scale: factor, offset: shift }, { epsilon });
    const forward = hasKernel(KERNEL) ? fused : composedForward(epsilon);
    const backward = hasKernel(GRADIENT_KERNEL)
      ? (saved: Saved) => runKernel<ReturnType<Backward>>(GRADIENT_KERNEL, saved)
      : composedBackward;
    const [y, mean, inverse] = forward($x, $scale, $offset);
    save([$x, mean, inverse, $scale]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [savedX, savedMean, savedInverse, savedScale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      return backward({ dy, x: savedX, mean: savedMean, inverse: savedInverse, scale: savedScale });
    };
    return { value: y, gradFunc };
  });
  return normalize(x, scale, offset);
}
