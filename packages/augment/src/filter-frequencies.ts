import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages, checkPerImage } from './check-images.ts';

/** What happens to the spectrum of each image. */
export interface FrequencyFilter {
  /** Factors of the amplitudes, `n · h · (⌊w/2⌋ + 1)` numbers in the order of `rfft2`: all columns of a row, row by row, image by image; all channels alike. */
  gains: ArrayLike<number>;
  /** Added to the phases, one angle per image in radians; default 0. */
  phases?: ArrayLike<number>;
}

/** cos and sin of 2π·j·k / length for j < rows, k < columns, times a factor per column. */
function waves(rows: number, columns: number, length: number): { cos: Float64Array; sin: Float64Array } {
  const [cos, sin] = [new Float64Array(rows * columns), new Float64Array(rows * columns)];
  for (let j = 0; j < rows; j++)
    for (let k = 0; k < columns; k++) {
      const angle = (2 * Math.PI * ((j * k) % length)) / length;
      [cos[j * columns + k], sin[j * columns + k]] = [Math.cos(angle), Math.sin(angle)];
    }
  return { cos, sin };
}

/** The matrix of a block of four blocks. */
function blocks(upper: readonly [Float64Array, Float64Array], lower: readonly [Float64Array, Float64Array], side: number): tf.Tensor2D {
  const matrix = new Float32Array(4 * side * side);
  for (const [half, pair] of [upper, lower].entries())
    for (let row = 0; row < side; row++)
      pair.forEach((block, k) => {
        matrix.set(block.subarray(row * side, (row + 1) * side), ((half * side + row) * 2 + k) * side);
      });
  return tf.tensor2d(matrix, [2 * side, 2 * side]);
}

/** The transforms of one size, made once per call: along rows there and back, along columns there and back. */
function transforms(height: number, width: number, kept: number) {
  const along = waves(width, kept, width);
  const there = new Float32Array(width * 2 * kept);
  const back = new Float32Array(2 * kept * width);
  for (let x = 0; x < width; x++)
    for (let v = 0; v < kept; v++) {
      const [cos, sin] = [along.cos[x * kept + v]!, along.sin[x * kept + v]!];
      const share = (v === 0 || 2 * v === width ? 1 : 2) / (width * height); // the half that is left out is the mirror image
      there[x * 2 * kept + v] = cos;
      there[x * 2 * kept + kept + v] = -sin;
      back[v * width + x] = share * cos;
      back[(kept + v) * width + x] = -share * sin;
    }
  const { cos, sin } = waves(height, height, height);
  const minus = sin.map((value) => -value);
  return {
    rowsThere: tf.tensor2d(there, [width, 2 * kept]),
    rowsBack: tf.tensor2d(back, [2 * kept, width]),
    columnsThere: blocks([cos, minus], [sin, cos], height),
    columnsBack: blocks([cos, sin], [minus, cos], height),
  };
}

/**
 * Multiplies the amplitudes of the two-dimensional Fourier transform of each image, and shifts its phases.
 *
 * @param images float32 `[n, h, w, c]`, any number of channels
 * @param filter see {@link FrequencyFilter}
 * @returns float32, the shape of `images`; not cut off
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4, gains or phases of another number, `SELFSUP_DTYPE` on images that are not float32,
 * `SELFSUP_OPTION` on a gain that is not finite
 * @remarks `irfft2` of the filtered `rfft2` of PyTorch, as products with matrices of cosines and sines, which every backend has: O(h·w·(h + w)) per channel.
 * @example
 * ```ts
 * import { filterFrequencies } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const dimmed = filterFrequencies(tf.ones<tf.Rank.R4>([1, 8, 8, 3]), { gains: new Float32Array(8 * 5).fill(0.5) }); // all 0.5
 * ```
 */
export function filterFrequencies(images: tf.Tensor4D, filter: FrequencyFilter): tf.Tensor4D {
  const { gains, phases } = filter;
  checkImages('filterFrequencies', images);
  const [n, height, width, channels] = images.shape;
  const kept = Math.floor(width / 2) + 1;
  checkPerImage('filterFrequencies', 'gains', { expected: n * height * kept, got: gains.length });
  if (phases) checkPerImage('filterFrequencies', 'phases', { expected: n, got: phases.length });
  // where the real and the imaginary part of a frequency go: gain · cos onto themselves, gain · sin onto the other
  const onto = new Float32Array(n * kept * 2 * height);
  const across = new Float32Array(phases ? onto.length : 0);
  for (let at = 0, i = 0; i < n; i++) {
    const [cos, sin] = phases ? [Math.cos(phases[i]!), Math.sin(phases[i]!)] : [1, 0];
    for (let u = 0; u < height; u++)
      for (let v = 0; v < kept; v++, at++) {
        const gain = gains[at]!;
        if (!Number.isFinite(gain * cos))
          throw new SelfsupError('SELFSUP_OPTION', `filterFrequencies: \`gains\` must be finite, got ${gain} for image ${i}`);
        const to = (i * kept + v) * 2 * height + u;
        onto[to] = onto[to + height] = gain * cos;
        if (phases) [across[to], across[to + height]] = [-gain * sin, gain * sin];
      }
  }
  return tf.tidy(() => {
    const { rowsThere, rowsBack, columnsThere, columnsBack } = transforms(height, width, kept);
    const planes = n * channels;
    const upright = tf.reshape<tf.Rank.R2>(tf.transpose(images, [0, 3, 1, 2]), [planes * height, width]);
    const half = tf.reshape(tf.matMul(upright, rowsThere), [planes, height, 2, kept]);
    const turned = tf.reshape<tf.Rank.R2>(tf.transpose(half, [0, 3, 2, 1]), [planes * kept, 2 * height]); // real parts of a column, then imaginary ones
    const spectrum = tf.reshape<tf.Rank.R4>(tf.matMul(turned, columnsThere), [n, channels, kept, 2 * height]);
    let filtered: tf.Tensor4D = tf.mul(spectrum, tf.tensor4d(onto, [n, 1, kept, 2 * height]));
    if (phases) {
      const [real, imaginary] = tf.split(spectrum, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
      filtered = tf.add(filtered, tf.mul(tf.concat([imaginary, real], 3), tf.tensor4d(across, [n, 1, kept, 2 * height])));
    }
    const columns = tf.matMul(tf.reshape<tf.Rank.R2>(filtered, [planes * kept, 2 * height]), columnsBack);
    const back = tf.transpose(tf.reshape(columns, [planes, kept, 2, height]), [0, 3, 2, 1]); // [planes, h, 2, kept]
    const pixels = tf.matMul(tf.reshape<tf.Rank.R2>(back, [planes * height, 2 * kept]), rowsBack);
    return tf.transpose(tf.reshape<tf.Rank.R4>(pixels, [n, channels, height, width]), [0, 2, 3, 1]);
  });
}
