import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** `'none'` (default): x·Φ(x) by the error function; `'tanh'`: the paper's approximation, that of GPT-2 and of BERT's first release. */
  approximate?: 'none' | 'tanh';
}

const KERNEL = 'SelfsupGelu';
const GRADIENT_KERNEL = 'SelfsupGeluGrad';
const ROOT = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
/** From here on the gate is 0 or 1 in float32, and its slope 0: an input is held there, so that ∞ · 0 does not come up. */
const FAR = 15;

/** Φ(x), or tanh's approximation of it. */
function gate(x: tf.Tensor, approximate: GeluOptions['approximate']): tf.Tensor {
  const bent =
    approximate === 'tanh' ? tf.tanh(tf.mul(tf.mul(x, ROOT), tf.add(tf.mul(tf.square(x), CUBIC), 1))) : tf.erf(tf.mul(x, Math.SQRT1_2));
  return tf.mul(tf.add(bent, 1), 0.5);
}

function composedGradient(dy: tf.Tensor, input: tf.Tensor, approximate: GeluOptions['approximate']): tf.Tensor {
  return tf.tidy(() => {
    const x = tf.clipByValue(input, -FAR, FAR);
    const open = gate(x, approximate);
    if (approximate !== 'tanh') {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 0.5 * ROOT);
      return tf.mul(dy, tf.add(open, tf.mul(x, density)));
    }
    // with g = (1 + t)/2 the derivative of g is 2g(1 − g) times that of the argument of tanh
    const inner = tf.add(tf.mul(tf.square(x), 3 * ROOT * CUBIC), ROOT);
    const slope = tf.mul(tf.mul(tf.mul(open, tf.sub(1, open)), 2), inner);
    return tf.mul(dy, tf.add(open, tf.mul(x, slope)));
  });
}

/**
 * The Gaussian error linear unit: x·Φ(x), Φ the standard normal distribution.
 *
 * @param x float32, any shape
 * @param options see {@link GeluOptions}
 * @returns float32, the shape of `x`
 * @throws SelfsupError `SELFSUP_OPTION` on another `approximate`
 * @see Hendrycks, Gimpel: "Gaussian Error Linear Units (GELUs)", section 2, https://arxiv.org/abs/1606.08415
 * @remarks Runs the kernels `SelfsupGelu` and `SelfsupGeluGrad` where the backend has them. The composed form is as exact as the backend's `erf`: TensorFlow.js
 * has it with an absolute error up to 1.5e-7. At −∞ value and gradient are 0, where PyTorch gives NaN.
 */
export function gelu<T extends tf.Tensor>(x: T, options: GeluOptions = {}): T {
  const { approximate = 'none' } = options;
  if ((approximate as string) !== 'none' && (approximate as string) !== 'tanh')
    throw new SelfsupError('SELFSUP_OPTION', `gelu: \`approximate\` must be 'none' or 'tanh', got '${String(approximate)}'`);
  const activate = tf.customGrad((input, save) => {
    const $x = input as tf.Tensor;
    const value = hasKernel(KERNEL)
      ? runKernel<tf.Tensor>(KERNEL, { x: $x }, { approximate })
      : tf.mul(tf.maximum($x, -FAR), gate($x, approximate));
    const fused = hasKernel(GRADIENT_KERNEL);
    (save as (tensors: tf.Tensor[]) => void)([$x]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
      fused ? runKernel<tf.Tensor>(GRADIENT_KERNEL, { dy, x: saved[0]! }, { approximate }) : composedGradient(dy, saved[0]!, approximate);
    return { value, gradFunc };
  });
  return activate(x) as T;
}
