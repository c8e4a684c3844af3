import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { createVariable } from './create-variable.ts';
import { kaimingUniform } from './initializers.ts';
import { leafModule } from './leaf-module.ts';

/** Sides of maps in places, rows first. */
type Places = readonly [rows: number, columns: number];

/**
 * A linear layer within each channel of a map, from all its places to all places of another map: `[n, rows, columns, channels]` of the sides `from` and `to`. Internal.
 *
 * @returns a factory with the variables `kernel` `[channels, rows · columns, rows · columns]` and `bias` `[rows, columns, channels]`
 * @see Pathak et al.: "Context Encoders", section 3.1, "channel-wise fully-connected layer", https://arxiv.org/abs/1604.07379
 */
export function channelwiseLinear({
  channels,
  from,
  to,
}: {
  channels: number;
  from: Places;
  to: Places;
}): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  const [inputs, outputs] = [from[0] * from[1], to[0] * to[1]];
  const fan = { fanIn: inputs, fanOut: outputs };
  return (rng) => {
    const kernel = createVariable<tf.Rank.R3>(
      kaimingUniform(rng.fold('kernel'), channels * inputs * outputs, fan),
      [channels, inputs, outputs],
      true,
    );
    const bias = createVariable<tf.Rank.R3>(kaimingUniform(rng.fold('bias'), outputs * channels, fan), [...to, channels], true);
    return leafModule({ trainable: { kernel, bias } }, (input: tf.Tensor4D) => {
      const n = input.shape[0];
      const byChannel = tf.transpose(tf.reshape<tf.Rank.R3>(input, [n, inputs, channels]), [2, 0, 1]); // [channels, n, inputs]
      const moved = tf.transpose(tf.matMul<tf.Tensor3D>(byChannel, kernel), [1, 2, 0]); // [n, outputs, channels]
      return tf.add<tf.Tensor4D>(tf.reshape(moved, [n, ...to, channels]), bias);
    });
  };
}
