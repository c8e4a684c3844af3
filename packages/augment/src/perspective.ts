import { SelfsupError } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { changeChosen } from './change-groups.ts';
import { checkImages, checkPerImage } from './check-images.ts';
import { checkResample, resample, type Projection, type ResampleOptions } from './resample.ts';

/** Where the corners of an image go, each `[y, x]` as fractions of the way from its first pixel to its last. */
export type Corners = readonly [
  topLeft: readonly [number, number],
  topRight: readonly [number, number],
  bottomRight: readonly [number, number],
  bottomLeft: readonly [number, number],
];

const UPRIGHT: Corners = [
  [0, 0],
  [0, 1],
  [1, 1],
  [1, 0],
];

/** Solves A·x = b for a square A by Gaussian elimination with pivots; undefined when there is no one solution. */
function solve(rows: number[][], right: number[]): number[] | undefined {
  const n = right.length;
  const table = rows.map((row, i) => [...row, right[i]!]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(table[i]![k]!) > Math.abs(table[pivot]![k]!)) pivot = i;
    if (!(Math.abs(table[pivot]![k]!) > 1e-9)) return undefined;
    [table[k], table[pivot]] = [table[pivot]!, table[k]!];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = table[i]![k]! / table[k]![k]!;
      for (let j = k; j <= n; j++) table[i]![j]! -= factor * table[k]![j]!;
    }
  }
  return table.map((row, i) => row[n]! / row[i]!);
}

/** The projection that finds the old corners at the new ones. */
function projectionOf(corners: Corners, height: number, width: number): Projection | undefined {
  const [rows, right]: [number[][], number[]] = [[], []];
  corners.forEach(([toY, toX], i) => {
    const [x, y] = [toX * (width - 1), toY * (height - 1)];
    const [fromX, fromY] = [UPRIGHT[i]![1] * (width - 1), UPRIGHT[i]![0] * (height - 1)];
    rows.push([x, y, 1, 0, 0, 0, -fromX * x, -fromX * y], [0, 0, 0, x, y, 1, -fromY * x, -fromY * y]);
    right.push(fromX, fromY);
  });
  return solve(rows, right) as Projection | undefined;
}

/**
 * Moves the corners of each image, as if it were seen from the side.
 *
 * @param images float32 `[n, h, w, c]` of at least 2 × 2 pixels, any number of channels
 * @param corners where the corners of each image go, see {@link Corners}; `undefined` leaves the image as it is, bit by bit
 * @param options see {@link ResampleOptions}
 * @returns float32, the shape of `images`
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or corners that are not one entry per image, `SELFSUP_DTYPE` on images that are
 * not float32, `SELFSUP_OPTION` on corners of which three are on a line or an unknown interpolation
 * @remarks torchvision's `perspective` of tensors. It counts corners from pixel to pixel and reads them as places in the plane, where pixels are at 0.5, 1.5, …; so does this.
 * @example
 * ```ts
 * import { perspective } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const tilted = perspective(tf.ones<tf.Rank.R4>([1, 32, 32, 3]), [[[0.1, 0.1], [0, 1], [1, 1], [0.9, 0.1]]]);
 * ```
 */
export function perspective(images: tf.Tensor4D, corners: readonly (Corners | undefined)[], options: ResampleOptions = {}): tf.Tensor4D {
  checkImages('perspective', images);
  const [n, height, width] = images.shape;
  checkPerImage('perspective', 'corners', { expected: n, got: corners.length });
  const checked = checkResample('perspective', options);
  const projections = corners.map((one, i) => {
    const projection = one && projectionOf(one, height, width);
    if (one && !projection)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `perspective: \`corners\` must be finite and no three of them on a line, got [${one.map((corner) => `[${corner.join(', ')}]`).join(', ')}] for image ${i}`,
      );
    return projection;
  });
  return changeChosen(
    images,
    corners.map((one) => one !== undefined),
    (some, rows) => {
      const chosen = rows.map((row) => projections[row]!);
      return resample(some, chosen, checked);
    },
  );
}
