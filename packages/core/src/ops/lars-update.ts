import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './run-kernel.ts';

/** The tensors of {@link larsUpdate}, all of one shape, float32. */
export interface LarsTensors {
  /** The gradient of the loss. */
  gradient: tf.Tensor;
  /** The velocity of the step before. */
  velocity: tf.Tensor;
  /** The variable. */
  variable: tf.Tensor;
}

/** Options of {@link larsUpdate}. */
export interface LarsUpdateOptions {
  /** ≥ 0. */
  learningRate: number;
  /** The weight of the old velocity, in [0, 1); default 0.9. */
  momentum?: number;
  /** λ, ≥ 0; default 0. */
  weightDecay?: number;
  /** η > 0; default 0.001. */
  trustCoefficient?: number;
  /** Added to the ratio's denominator, ≥ 0; default 1e-8. */
  epsilon?: number;
  /** The ratio's denominator: `split` (default) ‖g‖ + λ‖w‖, as in the paper; `sum` ‖g + λw‖. */
  norms?: 'split' | 'sum';
  /** True: the velocity sums learningRate · ratio · d, as in the paper; false (default): ratio · d, and the rate scales the velocity. */
  rateInMomentum?: boolean;
  /** True: the step takes min(ratio, learningRate) instead of their product (LARC); default false. */
  clip?: boolean;
}

/** A step of a variable and the velocity after it. */
export interface LarsUpdate {
  /** What is added to the variable. */
  readonly update: tf.Tensor;
  /** The new velocity. */
  readonly velocity: tf.Tensor;
}

const KERNEL = 'SelfsupLarsUpdate';

/**
 * One step of layer-wise adaptive rate scaling: d = g + λw, v ← momentum·v + ratio·d, the update is −learningRate·v, where the trust ratio is
 * η‖w‖/(‖g‖ + λ‖w‖ + epsilon), and 1 where a norm is 0.
 *
 * @param tensors see {@link LarsTensors}
 * @param options see {@link LarsUpdateOptions}
 * @returns new tensors, see {@link LarsUpdate}; the inputs are not changed
 * @see You, Gitman, Ginsburg: "Large Batch Training of Convolutional Networks", Algorithm 1, https://arxiv.org/abs/1708.03888
 * @remarks No gradient. Two passes over memory, norms and step, where the backend has the kernel `SelfsupLarsUpdate`; its norms are in float64.
 */
export function larsUpdate(tensors: LarsTensors, options: LarsUpdateOptions): LarsUpdate {
  const { gradient, velocity, variable } = tensors;
  const { learningRate, momentum = 0.9, weightDecay = 0, trustCoefficient = 0.001, epsilon = 1e-8 } = options;
  const { norms = 'split', rateInMomentum = false, clip = false } = options;
  if (hasKernel(KERNEL)) {
    const attributes = {
      learningRate,
      momentum,
      weightDecay,
      trustCoefficient,
      epsilon,
      splitNorms: norms === 'split',
      rateInMomentum,
      clip,
    };
    const [update, next] = runKernel<[tf.Tensor, tf.Tensor]>(KERNEL, { gradient, velocity, variable }, attributes);
    return { update, velocity: next };
  }
  return tf.tidy(() => {
    const norm = (x: tf.Tensor) => tf.sqrt(tf.sum(tf.square(x)));
    const direction = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
    const size = norm(variable); // scalar, as are all ratios
    const own = norm(norms === 'split' ? gradient : direction);
    const denominator = tf.add(own, norms === 'split' ? tf.add(tf.mul(size, weightDecay), epsilon) : epsilon);
    const plain = tf.div(tf.mul(size, trustCoefficient), denominator);
    const clipped = clip ? tf.minimum(tf.div(plain, learningRate), 1) : plain;
    const ratio = tf.where(tf.greater(tf.minimum(size, own), 0), clipped, tf.onesLike(clipped));
    const scaled = tf.mul(direction, rateInMomentum ? tf.mul(ratio, learningRate) : ratio);
    const next = tf.add(tf.mul(velocity, momentum), scaled);
    return { update: tf.mul(next, rateInMomentum ? -1 : -learningRate), velocity: next };
  });
}
