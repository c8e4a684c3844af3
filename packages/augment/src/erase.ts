import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { changeChosen } from './change-groups.ts';
import { checkImages, checkPerImage } from './check-images.ts';

/** A box in whole pixels: rows `top` up to, not including, `bottom`, columns `left` up to `right`. */
export interface PixelBox {
  /** First row; an integer ≥ 0. */
  readonly top: number;
  /** First column; an integer ≥ 0. */
  readonly left: number;
  /** The row after the last one; an integer > top, at most the height. */
  readonly bottom: number;
  /** The column after the last one; an integer > left, at most the width. */
  readonly right: number;
}

/** Options of {@link erase}. */
export interface EraseOptions {
  /** What the boxes are filled with: a number (default 0), or a tensor float32 of the shape of the images, of which the box is taken. */
  value?: number | tf.Tensor4D;
}

/** 1 inside the boxes, 0 outside: float32 `[n, h, w, 1]`. */
export function boxMasks(boxes: readonly PixelBox[], height: number, width: number): tf.Tensor4D {
  const mask = new Float32Array(boxes.length * height * width);
  boxes.forEach(({ top, left, bottom, right }, i) => {
    for (let row = top; row < bottom; row++) mask.fill(1, (i * height + row) * width + left, (i * height + row) * width + right);
  });
  return tf.tensor4d(mask, [boxes.length, height, width, 1]);
}

/** Refuses a box that is not inside of images of this size. */
export function checkPixelBox(who: string, box: PixelBox, { height, width, image }: Record<'height' | 'width' | 'image', number>): void {
  const { top, left, bottom, right } = box;
  const whole = [top, left, bottom, right].every(Number.isSafeInteger);
  if (!whole || top < 0 || left < 0 || bottom <= top || right <= left || bottom > height || right > width)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`boxes\` must have whole numbers with 0 <= top < bottom <= ${height} and 0 <= left < right <= ${width}, got top ${top}, left ${left}, bottom ${bottom}, right ${right} for image ${image}`,
    );
}

/**
 * Replaces one box of each image by a value or by other pixels.
 *
 * @param images float32 `[n, h, w, c]`, any number of channels
 * @param boxes one {@link PixelBox} per image; `undefined` leaves the image as it is, bit by bit
 * @param options see {@link EraseOptions}
 * @returns float32, the shape of `images`
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4, boxes that are not one per image or a value of another shape, `SELFSUP_DTYPE` on
 * images that are not float32, `SELFSUP_OPTION` on a box that is not inside of its image
 * @remarks torchvision's `erase`.
 * @example
 * ```ts
 * import { erase } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const holes = erase(tf.ones<tf.Rank.R4>([2, 8, 8, 3]), [{ top: 2, left: 2, bottom: 6, right: 5 }, undefined], { value: 0.5 });
 * ```
 */
export function erase(images: tf.Tensor4D, boxes: readonly (PixelBox | undefined)[], options: EraseOptions = {}): tf.Tensor4D {
  const { value = 0 } = options;
  checkImages('erase', images);
  const [n, height, width] = images.shape;
  checkPerImage('erase', 'boxes', { expected: n, got: boxes.length });
  boxes.forEach((box, image) => {
    if (box) checkPixelBox('erase', box, { height, width, image });
  });
  if (typeof value !== 'number' && value.shape.join() !== images.shape.join())
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `erase: \`value\` must have shape [${images.shape.join(', ')}] like \`images\`, got [${value.shape.join(', ')}]`,
    );
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new SelfsupError('SELFSUP_OPTION', `erase: \`value\` must be finite, got ${value}`);
  return changeChosen(
    images,
    boxes.map((box) => box !== undefined),
    (some, rows) => {
      const mask = boxMasks(
        rows.map((row) => boxes[row]!),
        height,
        width,
      );
      const filling = typeof value === 'number' ? value : tf.gather(value, tf.tensor1d([...rows], 'int32'));
      return tf.add(tf.mul(some, tf.sub(1, mask)), tf.mul(filling, mask));
    },
  );
}
