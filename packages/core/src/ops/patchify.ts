import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';

/** Options of {@link patchify}. */
export interface PatchifyOptions {
  /** Height and width of a patch in pixels, ≥ 1. */
  patchSize: number;
}

/** Options of {@link unpatchify}. */
export interface UnpatchifyOptions extends PatchifyOptions {
  /** Patches down and across, whose product is the number of patches; default a square. */
  grid?: readonly [rows: number, columns: number];
}

function checkPatchSize(who: string, patchSize: number): void {
  if (!Number.isSafeInteger(patchSize) || patchSize < 1)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`patchSize\` must be an integer >= 1, got ${patchSize}`);
}

/**
 * Cuts images into square patches, row by row of patches; the values of a patch are in the order (row, column, channel).
 *
 * @param images float32 `[n, height, width, channels]`, both sides multiples of `patchSize`
 * @param options see {@link PatchifyOptions}
 * @returns float32 `[n, (height/patchSize)·(width/patchSize), patchSize²·channels]`
 * @throws SelfsupError `SELFSUP_OPTION` on a bad `patchSize`, `SELFSUP_SHAPE` on images that it does not divide
 * @see Dosovitskiy et al.: "An Image is Worth 16x16 Words", section 3.1, https://arxiv.org/abs/2010.11929
 * @example
 * ```ts
 * import { patchify } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const patches = patchify(tf.zeros([8, 32, 32, 3]), { patchSize: 4 }); // [8, 64, 48]
 * ```
 */
export function patchify(images: tf.Tensor4D, options: PatchifyOptions): tf.Tensor3D {
  const { patchSize } = options;
  checkPatchSize('patchify', patchSize);
  const [n, height, width, channels] = images.shape;
  if (images.rank !== 4 || images.size === 0 || height % patchSize !== 0 || width % patchSize !== 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `patchify: \`images\` must have shape [n, height, width, channels] with sides that are multiples of ${patchSize}, got [${images.shape.join(', ')}]`,
    );
  const [rows, columns] = [height / patchSize, width / patchSize];
  return tf.tidy(() => {
    const lines = tf.reshape(images, [n * rows, patchSize, columns, patchSize * channels]);
    return tf.reshape(tf.transpose(lines, [0, 2, 1, 3]), [n, rows * columns, patchSize * patchSize * channels]);
  });
}

/**
 * Puts images together from their patches: the inverse of {@link patchify}.
 *
 * @param patches float32 `[n, rows·columns, patchSize²·channels]`
 * @param options see {@link UnpatchifyOptions}
 * @returns float32 `[n, rows·patchSize, columns·patchSize, channels]`
 * @throws SelfsupError `SELFSUP_OPTION` on a bad `patchSize`, `SELFSUP_SHAPE` on patches that do not fit it or the grid
 * @example
 * ```ts
 * import { unpatchify } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const images = unpatchify(tf.zeros([8, 64, 48]), { patchSize: 4 }); // [8, 32, 32, 3]
 * ```
 */
export function unpatchify(patches: tf.Tensor3D, options: UnpatchifyOptions): tf.Tensor4D {
  const { patchSize } = options;
  checkPatchSize('unpatchify', patchSize);
  const [n, length, size] = patches.shape;
  const side = Math.round(Math.sqrt(length));
  const [rows, columns] = options.grid ?? [side, side];
  const channels = size / (patchSize * patchSize);
  if (patches.rank !== 3 || rows * columns !== length || !Number.isInteger(channels) || patches.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `unpatchify: \`patches\` must have shape [n, ${rows} * ${columns}, ${patchSize * patchSize} * channels], got [${patches.shape.join(', ')}]`,
    );
  return tf.tidy(() => {
    const lines = tf.reshape(patches, [n * rows, columns, patchSize, patchSize * channels]);
    return tf.reshape(tf.transpose(lines, [0, 2, 1, 3]), [n, rows * patchSize, columns * patchSize, channels]);
  });
}
