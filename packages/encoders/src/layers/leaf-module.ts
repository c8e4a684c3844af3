import * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Module, VariableMap } from '@selfsup/core';

/** Makes a module that owns its variables; `apply` runs in a tidy of its own. */
export function leafModule<I extends tf.Tensor, O extends tf.Tensor>(
  variables: { trainable: VariableMap; buffers?: VariableMap },
  apply: (input: I, options: ApplyOptions) => O,
): Module<I, O> {
  const { trainable, buffers = {} } = variables;
  return {
    trainable,
    buffers,
    apply: (input, options) => tf.tidy(() => apply(input, options)),
    dispose() {
      for (const variable of [...Object.values(trainable), ...Object.values(buffers)]) variable.dispose();
    },
  };
}
