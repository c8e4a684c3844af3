import * as tf from '@tensorflow/tfjs-core';
import { GRAY_WEIGHTS } from './grayscale.ts';

/** One of the three operations that mix an image with something gray: black, its mean gray, or its own gray. */
export interface Blend {
  readonly toward: 'brightness' | 'contrast' | 'saturation';
  /** Weight of the image; the gray has 1 − factor. */
  readonly factor: number;
}

/**
 * clamp(factor·x + (1 − factor)·gray, 0, 1), each image with a blend of its own.
 *
 * @param planes float32 `[c, n, pixels]`; gray is the mean of the channels unless they are red, green and blue
 * @param blends one per image
 * @returns float32 `[c, n, pixels]` in [0, 1]
 */
export function blendColors(planes: tf.Tensor3D, blends: readonly Blend[]): tf.Tensor3D {
  const [channels, n, pixels] = planes.shape;
  const perImage = (value: (blend: Blend) => number) => tf.tensor2d(blends.map(value), [n, 1]);
  const some = (toward: Blend['toward']) => blends.some((blend) => blend.toward === toward);
  const share = (toward: Blend['toward']) => perImage((blend) => (blend.toward === toward ? 1 - blend.factor : 0));
  const scaled = tf.mul<tf.Tensor3D>(
    planes,
    perImage(({ factor }) => factor),
  ); // [c, n, pixels]
  if (!some('contrast') && !some('saturation')) return tf.clipByValue(scaled, 0, 1);
  const flat = tf.reshape(planes, [channels, n * pixels]);
  const weights = tf.tensor2d(channels === 3 ? [...GRAY_WEIGHTS] : new Array<number>(channels).fill(1 / channels), [1, channels]);
  const gray = tf.reshape(channels === 1 ? flat : tf.matMul(weights, flat), [n, pixels]);
  const even = some('contrast') ? tf.mul(tf.mean(gray, 1, true), share('contrast')) : undefined; // [n, 1]
  const own = some('saturation') ? tf.mul(gray, share('saturation')) : undefined; // [n, pixels]
  const added = even && own ? tf.add(own, even) : (even ?? own)!;
  return tf.clipByValue(tf.add(scaled, added), 0, 1);
}
