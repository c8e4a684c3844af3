import * as tf from '@tensorflow/tfjs-core';
import { emaUpdate, type Collective, type VariableMap } from '@selfsup/core';

/** The moving mean of a teacher's logits. Internal. */
export interface TeacherCenter {
  /** `[dim]`. */
  readonly value: tf.Variable<tf.Rank.R1>;
  /** None. */
  readonly trainable: VariableMap;
  /** The value, under `center`. */
  readonly buffers: VariableMap;
  /** center ← momentum · center + (1 − momentum) · mean of logits `[rows, dim]` of all ranks. */
  update(logits: tf.Tensor2D, momentum: number, collective: Collective): void;
  readonly dispose: () => void;
}

/** A center of zeros. Internal. */
export function createTeacherCenter(dim: number): TeacherCenter {
  const value = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([dim]), false));
  return {
    value,
    trainable: {},
    buffers: { center: value },
    update(logits, momentum, collective) {
      const fresh = tf.mean<tf.Tensor1D>(collective.allGather(tf.mean(logits, 0, true)), 0); // [dim]
      value.assign(emaUpdate(value, fresh, momentum));
    },
    dispose() {
      value.dispose();
    },
  };
}
