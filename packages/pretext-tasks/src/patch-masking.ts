import { SelfsupError, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Draws which patches of `count` images are hidden, row by row: `keep` `[count, kept]`, `restore` `[count, length]`, where each patch stands when the masked
 * ones follow those kept, and `mask` `[count, length]`, 1 for a masked patch. `maskPatches` of @selfsup/augment makes one.
 */
export type PatchMasking = (
  images: { readonly count: number },
  rng: Rng,
) => { readonly keep: Int32Array; readonly restore: Int32Array; readonly mask: Float32Array };

/** What the tasks on masked images compare: `keep` int32 `[n, kept]`, `restore` int32 and `mask` float32 `[n, length]`, `pixels` float32 `[n, length, patchDim]`. */
export type MaskedImageTargets = Readonly<Record<'keep' | 'restore' | 'mask', tf.Tensor2D> & Record<'pixels', tf.Tensor3D>>;

/** Draws the masks of `n` images of `length` patches. */
export function drawMasks(
  who: string,
  masking: PatchMasking,
  options: { n: number; length: number; rng: Rng },
): Omit<MaskedImageTargets, 'pixels'> {
  const { n, length, rng } = options;
  const { keep, restore, mask } = masking({ count: n }, rng);
  if (mask.length !== n * length || restore.length !== n * length || keep.length === 0 || keep.length % n !== 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`masking\` must draw masks of the ${length} patches that the backbone sees in each of ${n} images, got ${mask.length / n} patches`,
    );
  return {
    keep: tf.tensor2d(keep, [n, keep.length / n], 'int32'),
    restore: tf.tensor2d(restore, [n, length], 'int32'),
    mask: tf.tensor2d(mask, [n, length]),
  };
}

/** Draws masks, as {@link drawMasks} does, with the places that they hide: `hidden` int32 `[n · hidden]` among the `n · length` patches of the batch. */
export function drawHidden(
  who: string,
  masking: PatchMasking,
  options: { n: number; length: number; rng: Rng },
): Record<'mask', tf.Tensor2D> & Record<'hidden', tf.Tensor1D> {
  let hidden: number[] = [];
  const { mask } = drawMasks(
    who,
    (images, rng) => {
      const drawn = masking(images, rng);
      hidden = [...drawn.mask.keys()].filter((place) => drawn.mask[place] === 1);
      return drawn;
    },
    options,
  );
  return { mask, hidden: tf.tensor1d(hidden, 'int32') };
}

/** Throws unless a batch has `images` float32 `[n, height, width, channels]`. */
export function checkImages(who: string, images: tf.Tensor4D | undefined): tf.Tensor4D {
  if (typeof images?.rank !== 'number')
    throw new SelfsupError('SELFSUP_BATCH', `${who}: the batch must have \`images\`, a tensor, got ${typeof images}`);
  const checked = images;
  if (checked.rank !== 4 || checked.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`images\` must have shape [n, height, width, channels] without an empty axis, got [${checked.shape.join(', ')}]`,
    );
  if (checked.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`images\` must be float32, got ${checked.dtype}`);
  return checked;
}
