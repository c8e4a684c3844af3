import { adamWUpdate, type VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** AdamW over a set of variables, after clipping by the global norm. Internal. */
export interface AdamWLoop {
  /** Updates the variables; gradients by path, null where there is none. They stay the caller's. */
  update(gradients: Readonly<Record<string, tf.Tensor | null>>, learningRate: number): void;
  dispose(): void;
}

/** Makes the optimizer: matrices decay, vectors (biases, scales and offsets of norms) do not. Internal. */
export function createAdamWLoop(variables: VariableMap, options: { weightDecay: number; maxNorm: number }): AdamWLoop {
  const { weightDecay, maxNorm } = options;
  const zeros = (variable: tf.Variable) => tf.tidy(() => tf.variable(tf.zerosLike(variable), false));
  const slots = Object.fromEntries(
    Object.entries(variables).map(([path, variable]) => [path, { first: zeros(variable), second: zeros(variable) }]),
  );
  let count = 0;
  return {
    update(gradients, learningRate) {
      count++;
      tf.tidy(() => {
        const alive = Object.entries(gradients).flatMap(([path, gradient]) => (gradient ? [[path, gradient] as const] : []));
        const norm = tf.sqrt(tf.addN(alive.map(([, gradient]) => tf.sum(tf.square(gradient)))));
        const factor = tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1); // as PyTorch's clip_grad_norm_ has it
        for (const [path, gradient] of alive)
          tf.tidy(() => {
            const [variable, slot] = [variables[path]!, slots[path]!];
            const moments = { firstMoment: slot.first, secondMoment: slot.second };
            const decay = variable.rank > 1 ? weightDecay : 0;
            const tensors = { gradient: tf.mul(gradient, factor), variable, ...moments };
            const { update, firstMoment, secondMoment } = adamWUpdate(tensors, { learningRate, count, weightDecay: decay });
            slot.first.assign(firstMoment);
            slot.second.assign(secondMoment);
            variable.assign(tf.add(variable, update));
          });
      });
    },
    dispose() {
      for (const { first, second } of Object.values(slots)) tf.dispose([first, second]);
    },
  };
}
