import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

/** Parameters of {@link groupNorm}. */
export interface GroupNormParameters {
  /** float32 `[channels]`. */
  scale: tf.Tensor;
  /** float32 `[channels]`. */
  offset: tf.Tensor;
  /** Groups of neighboring channels; must divide the channels. */
  numGroups: number;
  /** Added to the variance, > 0; default 1e-5. */
  epsilon?: number;
}

const KERNEL = 'SelfsupGroupNorm';
const GRADIENT_KERNEL = 'SelfsupGroupNormGrad';

interface Attributes {
  readonly numGroups: number;
  readonly epsilon: number;
}
interface Inputs {
  readonly x: tf.Tensor;
  readonly scale: tf.Tensor;
  readonly offset: tf.Tensor;
}
interface Saved {
  readonly dy: tf.Tensor;
  readonly x: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
  readonly scale: tf.Tensor;
}

/** [samples, pixels, groups, channels / groups] */
const grouped = (x: tf.Tensor, groups: number): tf.Tensor4D => tf.reshape(x, [x.shape[0], -1, groups, x.shape[x.rank - 1]! / groups]);
/** Statistics [samples, groups] as [samples, 1, groups, 1]. */
const spread = (statistics: tf.Tensor): tf.Tensor4D => tf.reshape(statistics, [statistics.shape[0], 1, statistics.shape[1]!, 1]);

function forward({ x, scale, offset }: Inputs, { numGroups, epsilon }: Attributes): [y: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor] {
  if (hasKernel(KERNEL)) return runKernel(KERNEL, { x, scale, offset }, { numGroups, epsilon });
  const groups = grouped(x, numGroups); // [n, p, g, c/g]
  const mean = tf.mean(groups, [1, 3]); // [n, g]
  const centered = tf.sub(groups, spread(mean));
  const variance = tf.mean(tf.square(centered), [1, 3]); // [n, g]
  const normalized = tf.reshape(tf.mul(centered, tf.rsqrt(tf.add(spread(variance), epsilon))), x.shape);
  return [tf.add(tf.mul(normalized, scale), offset), mean, variance];
}

function backward({ dy, x, mean, variance, scale }: Saved, { numGroups, epsilon }: Attributes): [tf.Tensor, tf.Tensor, tf.Tensor] {
  if (hasKernel(GRADIENT_KERNEL)) return runKernel(GRADIENT_KERNEL, { dy, x, mean, variance, scale }, { numGroups, epsilon });
  // a scope of its own: see batch-norm.ts
  return tf.tidy(() => {
    const leading = Array.from({ length: x.rank - 1 }, (_, i) => i);
    const inverse = tf.rsqrt(tf.add(spread(variance), epsilon)); // [n, 1, g, 1]
    const normalized = tf.mul(tf.sub(grouped(x, numGroups), spread(mean)), inverse); // [n, p, g, c/g]
    const dOffset = tf.sum(dy, leading); // [c]
    const dScale = tf.sum(tf.mul(dy, tf.reshape(normalized, x.shape)), leading); // [c]
    const scaled = grouped(tf.mul(dy, scale), numGroups); // [n, p, g, c/g]
    const along = tf.mean(tf.mul(scaled, normalized), [1, 3], true); // [n, 1, g, 1]
    const projected = tf.add(tf.mul(normalized, along), tf.mean(scaled, [1, 3], true));
    return [tf.reshape(tf.mul(tf.sub(scaled, projected), inverse), x.shape), dScale, dOffset];
  });
}

function check(x: tf.Tensor, { scale, offset, numGroups }: GroupNormParameters): void {
  const channels = x.shape[x.rank - 1];
  if (x.rank < 2 || x.size === 0)
    throw new SelfsupError('SELFSUP_SHAPE', `groupNorm: \`x\` must have rank >= 2 and no empty axis, got shape [${x.shape.join(', ')}]`);
  for (const [name, tensor] of Object.entries({ scale, offset }))
    if (tensor.rank !== 1 || tensor.shape[0] !== channels)
      throw new SelfsupError('SELFSUP_SHAPE', `groupNorm: \`${name}\` must have shape [${channels!}], got [${tensor.shape.join(', ')}]`);
  if (!Number.isSafeInteger(numGroups) || numGroups < 1 || channels! % numGroups !== 0)
    throw new SelfsupError('SELFSUP_OPTION', `groupNorm: \`numGroups\` must divide the ${channels!} channels, got ${numGroups}`);
}

/**
 * Group normalization: each sample and group of neighboring channels is normalized with its own mean and biased variance, then scaled and offset per
 * channel of the last axis.
 *
 * @param x float32 `[samples, ..., channels]`
 * @param parameters see {@link GroupNormParameters}
 * @returns float32, the shape of `x`
 * @throws SelfsupError `SELFSUP_SHAPE` on a rank below 2, an empty axis, or parameters that do not fit; `SELFSUP_OPTION` when `numGroups` does not divide
 * the channels
 * @see Wu, He: "Group Normalization", https://arxiv.org/abs/1803.08494
 * @remarks Runs the fused kernels `SelfsupGroupNorm` and `SelfsupGroupNormGrad` where the backend has them. With one pixel and one channel per group there
 * is nothing to compare: the result is the offset.
 */
export function groupNorm<T extends tf.Tensor>(x: T, parameters: GroupNormParameters): T {
  const { scale, offset, numGroups, epsilon = 1e-5 } = parameters;
  check(x, parameters);
  const attributes = { numGroups, epsilon };
  const normalize = tf.customGrad((...inputs) => {
    const [$x, $scale, $offset, save] = inputs as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, (tensors: tf.Tensor[]) => void];
    const [y, mean, variance] = forward({ x: $x, scale: $scale, offset: $offset }, attributes);
    save([$x, mean, variance, $scale]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [savedX, savedMean, savedVariance, savedScale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      return backward({ dy, x: savedX, mean: savedMean, variance: savedVariance, scale: savedScale }, attributes);
    };
    return { value: y, gradFunc };
  });
  return normalize(x, scale, offset) as T;
}
