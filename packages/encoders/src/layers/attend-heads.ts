import * as tf from '@tensorflow/tfjs-core';
import { maskedSoftmax, type ApplyOptions, type Module } from '@selfsup/core';
import { dropWhileTraining } from './apply-part.ts';

/** The linear layers of an attention. */
export interface AttentionLayers {
  readonly query: Module<tf.Tensor2D, tf.Tensor2D>;
  readonly key: Module<tf.Tensor2D, tf.Tensor2D>;
  readonly value: Module<tf.Tensor2D, tf.Tensor2D>;
  readonly output: Module<tf.Tensor2D, tf.Tensor2D>;
}

/**
 * Multi-head attention; runs in the caller's tidy. Internal.
 *
 * @param asking whose rows ask, `[batch, queries, width]`
 * @param asked whose rows are looked at, `[batch, keys, memoryDim]`
 * @param options the layers, heads and dropout; `apply` with a mask that is added to the scores
 * @returns `[batch, queries, width]`
 */
export function attendHeads(
  asking: tf.Tensor3D,
  asked: tf.Tensor3D,
  options: {
    readonly who: string;
    readonly layers: AttentionLayers;
    readonly numHeads: number;
    readonly width: number;
    readonly dropoutRate: number;
    readonly apply: ApplyOptions & { mask?: tf.Tensor };
  },
): tf.Tensor3D {
  const { who, layers, numHeads, width, dropoutRate, apply } = options;
  const depth = width / numHeads;
  const [batch, queries] = asking.shape;
  const rowsOf = ([count, length, dim]: readonly number[], x: tf.Tensor3D) => tf.reshape<tf.Rank.R2>(x, [count! * length!, dim!]);
  const asks = rowsOf(asking.shape, asking);
  const looks = asking === asked ? asks : rowsOf(asked.shape, asked);
  const heads = (part: Module<tf.Tensor2D, tf.Tensor2D>, rows: tf.Tensor2D) =>
    tf.transpose(tf.reshape(part.apply(rows, apply), [batch, rows.shape[0] / batch, numHeads, depth]), [0, 2, 1, 3]); // [batch, heads, length, depth]
  const products = tf.matMul(heads(layers.query, asks), heads(layers.key, looks), false, true); // [batch, heads, queries, keys]
  const weights = maskedSoftmax(products, { scale: 1 / Math.sqrt(depth), ...(apply.mask ? { mask: apply.mask } : {}) });
  const kept = dropWhileTraining(weights, apply, { rate: dropoutRate, tag: 'weights', who });
  const context = tf.matMul(kept, heads(layers.value, looks)); // [batch, heads, queries, depth]
  const joined = tf.reshape<tf.Rank.R2>(tf.transpose(context, [0, 2, 1, 3]), [batch * queries, width]);
  return tf.reshape(layers.output.apply(joined, apply), [batch, queries, width]);
}
