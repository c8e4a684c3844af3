import type { Gradients, VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Adds the updates of an optimizer to the variables, and disposes the updates.
 *
 * @param variables by path; changed
 * @param updates by path, each of the shape of its variable; null leaves a variable as it is
 * @example
 * ```ts
 * import { applyUpdates, sgd } from '@selfsup/optim';
 * import * as tf from '@tensorflow/tfjs-core';
 * const variables = { w: tf.variable(tf.scalar(3)) };
 * const state = sgd({ learningRate: 0.1 }).init(variables);
 * tf.tidy(() => {
 *   applyUpdates(variables, state.update({ w: tf.scalar(1) }, { step: 0, variables }));
 * });
 * ```
 */
export function applyUpdates(variables: VariableMap, updates: Gradients): void {
  for (const [path, update] of Object.entries(updates)) {
    if (update === null) continue;
    const variable = variables[path]!;
    tf.tidy(() => {
      variable.assign(tf.add(variable, update));
    });
    update.dispose();
  }
}
