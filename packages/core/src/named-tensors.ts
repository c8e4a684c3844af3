import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from './batch.ts';

/**
 * The tensors of a batch, targets or embeddings with their names.
 *
 * @param record named tensors and lists of tensors; what is undefined is left out
 * @returns pairs in the order of the record; a list `views` of two gives `views[0]` and `views[1]`
 */
export function namedTensors(record: Batch): readonly (readonly [name: string, tensor: tf.Tensor])[] {
  return Object.entries(record).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return value instanceof tf.Tensor ? [[name, value] as const] : value.map((tensor, i) => [`${name}[${i}]`, tensor] as const);
  });
}

/**
 * A record of the same names and lists with other tensors.
 *
 * @param record a batch, targets or embeddings
 * @param map gives the tensor that takes the place of each; the name is as in {@link namedTensors}
 * @returns the new record
 */
export function mapTensors<R extends Batch>(record: R, map: (tensor: tf.Tensor, name: string) => tf.Tensor): R {
  const mapped = Object.entries(record).map(([name, value]) => {
    if (value === undefined) return [name, value] as const;
    return [name, value instanceof tf.Tensor ? map(value, name) : value.map((tensor, i) => map(tensor, `${name}[${i}]`))] as const;
  });
  return Object.fromEntries(mapped) as R;
}
