import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkWhole } from './check-options.ts';

/** Options of {@link gridLocations}. */
export interface GridLocationsOptions {
  /** Rows of the grid; an integer ≥ 1. */
  rows: number;
  /** Columns of the grid; an integer ≥ 1. */
  columns: number;
}

/**
 * Where in the original image the cells of a grid over a crop lie: the centers of the cells of a feature map or of patches.
 *
 * @param boxes float32 `[n, 4]`: `[y0, x0, y1, x1]` as fractions of the image, as of {@link trackedCrops}
 * @param flips float32 `[n]`: 1 where the crop is mirrored left to right, 0 where not
 * @param options see {@link GridLocationsOptions}
 * @returns float32 `[n, rows · columns, 2]`: `[y, x]` of each cell's center as fractions of the image, row by row
 * @throws SelfsupError `SELFSUP_SHAPE` on boxes that are not `[n, 4]` or flips that are not one per box, `SELFSUP_OPTION` on a grid without cells
 * @example
 * ```ts
 * import { gridLocations } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * // the right half of an image, mirrored: its first column is the image's last
 * const places = gridLocations(tf.tensor2d([[0, 0.5, 1, 1]]), tf.tensor1d([1]), { rows: 1, columns: 2 });
 * places.print(); // [[[0.5, 0.875], [0.5, 0.625]]]
 * ```
 */
export function gridLocations(boxes: tf.Tensor2D, flips: tf.Tensor1D, options: GridLocationsOptions): tf.Tensor3D {
  const { rows, columns } = options;
  if (boxes.rank !== 2 || boxes.shape[1] !== 4)
    throw new SelfsupError('SELFSUP_SHAPE', `gridLocations: \`boxes\` must have shape [batch, 4], got [${boxes.shape.join(', ')}]`);
  const n = boxes.shape[0];
  if (flips.rank !== 1 || flips.shape[0] !== n)
    throw new SelfsupError('SELFSUP_SHAPE', `gridLocations: \`flips\` must have shape [${n}], got [${flips.shape.join(', ')}]`);
  checkWhole('gridLocations', 'rows', { value: rows, least: 1 });
  checkWhole('gridLocations', 'columns', { value: columns, least: 1 });
  const centers = (count: number) =>
    tf.tensor2d(
      Float32Array.from({ length: count }, (_, i) => (i + 0.5) / count),
      [1, count],
    );
  return tf.tidy(() => {
    const [y0, x0, y1, x1] = tf.split(boxes, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]; // each [n, 1]
    const mirrored = tf.reshape(flips, [n, 1]);
    const along = tf.add(mirrored, tf.mul(centers(columns), tf.sub(1, tf.mul(2, mirrored)))); // u, or 1 − u where mirrored
    const x = tf.add(x0, tf.mul(tf.sub(x1, x0), along)); // [n, columns]
    const y = tf.add(y0, tf.mul(tf.sub(y1, y0), centers(rows))); // [n, rows]
    const spread = (values: tf.Tensor, shape: [number, number, number]) => tf.add(tf.reshape(values, shape), tf.zeros([1, rows, columns]));
    const grid = tf.stack([spread(y, [n, rows, 1]), spread(x, [n, 1, columns])], 3); // [n, rows, columns, 2]
    return tf.reshape<tf.Rank.R3>(grid, [n, rows * columns, 2]);
  });
}
