import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

/** Options of {@link l2Normalize}. */
export interface L2NormalizeOptions {
  /** Below this norm a row counts as zero; default 1e-12 as in PyTorch's `normalize`. */
  epsilon?: number;
}

const KERNEL = 'SelfsupL2Normalize';
const GRADIENT_KERNEL = 'SelfsupL2NormalizeGrad';

function forward(x: tf.Tensor, epsilon: number): [y: tf.Tensor, norm: tf.Tensor] {
  if (hasKernel(KERNEL)) return runKernel(KERNEL, { x }, { epsilon });
  // scaled by the largest entry, so that squares neither overflow nor vanish
  const largest = tf.maximum(tf.max(tf.abs(x), -1, true), 1e-30); // [..., 1]
  const scaled = tf.div(x, largest);
  const scaledNorm = tf.sqrt(tf.sum(tf.square(scaled), -1, true)); // [..., 1]
  const y = tf.div(scaled, tf.maximum(scaledNorm, tf.div(epsilon, largest)));
  return [y, tf.mul(scaledNorm, largest)]; // [..., 1], infinite where only the norm is too large for float32: then the gradient is 0
}

function backward({ dy, y, norm }: { dy: tf.Tensor; y: tf.Tensor; norm: tf.Tensor }, epsilon: number): tf.Tensor {
  if (hasKernel(GRADIENT_KERNEL)) return runKernel(GRADIENT_KERNEL, { dy, y, norm }, { epsilon });
  return tf.tidy(() => {
    const along = tf.sum(tf.mul(y, dy), -1, true); // [..., 1]
    const alive = tf.cast(tf.greaterEqual(norm, epsilon), 'float32'); // [..., 1]
    return tf.mul(tf.sub(dy, tf.mul(y, along)), tf.div(alive, tf.maximum(norm, epsilon)));
  });
}

/**
 * Divides each row by its Euclidean norm: y = x / max(‖x‖, epsilon) over the last axis.
 *
 * @param x float32, rank ≥ 1, `[..., dim]`
 * @param options see {@link L2NormalizeOptions}
 * @returns float32, the shape of `x`
 * @throws SelfsupError `SELFSUP_SHAPE` for a scalar, `SELFSUP_OPTION` for an epsilon ≤ 0
 * @remarks The gradient is (dy − y·⟨y, dy⟩)/‖x‖. A row whose norm is below epsilon has no direction; its gradient is 0, where PyTorch's is dy/epsilon.
 */
export function l2Normalize<T extends tf.Tensor>(x: T, options: L2NormalizeOptions = {}): T {
  const { epsilon = 1e-12 } = options;
  if (x.rank < 1) throw new SelfsupError('SELFSUP_SHAPE', 'l2Normalize: `x` must have rank >= 1, got a scalar');
  if (!(epsilon > 0)) throw new SelfsupError('SELFSUP_OPTION', `l2Normalize: \`epsilon\` must be > 0, got ${epsilon}`);
  const normalize = tf.customGrad((input, save) => {
    const [y, norm] = forward(input as tf.Tensor, epsilon);
    (save as (tensors: tf.Tensor[]) => void)([y, norm]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => backward({ dy, y: saved[0]!, norm: saved[1]! }, epsilon);
    return { value: y, gradFunc };
  });
  return normalize(x) as T;
}
