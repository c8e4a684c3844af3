import * as tf from '@tensorflow/tfjs-core';
import type { Gradients } from '@selfsup/core';

/** Applies a function to every update that is not null, each in its own tidy so that temporaries of one variable at a time are alive. Internal. */
export function mapUpdates(updates: Gradients, change: (update: tf.Tensor, path: string) => tf.Tensor): Gradients {
  return Object.fromEntries(
    Object.entries(updates).map(([path, update]) => [path, update === null ? null : tf.tidy(() => change(update, path))] as const),
  );
}
