import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';

/** What {@link batchNormTraining} returns; `mean` and `variance` carry no gradient. */
export interface BatchNormResult {
  /** The normalised input, the shape of `x`. */
  readonly y: tf.Tensor;
  /** `[channels]`, over all leading axes. */
  readonly mean: tf.Tensor1D;
  /** `[channels]`, biased (divided by the count). */
  readonly variance: tf.Tensor1D;
}

const KERNEL = 'SelfsupBatchNorm';
const GRADIENT_KERNEL = 'SelfsupBatchNormGrad';
type Forward = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) => [y: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor];
type Backward = (saved: {
  dy: tf.Tensor;
  x: tf.Tensor;
  mean: tf.Tensor;
  variance: tf.Tensor;
  scale: tf.Tensor;
}) => [dx: tf.Tensor, dScale: tf.Tensor, dOffset: tf.Tensor];

const axesOf = (x: tf.Tensor): number[] => Array.from({ length: x.rank - 1 }, (_, i) => i);

const composedForward =
  (epsilon: number): Forward =>
  (x, scale, offset) => {
    const mean = tf.mean(x, axesOf(x)); // [c]
    const centered = tf.sub(x, mean);
    const variance = tf.mean(tf.square(centered), axesOf(x)); // [c]
    const y = tf.add(tf.mul(centered, tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)))), offset);
    return [y, mean, variance];
  };

const composedBackward =
  (epsilon: number): Backward =>
  ({ dy, x, mean, variance, scale }) =>
    // tfjs runs a gradient function outside of any scope of its own: without this one all intermediates live until the whole backward pass is over
    tf.tidy(() => {
      const count = x.size / mean.size;
      const inverse = tf.rsqrt(tf.add(variance, epsilon)); // [c]
      const normalised = tf.mul(tf.sub(x, mean), inverse);
      const dOffset = tf.sum(dy, axesOf(x)); // [c]
      const dScale = tf.sum(tf.mul(dy, normalised), axesOf(x)); // [c]
      const projected = tf.add(tf.mul(normalised, tf.div(dScale, count)), tf.div(dOffset, count));
      return [tf.mul(tf.sub(dy, projected), tf.mul(scale, inverse)), dScale, dOffset];
    });

function kernels(epsilon: number): { forward: Forward; backward: Backward } {
  const backend = tf.getBackend();
  const engine = tf.engine();
  const forward: Forward = (x, scale, offset) =>
    engine.runKernel(KERNEL, { x, scale, offset }, { epsilon }) as unknown as ReturnType<Forward>;
  const backward: Backward = (saved) => engine.runKernel(GRADIENT_KERNEL, saved, { epsilon }) as unknown as ReturnType<Backward>;
  const has = (name: string) => (tf.getKernel(name, backend) as tf.KernelConfig | undefined) !== undefined;
  return {
    forward: has(KERNEL) ? forward : composedForward(epsilon),
    backward: has(GRADIENT_KERNEL) ? backward : composedBackward(epsilon),
  };
}

/**
 * Batch normalisation with the batch's own statistics: y = (x − mean)/√(variance + epsilon) · scale + offset, per channel of the last axis.
 *
 * @param x float32 `[..., channels]`, at least two rows in all leading axes together
 * @param parameters `scale` and `offset`, float32 `[channels]`, and `epsilon` > 0 (default 1e-5)
 * @returns see {@link BatchNormResult}
 * @throws SelfsupError `SELFSUP_SHAPE` on a rank below 2, on fewer than two rows, or on parameters that do not fit
 * @see Ioffe, Szegedy: "Batch Normalization", Algorithm 1, https://arxiv.org/abs/1502.03167
 * @remarks Runs the fused kernels `SelfsupBatchNorm` and `SelfsupBatchNormGrad` where the backend has them; otherwise plain operations with the
 * gradient written out, which needs a third of the memory of differentiating them one by one.
 */
export function batchNormTraining(x: tf.Tensor, parameters: { scale: tf.Tensor; offset: tf.Tensor; epsilon?: number }): BatchNormResult {
  const { scale, offset, epsilon = 1e-5 } = parameters;
  const channels = x.shape[x.rank - 1];
  if (x.rank < 2)
    throw new SelfsupError('SELFSUP_SHAPE', `batchNormTraining: \`x\` must have rank >= 2, got shape [${x.shape.join(', ')}]`);
  if (x.size < 2 * channels!)
    throw new SelfsupError('SELFSUP_SHAPE', `batchNormTraining: needs at least 2 values per channel, got shape [${x.shape.join(', ')}]`);
  for (const [name, tensor] of [
    ['scale', scale],
    ['offset', offset],
  ] as const)
    if (tensor.rank !== 1 || tensor.shape[0] !== channels)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `batchNormTraining: \`${name}\` must have shape [${channels!}], got [${tensor.shape.join(', ')}]`,
      );
  let statistics: [tf.Tensor, tf.Tensor] | undefined;
  const normalise = tf.customGrad((...inputs) => {
    const [$x, $scale, $offset, save] = inputs as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, (tensors: tf.Tensor[]) => void];
    const { forward, backward } = kernels(epsilon);
    const [y, mean, variance] = forward($x, $scale, $offset);
    statistics = [tf.keep(mean), tf.keep(variance)];
    save([$x, mean, variance, $scale]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [savedX, savedMean, savedVariance, savedScale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      return backward({ dy, x: savedX, mean: savedMean, variance: savedVariance, scale: savedScale });
    };
    return { value: y, gradFunc };
  });
  const y = normalise(x, scale, offset);
  const [mean, variance] = statistics!.map((kept) => {
    const result = tf.clone(kept); // owned by the caller's tidy, unlike the kept one
    kept.dispose();
    return result;
  });
  return { y, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}
