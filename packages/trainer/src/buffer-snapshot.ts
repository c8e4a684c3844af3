import * as tf from '@tensorflow/tfjs-core';
import type { VariableMap } from '@selfsup/core';

/** The values of variables at one moment, by reference: nothing is copied until a variable is assigned anew. Internal. */
export interface BufferSnapshot {
  /** Puts the values back where they changed. */
  restore(): void;
  /** Lets the values go. */
  dispose(): void;
}

/** Remembers the values of variables, so that a failed step can be undone. Internal. */
export function takeSnapshot(variables: VariableMap): BufferSnapshot {
  const saved = Object.values(variables).map((variable) => [variable, tf.clone(variable)] as const);
  return {
    restore() {
      for (const [variable, value] of saved) if (variable.dataId !== value.dataId) variable.assign(value);
    },
    dispose() {
      for (const [, value] of saved) value.dispose();
    },
  };
}
