import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Refuses to train where tfjs knows no gradients: tfjs-core alone registers none, in Node and in bundles. */
export function assertGradients(): void {
  if ((tf.getGradient('Sum') as unknown) != null) return;
  throw new SelfsupError(
    'SELFSUP_BACKEND',
    'createTrainer: tfjs knows no gradients here: importing @tensorflow/tfjs-core registers none. Call `await selectBackend()` or `await registerGradients()` of @selfsup/backends before, or import @tensorflow/tfjs',
  );
}
