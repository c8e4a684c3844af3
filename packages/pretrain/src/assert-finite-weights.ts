import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import type { AnyModule } from './modality.ts';

/** Throws `SELFSUP_CHECKPOINT` unless all weights are finite: features of others mean nothing. Internal. */
export async function assertFiniteWeights(module: AnyModule): Promise<void> {
  for (const [path, variable] of Object.entries({ ...module.trainable, ...module.buffers })) {
    const finite = tf.tidy(() => tf.all(tf.isFinite(tf.cast(variable, 'float32'))));
    const [holds] = await finite.data();
    finite.dispose();
    if (!holds)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `the weights \`${path}\` of the encoder are not all finite; its training diverged, or the file is damaged`,
      );
  }
}
