import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './run-kernel.ts';

/** The tensors of {@link adamWUpdate}, all of one shape, float32. */
export interface AdamWTensors {
  /** The gradient of the loss. */
  gradient: tf.Tensor;
  /** The mean of gradients so far. */
  firstMoment: tf.Tensor;
  /** The mean of squared gradients so far. */
  secondMoment: tf.Tensor;
  /** The variable; only read where `weightDecay` is not 0. */
  variable?: tf.Tensor;
}

/** Options of {@link adamWUpdate}. */
export interface AdamWUpdateOptions {
  /** ≥ 0. */
  learningRate: number;
  /** Updates of this variable, this one included, ≥ 1: what the bias correction counts. 0: no bias correction, as BERT's optimizer has none. */
  count: number;
  /** The weight of the old first moment, in [0, 1); default 0.9. */
  beta1?: number;
  /** The weight of the old second moment, in [0, 1); default 0.999. */
  beta2?: number;
  /** Added to the root of the corrected second moment, > 0; default 1e-8. */
  epsilon?: number;
  /** Decoupled weight decay, ≥ 0; default 0. */
  weightDecay?: number;
}

/** A step of a variable and the moments after it. */
export interface AdamWUpdate {
  /** What is added to the variable. */
  readonly update: tf.Tensor;
  /** The new first moment. */
  readonly firstMoment: tf.Tensor;
  /** The new second moment. */
  readonly secondMoment: tf.Tensor;
}

const KERNEL = 'SelfsupAdamWUpdate';

/**
 * One step of Adam with decoupled weight decay: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², the update is
 * −learningRate·(m̂/(√v̂ + epsilon) + weightDecay·variable).
 *
 * @param tensors see {@link AdamWTensors}
 * @param options see {@link AdamWUpdateOptions}
 * @returns new tensors, see {@link AdamWUpdate}; the inputs are not changed
 * @see Kingma, Ba: "Adam", Algorithm 1, https://arxiv.org/abs/1412.6980
 * @see Loshchilov, Hutter: "Decoupled Weight Decay Regularization", Algorithm 2, https://arxiv.org/abs/1711.05101
 * @remarks No gradient. One pass over memory where the backend has the kernel `SelfsupAdamWUpdate`.
 */
export function adamWUpdate(tensors: AdamWTensors, options: AdamWUpdateOptions): AdamWUpdate {
  const { gradient, firstMoment, secondMoment, variable } = tensors;
  const { learningRate, count, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  const decayed = weightDecay === 0 ? undefined : variable;
  if (hasKernel(KERNEL)) {
    const inputs = { gradient, firstMoment, secondMoment, ...(decayed && { variable: decayed }) };
    const attributes = { learningRate, count, beta1, beta2, epsilon, weightDecay };
    const [update, first, second] = runKernel<[tf.Tensor, tf.Tensor, tf.Tensor]>(KERNEL, inputs, attributes);
    return { update, firstMoment: first, secondMoment: second };
  }
  return tf.tidy(() => {
    const first = tf.add(tf.mul(firstMoment, beta1), tf.mul(gradient, 1 - beta1));
    const second = tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    // m̂/(√v̂ + ε) = m · s / (√v + ε · r) with r = √(1 − β₂ᵗ), s = r/(1 − β₁ᵗ): two operations fewer
    const root = count === 0 ? 1 : Math.sqrt(1 - beta2 ** count);
    const scaled = tf.mul(first, count === 0 ? 1 : root / (1 - beta1 ** count));
    const direction = tf.div(scaled, tf.add(tf.sqrt(second), epsilon * root));
    const decaying = decayed ? tf.add(direction, tf.mul(decayed, weightDecay)) : direction;
    return { update: tf.mul(decaying, -learningRate), firstMoment: first, secondMoment: second };
  });
}
