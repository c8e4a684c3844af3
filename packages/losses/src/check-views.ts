import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';

/** Throws unless there are so many views, float32 of one shape `[n, dim]`, with rows enough. Internal. */
export function checkViews(
  who: string,
  views: readonly tf.Tensor2D[],
  { least = 2, rows = 1 }: { least?: number; rows?: number } = {},
): void {
  if (views.length < least)
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`views\` must hold at least ${least} tensors, got ${views.length}`);
  checkEmbeddings(
    who,
    views.map((view, i) => [`views[${i}]`, view] as const),
  );
  const [n, dim] = views[0]!.shape;
  if (n < rows) throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`views[0]\` must have at least ${rows} rows, got shape [${n}, ${dim}]`);
}
