import * as tf from '@tensorflow/tfjs-core';

/** `[count, to, from]`, the same matrix `count` times: row i averages the places ⌊i·from/to⌋ … ⌈(i+1)·from/to⌉ − 1. */
function binMatrices(count: number, from: number, to: number): tf.Tensor3D {
  const values = new Float32Array(count * to * from);
  for (let i = 0; i < to; i++) {
    const [first, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
    values.fill(1 / (end - first), i * from + first, i * from + end);
  }
  for (let copy = 1; copy < count; copy++) values.copyWithin(copy * to * from, 0, to * from);
  return tf.tensor3d(values, [count, to, from]);
}

/**
 * The means over a grid of bins, as PyTorch's `adaptive_avg_pool2d` has them: neighboring bins overlap where the grid does not divide the side, and a grid
 * finer than the map repeats places. Two products with constant matrices.
 *
 * @param map float32 `[n, rows, columns, channels]`
 * @param grid rows and columns of the grid
 * @returns float32 `[n, grid, grid, channels]`
 */
export function adaptiveAveragePool(map: tf.Tensor4D, grid: number): tf.Tensor4D {
  const [n, rows, columns, channels] = map.shape;
  return tf.tidy(() => {
    const lines = tf.reshape<tf.Rank.R3>(map, [n, rows, columns * channels]);
    const down = rows === grid ? lines : tf.matMul(binMatrices(n, rows, grid), lines); // [n, grid, columns · channels]
    const cells = tf.reshape<tf.Rank.R3>(down, [n * grid, columns, channels]);
    const across = columns === grid ? cells : tf.matMul(binMatrices(n * grid, columns, grid), cells); // [n · grid, grid, channels]
    return tf.reshape<tf.Rank.R4>(across, [n, grid, grid, channels]);
  });
}
