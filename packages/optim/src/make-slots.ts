import * as tf from '@tensorflow/tfjs-core';
import type { VariableMap } from '@selfsup/core';

/** Zero variables like the given ones, under `<slot>/<path>`. Internal. */
export function makeSlots(slot: string, variables: VariableMap): VariableMap {
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(variables).map(([path, variable]) => [`${slot}/${path}`, tf.variable(tf.zerosLike(variable), false)] as const),
    ),
  );
}

/** Disposes slots. Internal. */
export function disposeSlots(slots: VariableMap): void {
  for (const slot of Object.values(slots)) slot.dispose();
}
