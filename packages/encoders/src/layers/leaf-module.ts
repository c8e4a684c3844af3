import * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Module, VariableMap } from '@selfsup/core';

/** Makes a module that owns its variables; `apply` runs in a tidy of its own. */
export function leafModule<I extends tf.Tensor, O extends tf.Tensor, A extends ApplyOptions = ApplyOptions>(
  variables: { trainable: VariableMap; buffers?: VariableMap },
  apply: (input: I, options: A) => O,
): Module<I, O> & { apply(input: I, options: A): O } {
  const { trainable, buffers = {} } = variables;
  return {
    trainable,
    buffers,
    apply: (input: I, options: A) => tf.tidy(() => apply(input, options)),
    dispose() {
      for (const variable of [...Object.values(trainable), ...Object.values(buffers)]) variable.dispose();
    },
  };
}
