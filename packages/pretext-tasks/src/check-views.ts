import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/**
 * Checks that a batch has two or more views of one shape. Internal.
 *
 * @param who the task, for the message
 * @param views what the batch has under `views`
 * @returns the views
 * @throws SelfsupError `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on other ranks or unequal shapes
 */
export function checkViews(who: string, views: readonly tf.Tensor4D[] | undefined): readonly tf.Tensor4D[] {
  if (!Array.isArray(views) || views.length < 2)
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `${who}: the batch must have \`views\`, a list of at least 2 image tensors, got ${Array.isArray(views) ? `${views.length}` : typeof views}`,
    );
  const checked = views as readonly tf.Tensor4D[];
  const expected = checked[0]!.rank === 4 ? `[${checked[0]!.shape.join(', ')}] like \`views[0]\`` : '[n, height, width, channels]';
  checked.forEach((view, i) => {
    if (view.rank !== 4 || view.shape.join() !== checked[0]!.shape.join())
      throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`views[${i}]\` must have shape ${expected}, got [${view.shape.join(', ')}]`);
  });
  return checked;
}
