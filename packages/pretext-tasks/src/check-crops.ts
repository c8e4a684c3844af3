import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/**
 * Checks crops of several sizes: at least two of them, the first two, the global ones, of one shape, all of as many images and channels. Internal.
 *
 * @param who the task, for the message
 * @param views what the batch has under `views`
 * @returns the views
 * @throws SelfsupError `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on shapes that do not fit
 */
export function checkCrops(who: string, views: readonly tf.Tensor4D[] | undefined): readonly tf.Tensor4D[] {
  if (!Array.isArray(views) || views.length < 2)
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `${who}: the batch must have \`views\`, a list of at least 2 image tensors, got ${Array.isArray(views) ? `${views.length}` : typeof views}`,
    );
  const crops = views as readonly tf.Tensor4D[];
  const fail = (at: number, expected: string) => {
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`views[${at}]\` must have shape ${expected}, got [${crops[at]!.shape.join(', ')}]`);
  };
  const [n, height, width, channels] = crops[0]!.shape;
  for (const [at, { rank, shape }] of crops.entries()) {
    if (rank !== 4) fail(at, '[n, height, width, channels]');
    if (at === 1 && shape.join() !== crops[0]!.shape.join())
      fail(at, `[${n}, ${height}, ${width}, ${channels}] like \`views[0]\`, as both are global`);
    if (shape[0] !== n || shape[3] !== channels)
      fail(at, `[${n}, height, width, ${channels}] as \`views[0]\` has that many images and channels`);
  }
  return crops;
}
