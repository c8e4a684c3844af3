import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';

/** Options of {@link signedPower}. */
export interface SignedPowerOptions {
  /** The exponent, in (0, 1]; default 0.5. */
  power?: number;
  /** Below this absolute value the derivative is that at it, > 0; default 1e-4. */
  floor?: number;
}

/**
 * The power of the absolute value with the sign of the value: y = sign(x) · |x|^power.
 *
 * @param x float32 of any shape
 * @param options see {@link SignedPowerOptions}
 * @returns float32, the shape of `x`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see Perronnin et al.: "Improving the Fisher kernel for large-scale image classification", section 3.2, https://doi.org/10.1007/978-3-642-15561-1_11
 * @remarks The derivative is power · max(|x|, floor)^(power − 1): the true one is infinite at 0, where averages behind a ReLU often are.
 * @example
 * ```ts
 * import { signedPower } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * signedPower(tf.tensor1d([-4, 0, 9])).print(); // -2, 0, 3
 * ```
 */
export function signedPower<T extends tf.Tensor>(x: T, options: SignedPowerOptions = {}): T {
  const { power = 0.5, floor = 1e-4 } = options;
  if (!(power > 0 && power <= 1)) throw new SelfsupError('SELFSUP_OPTION', `signedPower: \`power\` must be in (0, 1], got ${power}`);
  if (!(floor > 0 && floor < Infinity)) throw new SelfsupError('SELFSUP_OPTION', `signedPower: \`floor\` must be > 0, got ${floor}`);
  if (power === 1) return tf.clone(x);
  const raise = (values: tf.Tensor, exponent: number) => (exponent === 0.5 ? tf.sqrt(values) : tf.pow(values, exponent));
  const operation = tf.customGrad((input, save) => {
    const $x = input as tf.Tensor;
    (save as (tensors: tf.Tensor[]) => void)([$x]);
    const gradFunc = (dy: tf.Tensor, [saved]: tf.Tensor[]) =>
      tf.tidy(() => tf.mul(dy, tf.mul(tf.pow(tf.maximum(tf.abs(saved!), floor), power - 1), power)));
    return { value: tf.mul(tf.sign($x), raise(tf.abs($x), power)), gradFunc };
  });
  return operation(x) as T;
}
