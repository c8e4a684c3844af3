import * as tf from '@tensorflow/tfjs-core';

/** `[outputs, inputs]`: row i takes the mean of the inputs from ⌊i · inputs / outputs⌋ up to ⌈(i + 1) · inputs / outputs⌉. */
function averaging(outputs: number, inputs: number): tf.Tensor2D {
  const values = new Float32Array(outputs * inputs);
  for (let i = 0; i < outputs; i++) {
    const [from, to] = [Math.floor((i * inputs) / outputs), Math.ceil(((i + 1) * inputs) / outputs)];
    values.fill(1 / (to - from), i * inputs + from, i * inputs + to);
  }
  return tf.tensor2d(values, [outputs, inputs]);
}

/**
 * Pools maps to a grid: each place is the mean of the places that it covers, as PyTorch's `adaptive_avg_pool2d` has it. Internal.
 *
 * @param maps float32 `[n, rows, columns, channels]`
 * @param grid rows and columns of the result, at most those of the maps
 * @returns float32 `[n, rows, columns, channels]`, made in the caller's scope
 */
export function poolGrid(maps: tf.Tensor4D, [rows, columns]: readonly [number, number]): tf.Tensor4D {
  const [n, height, width, channels] = maps.shape;
  if (height === rows && width === columns) return maps;
  const lines = tf.matMul(averaging(rows, height), tf.reshape(maps, [n, height, width * channels])); // [n, rows, width · channels]
  const places = tf.matMul(averaging(columns, width), tf.reshape(lines, [n * rows, width, channels])); // [n · rows, columns, channels]
  return tf.reshape(places, [n, rows, columns, channels]);
}
