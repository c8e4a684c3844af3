import { SelfsupError, type Collective } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Whether the backend can be read without waiting, as under a gradient tape. */
function readsAtOnce(): boolean {
  try {
    // eslint-disable-next-line no-restricted-syntax -- whether this works is the question
    tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1).dataSync());
    return true;
  } catch {
    return false;
  }
}

/** Whether rows of other ranks can be had under a gradient tape. Internal. */
export const gathersAtOnce = (collective: Collective): boolean => collective.allGatherSync !== undefined && readsAtOnce();

/** Refuses to synchronize normalization where a gradient tape would have to wait: for other ranks, or for the backend. Internal. */
export function assertSynchronous(collective: Collective): void {
  if (collective.worldSize === 1) return;
  if (!collective.allGatherSync)
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      'createTrainer: with `synchronizeNormalization` the `collective` must have `allGatherSync`, as those of @selfsup/distributed do; train without it, or with group normalization',
    );
  if (!readsAtOnce())
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `createTrainer: with \`synchronizeNormalization\` the backend must be readable synchronously, which ${tf.getBackend()} is not; train on wasm or tensorflow, without it, or with group normalization`,
    );
}
