import { oneHot, SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages } from './check-images.ts';
import { checkWhole } from './check-options.ts';
import { colorBins } from './color-bins.ts';
import { rgbToLab } from './rgb-to-lab.ts';

/** Options of {@link colorCodes}. */
export interface ColorCodesOptions {
  /** Rows and columns of the map of colors that is to be predicted, a divisor of the images' sides; an integer ≥ 1. */
  outputSize: number;
  /** Distance of neighboring bins; default 10, > 0. */
  gridStep?: number;
  /** Over how many nearest bins a color is spread; default 5, an integer from 1 to the number of bins. */
  neighbors?: number;
  /** Standard deviation of the Gaussian that shares it among them, in units of a*b*; default 5, > 0. */
  sigma?: number;
  /** `[bins]`: how much a place counts whose nearest bin it is; default 1 each. {@link colorWeights} measures the paper's. */
  weights?: ArrayLike<number>;
}

/** What {@link colorCodes} makes of a batch; places go row by row, image by image. */
export interface CodedColors {
  /** float32 `[n, h, w, 3]` in [0, 1]: L* / 100, three times. */
  readonly lightness: tf.Tensor4D;
  /** float32 `[n · outputSize², bins]`: the distribution of each place's color. */
  readonly codes: tf.Tensor2D;
  /** int32 `[n · outputSize²]`: its nearest bin. */
  readonly labels: tf.Tensor1D;
  /** float32 `[n · outputSize²]`: how much it counts. */
  readonly weights: tf.Tensor1D;
}

/** What {@link colorCodes} returns. */
export interface ColorCoding {
  (images: tf.Tensor4D): CodedColors;
  /** The centers `[a*, b*]` of the bins; see {@link colorBins}. */
  readonly bins: readonly (readonly [a: number, b: number])[];
  /** Rows and columns of the map of colors. */
  readonly outputSize: number;
}

/**
 * Splits images into their lightness and the codes of their colors: for each place of a coarse map, the mean a*b*, spread softly over its nearest bins.
 *
 * @param options see {@link ColorCodesOptions}
 * @returns a function: float32 images `[n, h, w, 3]` in [0, 1] → {@link CodedColors}, new tensors, with the `bins` and the `outputSize` as properties
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the function `SELFSUP_SHAPE` on images without 3 channels or whose sides are no
 * multiples of `outputSize`, `SELFSUP_DTYPE` on images that are not float32
 * @see Zhang, Isola, Efros: "Colorful Image Colorization", section 2.1, https://arxiv.org/abs/1603.08511
 * @remarks Colors are coded on the host in float64; of bins at equal distance the first counts as nearer. On webgpu, from which they cannot be read without
 * waiting, they are coded there in float32, and of bins at equal distance any may come first.
 * @example
 * ```ts
 * import { colorCodes } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * const { lightness, codes } = colorCodes({ outputSize: 8 })(tf.zeros([4, 32, 32, 3])); // [4, 32, 32, 3], [256, 261]
 * ```
 */
export function colorCodes(options: ColorCodesOptions): ColorCoding {
  const { outputSize, gridStep = 10, neighbors = 5, sigma = 5, weights } = options;
  checkWhole('colorCodes', 'outputSize', { value: outputSize, least: 1 });
  checkWhole('colorCodes', 'neighbors', { value: neighbors, least: 1 });
  if (!(sigma > 0)) throw new SelfsupError('SELFSUP_OPTION', `colorCodes: \`sigma\` must be > 0, got ${sigma}`);
  const bins = colorBins({ gridStep });
  if (neighbors > bins.length)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `colorCodes: \`neighbors\` must be at most ${bins.length}, the number of bins, got ${neighbors}`,
    );
  const wrong = weights ? Array.from(weights).findIndex((weight) => !(weight >= 0 && weight < Infinity)) : -1;
  if (weights && (weights.length !== bins.length || wrong >= 0))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `colorCodes: \`weights\` must be ${bins.length} finite numbers >= 0, got ${wrong < 0 ? weights.length : `${weights[wrong]} among them`}`,
    );
  const code = (images: tf.Tensor4D): CodedColors => {
    checkImages('colorCodes', images, [3]);
    const [, height, width] = images.shape;
    if (height % outputSize !== 0 || width % outputSize !== 0)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `colorCodes: \`images\` must have sides that are multiples of \`outputSize\` ${outputSize}, got ${height}×${width}`,
      );
    const [lightness, colors] = split(images, outputSize);
    const options = { bins, neighbors, sigma, weights };
    try {
      return { lightness, ...(readsAtOnce() ? codeOnHost(colors, options) : codeOnDevice(colors, options)) };
    } catch (error) {
      lightness.dispose();
      throw error;
    } finally {
      colors.dispose();
    }
  };
  return Object.assign(code, { bins, outputSize });
}

/** The lightness in three channels `[n, h, w, 3]` and the mean colors `[n, outputSize, outputSize, 2]`. */
function split(images: tf.Tensor4D, outputSize: number): [tf.Tensor4D, tf.Tensor4D] {
  return tf.tidy(() => {
    const [n, height, width] = images.shape;
    const lab = rgbToLab(images);
    const lightness = tf.div<tf.Tensor4D>(tf.slice(lab, [0, 0, 0, 0], [n, height, width, 1]), 100);
    const cell: [number, number] = [height / outputSize, width / outputSize];
    const colors = tf.avgPool(tf.slice(lab, [0, 0, 0, 1], [n, height, width, 2]), cell, cell, 'valid');
    return [tf.tile(lightness, [1, 1, 1, 3]), colors];
  });
}

type Codes = Omit<CodedColors, 'lightness'>;

interface CodeOptions extends Required<Pick<ColorCodesOptions, 'neighbors' | 'sigma'>> {
  readonly bins: readonly (readonly [number, number])[];
  readonly weights: ArrayLike<number> | undefined;
}

/** Whether tensors can be read without waiting for a device. */
const readsAtOnce = (): boolean => tf.getBackend() !== 'webgpu';

function codeOnHost(colors: tf.Tensor4D, { bins, neighbors, sigma, weights }: CodeOptions): Codes {
  // eslint-disable-next-line no-restricted-syntax -- only where `readsAtOnce`
  const ab = colors.dataSync();
  const rows = ab.length / 2;
  const codes = new Float32Array(rows * bins.length);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const nearest = nearestBins(bins, [ab[2 * row]!, ab[2 * row + 1]!], neighbors);
    const share = nearest.map(([, squared]) => Math.exp((nearest[0]![1] - squared) / (2 * sigma * sigma))); // the nearest's is 1
    const total = share.reduce((sum, x) => sum + x, 0);
    nearest.forEach(([bin], k) => (codes[row * bins.length + bin] = share[k]! / total));
    labels[row] = nearest[0]![0];
  }
  return {
    codes: tf.tensor2d(codes, [rows, bins.length]),
    labels: tf.tensor1d(labels, 'int32'),
    weights: tf.tensor1d(Float32Array.from(labels, (label) => weights?.[label] ?? 1)),
  };
}

/** The same by operations of the backend. */
export function codeOnDevice(colors: tf.Tensor4D, { bins, neighbors, sigma, weights }: CodeOptions): Codes {
  return tf.tidy(() => {
    const [a, b] = tf.split(tf.reshape(colors, [-1, 2]), 2, 1) as [tf.Tensor2D, tf.Tensor2D]; // [rows, 1] each
    const centers = (axis: 0 | 1) =>
      tf.tensor2d(
        bins.map((bin) => bin[axis]),
        [1, bins.length],
      );
    const squared = tf.add(tf.square(tf.sub(a, centers(0))), tf.square(tf.sub(b, centers(1)))); // [rows, bins]
    const { values, indices } = tf.topk(tf.neg(squared), neighbors); // [rows, neighbors], nearest first
    const share = tf.exp(tf.div(tf.sub(values, tf.slice(values, [0, 0], [-1, 1])), 2 * sigma * sigma));
    const shares = tf.unstack(tf.div(share, tf.sum(share, 1, true)), 1); // [rows] each
    const places = tf.unstack(indices, 1) as tf.Tensor1D[];
    const codes = places.map((place, k) => tf.mul<tf.Tensor2D>(oneHot(place, bins.length), tf.expandDims(shares[k]!, 1)));
    const labels = tf.cast(places[0]!, 'int32');
    return {
      codes: tf.addN(codes),
      labels,
      weights: weights ? tf.gather(tf.tensor1d(Float32Array.from(weights)), labels) : tf.onesLike(shares[0] as tf.Tensor1D),
    };
  });
}

/** The `count` bins nearest to a color with their squared distances, nearest first. */
function nearestBins(bins: readonly (readonly [number, number])[], color: readonly [number, number], count: number): [number, number][] {
  const nearest: [number, number][] = [];
  for (let bin = 0; bin < bins.length; bin++) {
    const squared = (bins[bin]![0] - color[0]) ** 2 + (bins[bin]![1] - color[1]) ** 2;
    if (nearest.length === count && squared >= nearest[count - 1]![1]) continue;
    let place = nearest.length;
    while (place > 0 && squared < nearest[place - 1]![1]) place--;
    nearest.splice(place, 0, [bin, squared]);
    if (nearest.length > count) nearest.pop();
  }
  return nearest;
}
