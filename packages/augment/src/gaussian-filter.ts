import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages, checkPerImage } from './check-images.ts';
import { filterSeparably } from './filter-separably.ts';

/** Options of {@link gaussianFilter}. */
export interface GaussianFilterOptions {
  /** Width of the kernel in pixels, odd, ≥ 1, less than twice the images' smaller side; default about a tenth of their height, at least 3, and along
   * a shorter side what fits there: a side of one pixel is not blurred. */
  kernelSize?: number;
}

/** SimCLR's width for images of this height: 2·⌊⌊height / 10⌋ / 2⌋ + 1, but at least 3, which is not the identity. */
export function defaultKernelSize(height: number): number {
  return Math.max(3, 2 * Math.floor(Math.floor(height / 10) / 2) + 1);
}

/** The widest kernel whose border can be reflected. */
const widestAlong = (side: number) => 2 * side - 1;

/** The kernel, normalized to a sum of 1. */
function kernel(sigma: number, kernelSize: number): Float64Array {
  const radius = (kernelSize - 1) / 2;
  const weights = Float64Array.from({ length: kernelSize }, (_, k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Banded matrices `[n, side, side]` that convolve one axis, the border reflected without repeating the edge pixel. */
function blurMatrices(sigmas: readonly number[], side: number, kernelSize: number): tf.Tensor3D {
  const radius = (kernelSize - 1) / 2;
  const matrices = new Float32Array(sigmas.length * side * side);
  sigmas.forEach((sigma, i) => {
    const weights = kernel(sigma, kernelSize);
    for (let out = 0; out < side; out++)
      for (let k = 0; k < kernelSize; k++) {
        const at = Math.abs(out + k - radius);
        const reflected = at < side ? at : 2 * (side - 1) - at;
        matrices[(i * side + out) * side + reflected]! += weights[k]!;
      }
  });
  return tf.tensor3d(matrices, [sigmas.length, side, side]);
}

/**
 * Blurs each image with a Gaussian of its own width.
 *
 * @param images float32 `[n, h, w, c]`, any number of channels
 * @param sigmas one standard deviation per image in pixels, ≥ 0; 0 leaves the image as it is, bit by bit
 * @param options see {@link GaussianFilterOptions}
 * @returns float32, the shape of `images`
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or sigmas that are not one per image, `SELFSUP_DTYPE` on images that are not
 * float32, `SELFSUP_OPTION` on a sigma < 0 or a kernel that is not odd or too wide to be reflected
 * @remarks torchvision's `gaussian_blur`: a truncated kernel normalized to 1, reflected borders; here as two batched products with banded matrices.
 * @example
 * ```ts
 * import { gaussianFilter } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const blurred = gaussianFilter(tf.ones<tf.Rank.R4>([2, 32, 32, 3]), [0, 1.5], { kernelSize: 5 });
 * ```
 */
export function gaussianFilter(images: tf.Tensor4D, sigmas: readonly number[], options: GaussianFilterOptions = {}): tf.Tensor4D {
  checkImages('gaussianFilter', images);
  const [n, height, width, channels] = images.shape;
  const { kernelSize } = options;
  checkPerImage('gaussianFilter', 'sigmas', { expected: n, got: sigmas.length });
  const wrong = sigmas.find((sigma) => !(sigma >= 0 && sigma < Infinity));
  if (wrong !== undefined) throw new SelfsupError('SELFSUP_OPTION', `gaussianFilter: \`sigmas\` must be finite and >= 0, got ${wrong}`);
  const widest = widestAlong(Math.min(height, width));
  if (kernelSize !== undefined && !(Number.isSafeInteger(kernelSize) && kernelSize % 2 === 1 && kernelSize >= 1 && kernelSize <= widest))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `gaussianFilter: \`kernelSize\` must be odd and in [1, ${widest}] for images of ${height} x ${width}, got ${kernelSize}`,
    );
  const sizeAlong = (side: number) => kernelSize ?? Math.min(defaultKernelSize(height), widestAlong(side));
  const blurred = sigmas.flatMap((sigma, i) => (sigma > 0 ? [i] : []));
  const kept = sigmas.flatMap((sigma, i) => (sigma > 0 ? [] : [i]));
  if (blurred.length === 0) return tf.clone(images);
  const widths = blurred.map((i) => sigmas[i]!);
  return tf.tidy(() => {
    const flat = tf.reshape<tf.Rank.R2>(images, [n, height * width * channels]);
    const pick = (rows: readonly number[]) => tf.gather(flat, tf.tensor1d([...rows], 'int32'));
    const chosen = kept.length === 0 ? images : tf.reshape<tf.Rank.R4>(pick(blurred), [blurred.length, height, width, channels]);
    const rows = blurMatrices(widths, height, sizeAlong(height));
    const columns = width === height ? rows : blurMatrices(widths, width, sizeAlong(width));
    const soft = filterSeparably(chosen, { rows, columns });
    if (kept.length === 0) return soft;
    const mixed = tf.concat([tf.reshape(soft, [blurred.length, height * width * channels]), pick(kept)], 0);
    const places = new Int32Array(n);
    [...blurred, ...kept].forEach((image, place) => (places[image] = place));
    return tf.reshape(tf.gather(mixed, tf.tensor1d(places, 'int32')), images.shape);
  });
}
