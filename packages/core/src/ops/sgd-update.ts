import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from './run-kernel.ts';

/** The tensors of {@link sgdUpdate}, all of one shape, float32. */
export interface SgdTensors {
  /** The gradient of the loss. */
  gradient: tf.Tensor;
  /** The velocity of the step before; left out: no momentum. */
  velocity?: tf.Tensor;
  /** The variable; only read where `weightDecay` is not 0. */
  variable?: tf.Tensor;
}

/** Options of {@link sgdUpdate}. */
export interface SgdUpdateOptions {
  /** ≥ 0. */
  learningRate: number;
  /** The weight of the old velocity, in [0, 1); default 0. */
  momentum?: number;
  /** True: looks one step ahead; default false. */
  nesterov?: boolean;
  /** Added to the gradient times the variable, before the momentum; default 0. */
  weightDecay?: number;
}

/** A step of a variable and the velocity after it. */
export interface MomentumUpdate {
  /** What is added to the variable. */
  readonly update: tf.Tensor;
  /** The new velocity; absent where none was given. */
  readonly velocity?: tf.Tensor;
}

const KERNEL = 'SelfsupSgdUpdate';

/**
 * One step of gradient descent with the semantics of `torch.optim.SGD`: d = gradient + weightDecay·variable, v ← momentum·v + d, the update is
 * −learningRate·v, with Nesterov −learningRate·(d + momentum·v).
 *
 * @param tensors see {@link SgdTensors}
 * @param options see {@link SgdUpdateOptions}
 * @returns new tensors, see {@link MomentumUpdate}; the inputs are not changed
 * @see Sutskever et al.: "On the importance of initialization and momentum in deep learning", ICML 2013
 * @remarks No gradient. One pass over memory where the backend has the kernel `SelfsupSgdUpdate`.
 */
export function sgdUpdate(tensors: SgdTensors, options: SgdUpdateOptions): MomentumUpdate {
  const { gradient, velocity, variable } = tensors;
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  const decayed = weightDecay === 0 ? undefined : variable;
  if (hasKernel(KERNEL)) {
    const inputs = { gradient, ...(velocity && { velocity }), ...(decayed && { variable: decayed }) };
    const [update, next] = runKernel<readonly [tf.Tensor] | readonly [tf.Tensor, tf.Tensor]>(KERNEL, inputs, {
      learningRate,
      momentum,
      weightDecay,
      nesterov,
    });
    return { update, ...(next && { velocity: next }) };
  }
  return tf.tidy(() => {
    const direction = decayed ? tf.add(gradient, tf.mul(decayed, weightDecay)) : gradient;
    if (!velocity) return { update: tf.mul(direction, -learningRate) };
    const next = tf.add(tf.mul(velocity, momentum), direction);
    const ahead = nesterov ? tf.add(direction, tf.mul(next, momentum)) : next;
    return { update: tf.mul(ahead, -learningRate), velocity: next };
  });
}
