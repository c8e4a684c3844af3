import * as tf from '@tensorflow/tfjs-core';
import type { VariableMap } from '@selfsup/core';

/**
 * Runs an additional forward pass in training mode and puts the normalization statistics back: the pass of the loss is the one that counts. Internal.
 *
 * @param statistics the networks' buffers; kept by reference, copied only where the pass writes anew
 * @param forward the pass; called within `tf.tidy`
 * @returns what the pass gave
 */
export function preserveStatistics<T extends tf.Tensor>(statistics: VariableMap, forward: () => T): T {
  return tf.tidy(() => {
    const saved = Object.values(statistics).map((variable) => [variable, tf.clone(variable)] as const);
    try {
      return forward();
    } finally {
      for (const [variable, value] of saved) if (variable.dataId !== value.dataId) variable.assign(value);
    }
  });
}
