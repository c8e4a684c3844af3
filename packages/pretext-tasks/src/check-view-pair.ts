import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/** What a task on pairs of views trains on: `views`, two float32 tensors `[n, height, width, channels]` of one shape, row i of both from image i. */
export type ViewPairBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/**
 * Checks that a batch has exactly two views of one shape. Internal.
 *
 * @param who the task, for the message
 * @param views what the batch has under `views`
 * @returns the two views
 * @throws SelfsupError `SELFSUP_BATCH` unless there are two; `SELFSUP_SHAPE` on other ranks or unequal shapes
 */
export function checkViewPair(who: string, views: readonly tf.Tensor4D[] | undefined): readonly [tf.Tensor4D, tf.Tensor4D] {
  if (!Array.isArray(views) || views.length !== 2)
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `${who}: the batch must have \`views\`, a list of 2 image tensors, got ${Array.isArray(views) ? `${views.length}` : typeof views}`,
    );
  const [a, b] = views as readonly tf.Tensor4D[] as readonly [tf.Tensor4D, tf.Tensor4D];
  if (a.rank !== 4)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`views[0]\` must have shape [n, height, width, channels], got [${a.shape.join(', ')}]`,
    );
  if (b.shape.join() !== a.shape.join())
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`views[1]\` must have shape [${a.shape.join(', ')}] like \`views[0]\`, got [${b.shape.join(', ')}]`,
    );
  return [a, b];
}
