// eslint-disable-next-line @typescript-eslint/triple-slash-reference -- other packages typecheck this source too and do not include the declaration
/// <reference path="./gradients.d.ts" />
import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/**
 * Makes sure that tfjs-core's gradients are registered: importing tfjs-core alone registers none, neither in Node nor in bundlers.
 *
 * @returns true when they were missing and have been registered, false when they were there (`@tensorflow/tfjs` and tfjs-layers register them)
 * @throws SelfsupError `SELFSUP_BACKEND` when they are missing afterwards, which means two different versions of tfjs-core
 * @example
 * ```ts
 * import { registerGradients } from '@selfsup/backends';
 * await registerGradients();
 * ```
 */
export async function registerGradients(): Promise<boolean> {
  if (tf.getGradient('Conv2D') != null && tf.getGradient('Square') != null) return false;
  await import('../assets/gradients.mjs');
  if (tf.getGradient('Conv2D') == null)
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `registerGradients: the gradients did not reach @tensorflow/tfjs-core ${tf.version_core}; is a second version of it installed? See \`npm ls @tensorflow/tfjs-core\``,
    );
  return true;
}
