import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/**
 * Checks that a batch has crops of the same images; their heights and widths may differ.
 *
 * @param who the task, for the message
 * @param views what the batch has under `views`
 * @returns the crops
 * @throws SelfsupError `SELFSUP_BATCH` without at least two crops, `SELFSUP_SHAPE` on other ranks or unequal numbers of images or channels
 */
export function checkCrops(who: string, views: readonly tf.Tensor4D[] | undefined): readonly tf.Tensor4D[] {
  if (!Array.isArray(views) || views.length < 2)
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `${who}: the batch must have \`views\`, a list of at least 2 image tensors, got ${Array.isArray(views) ? `${views.length}` : typeof views}`,
    );
  const crops = views as readonly tf.Tensor4D[];
  const [n, , , channels] = crops[0]!.shape;
  crops.forEach((crop, i) => {
    if (crop.rank !== 4 || crop.shape[0] !== n || crop.shape[3] !== channels)
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `${who}: \`views[${i}]\` must have shape ${crops[0]!.rank === 4 ? `[${n}, height, width, ${channels}] like \`views[0]\`` : '[n, height, width, channels]'}, got [${crop.shape.join(', ')}]`,
      );
  });
  return crops;
}
