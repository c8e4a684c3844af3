import type { Module, VariableMap } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * The variables of a network of which only some are trained. Internal.
 *
 * @param network the network
 * @param isTrained which of its trainable variables are trained
 * @returns its variables, those that are not trained among the buffers
 */
export function trainedPart(
  { trainable, buffers }: Pick<Module, 'trainable' | 'buffers'>,
  isTrained: (path: string, variable: tf.Variable) => boolean,
): Pick<Module, 'trainable' | 'buffers'> {
  const those = (wanted: boolean): VariableMap =>
    Object.fromEntries(Object.entries(trainable).filter(([path, variable]) => isTrained(path, variable) === wanted));
  return { trainable: those(true), buffers: { ...buffers, ...those(false) } };
}
