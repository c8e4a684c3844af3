import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options of what moves pixels to places between pixels. */
export interface ResampleOptions {
  /** `'bilinear'` (default), or `'nearest'`: the value of the closest pixel. */
  interpolation?: 'bilinear' | 'nearest';
  /** Value of what comes from outside of the image; default 0, finite. */
  fill?: number;
}

/**
 * How the pixels of a new image are found: the continuous coordinates `(x, y)` in the old one, as `(a·x + b·y + c) / (g·x + h·y + 1)` and
 * `(d·x + e·y + f) / (g·x + h·y + 1)` of those in the new one. Pixel k covers [k, k + 1].
 */
export type Projection = readonly [a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number];

/** Checks the options of what resamples. */
export function checkResample(who: string, options: ResampleOptions): Required<ResampleOptions> {
  const { interpolation = 'bilinear', fill = 0 } = options;
  if (!['bilinear', 'nearest'].includes(interpolation))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`interpolation\` must be 'bilinear' or 'nearest', got ${JSON.stringify(interpolation)}`,
    );
  if (!Number.isFinite(fill)) throw new SelfsupError('SELFSUP_OPTION', `${who}: \`fill\` must be finite, got ${fill}`);
  return { interpolation, fill };
}

/** The whole number closest to x, the even one of two. */
function nearest(x: number): number {
  const below = Math.floor(x);
  const above = x - below;
  return above > 0.5 || (above === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/**
 * Moves pixels by a projection per image. PyTorch's `grid_sample` with `align_corners=False` and zeros outside, which `fill` replaces by their weight.
 *
 * @param images float32 `[n, h, w, c]`
 * @param projections one per image, computed in float64 outside of the backend: nothing has to be read back
 * @returns float32, the shape of `images`
 */
export function resample(images: tf.Tensor4D, projections: readonly Projection[], options: Required<ResampleOptions>): tf.Tensor4D {
  const { interpolation, fill } = options;
  const [n, height, width, channels] = images.shape;
  const count = n * height * width;
  const corners = interpolation === 'nearest' ? 1 : 4;
  const sources = Array.from({ length: corners }, () => new Int32Array(count));
  const weights = Array.from({ length: corners }, () => new Float32Array(count));
  const inside = new Float32Array(count);
  for (let to = 0, i = 0; i < n; i++) {
    const [a, b, c, d, e, f, g, h] = projections[i]!;
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++, to++) {
        const [x, y] = [column + 0.5, row + 0.5];
        const scale = 1 / (g * x + h * y + 1);
        const [fromX, fromY] = [(a * x + b * y + c) * scale - 0.5, (d * x + e * y + f) * scale - 0.5]; // pixel k is at k
        const [left, top] = corners === 1 ? [nearest(fromX), nearest(fromY)] : [Math.floor(fromX), Math.floor(fromY)];
        for (let corner = 0; corner < corners; corner++) {
          const [atX, atY] = [left + (corner & 1), top + (corner >> 1)];
          if (!(atX >= 0 && atX < width && atY >= 0 && atY < height)) continue; // a place that is not finite is outside, too
          const weight = corners === 1 ? 1 : (1 - Math.abs(fromX - atX)) * (1 - Math.abs(fromY - atY));
          sources[corner]![to] = (i * height + atY) * width + atX;
          weights[corner]![to] = weight;
          inside[to]! += weight;
        }
      }
  }
  return tf.tidy(() => {
    const pixels = tf.reshape<tf.Rank.R2>(images, [count, channels]);
    const parts = sources.map((source, corner) =>
      tf.mul(tf.gather(pixels, tf.tensor1d(source, 'int32')), tf.tensor2d(weights[corner]!, [count, 1])),
    );
    const outside = fill === 0 ? [] : [tf.mul(tf.sub(1, tf.tensor2d(inside, [count, 1])), tf.fill([1, channels], fill))];
    return tf.reshape(tf.addN([...parts, ...outside]), images.shape);
  });
}
