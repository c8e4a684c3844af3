import { SelfsupError } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { changeChosen } from './change-groups.ts';
import { checkImages, checkPerImage } from './check-images.ts';
import { checkResample, resample, type Projection, type ResampleOptions } from './resample.ts';

/** How to move one image; what is left out is not done. */
export interface AffineChange {
  /** Degrees by which it is rotated, counter-clockwise. */
  angle?: number;
  /** How far it moves to the right, as a fraction of its width. */
  translateX?: number;
  /** How far it moves down, as a fraction of its height. */
  translateY?: number;
  /** By how much it is enlarged, > 0: 2 doubles its sides. */
  scale?: number;
  /** Degrees by which its vertical lines lean. */
  shearX?: number;
  /** Degrees by which its horizontal lines lean. */
  shearY?: number;
  /** What stays in place but for the translation, `[y, x]` as fractions of height and width; default [0.5, 0.5], the middle. */
  center?: readonly [number, number];
}

/** The inverse of a change: from the places of the new image to those of the old one, in pixels. */
function projectionOf(change: AffineChange, height: number, width: number): Projection {
  const { angle = 0, translateX = 0, translateY = 0, scale = 1, shearX = 0, shearY = 0, center = [0.5, 0.5] } = change;
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const [turn, leanX, leanY] = [radians(-angle), radians(shearX), radians(shearY)];
  const [cos, sin] = [Math.cos(turn - leanY) / Math.cos(leanY), Math.sin(turn - leanY) / Math.cos(leanY)];
  // rotation · shear along y · shear along x, whose determinant is 1
  const [m00, m01] = [cos, -cos * Math.tan(leanX) - Math.sin(turn)];
  const [m10, m11] = [sin, -sin * Math.tan(leanX) + Math.cos(turn)];
  const [a, b, d, e] = [m11 / scale, -m01 / scale, -m10 / scale, m00 / scale];
  const [centerY, centerX] = [center[0] * height, center[1] * width];
  const [fromX, fromY] = [centerX + translateX * width, centerY + translateY * height];
  return [a, b, centerX - a * fromX - b * fromY, d, e, centerY - d * fromX - e * fromY, 0, 0];
}

function checkChange(change: AffineChange, image: number): void {
  const { center = [0, 0], scale = 1, ...rest } = change;
  const wrong = Object.entries(rest).find(([, value]) => value !== undefined && !Number.isFinite(value));
  if (wrong) throw new SelfsupError('SELFSUP_OPTION', `affine: \`${wrong[0]}\` must be finite, got ${String(wrong[1])} for image ${image}`);
  if (!(scale > 0 && scale < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `affine: \`scale\` must be finite and > 0, got ${scale} for image ${image}`);
  if (!center.every(Number.isFinite))
    throw new SelfsupError('SELFSUP_OPTION', `affine: \`center\` must be finite, got [${center.join(', ')}] for image ${image}`);
}

/**
 * Rotates, scales, shears and moves each image by its own numbers.
 *
 * @param images float32 `[n, h, w, c]`, any number of channels
 * @param changes one {@link AffineChange} per image; `undefined` leaves the image as it is, bit by bit
 * @param options see {@link ResampleOptions}
 * @returns float32, the shape of `images`
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or changes that are not one per image, `SELFSUP_DTYPE` on images that are not
 * float32, `SELFSUP_OPTION` on a number that is not finite, a scale that is not above 0 or an unknown interpolation
 * @remarks torchvision's `affine` of tensors, and `rotate` with an angle alone: shear, then scale, rotation and translation. Unlike it, angles turn counter-clockwise everywhere
 * (its `affine` turns clockwise, its `rotate` does not), translations are fractions, and the default is bilinear. With a `fill` it multiplies what is half outside by its weight
 * twice, which darkens the border; here each pixel counts once, and `fill` has the rest.
 * @example
 * ```ts
 * import { affine } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const moved = affine(tf.ones<tf.Rank.R4>([2, 32, 32, 3]), [{ angle: 30, scale: 0.8 }, { translateX: 0.1 }]);
 * ```
 */
export function affine(images: tf.Tensor4D, changes: readonly (AffineChange | undefined)[], options: ResampleOptions = {}): tf.Tensor4D {
  checkImages('affine', images);
  const [n, height, width] = images.shape;
  checkPerImage('affine', 'changes', { expected: n, got: changes.length });
  changes.forEach((change, i) => {
    if (change) checkChange(change, i);
  });
  const checked = checkResample('affine', options);
  return changeChosen(
    images,
    changes.map((change) => change !== undefined),
    (some, rows) => {
      const projections = rows.map((row) => projectionOf(changes[row]!, height, width));
      return resample(some, projections, checked);
    },
  );
}
