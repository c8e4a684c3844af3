import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/** `views`, exactly two float32 tensors `[n, height, width, channels]` of one shape, row i of both from image i. */
export type ViewPairBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/**
 * Checks that a batch has two views of one shape.
 *
 * @param who the task, for the message
 * @param views what the batch has under `views`
 * @returns the two views
 * @throws SelfsupError `SELFSUP_BATCH` without exactly two views, `SELFSUP_SHAPE` on other ranks or unequal shapes
 */
export function checkViewPair(who: string, views: readonly tf.Tensor4D[] | undefined): readonly [tf.Tensor4D, tf.Tensor4D] {
  if (!Array.isArray(views) || views.length !== 2)
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `${who}: the batch must have \`views\`, a list of exactly 2 image tensors, got ${Array.isArray(views) ? `${views.length}` : typeof views}`,
    );
  const [first, second] = views as readonly tf.Tensor4D[] as [tf.Tensor4D, tf.Tensor4D];
  if (first.rank !== 4)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`views[0]\` must have shape [n, height, width, channels], got [${(first as tf.Tensor).shape.join(', ')}]`,
    );
  if (second.shape.join() !== first.shape.join())
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`views[1]\` must have shape [${first.shape.join(', ')}] like \`views[0]\`, got [${second.shape.join(', ')}]`,
    );
  return [first, second];
}
