import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { EncodedSequences } from './token-networks.ts';

/** The tensors of a batch of token sequences. */
export interface TokenTensors {
  readonly tokenIds: tf.Tensor2D;
  readonly attentionMask?: tf.Tensor2D | undefined;
  readonly segmentIds?: tf.Tensor2D | undefined;
}

/** Throws unless `tokenIds` is int32 `[batch, length]` and mask and segments, if they are there, have its shape. */
export function checkTokens(who: string, { tokenIds, attentionMask, segmentIds }: TokenTensors): void {
  const given: tf.Tensor | undefined = tokenIds;
  if (given === undefined)
    throw new SelfsupError('SELFSUP_BATCH', `${who}: the batch must have \`tokenIds\`, int32 [batch, length], got undefined`);
  if (given.rank !== 2 || given.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`tokenIds\` must have shape [batch, length] without an empty axis, got [${given.shape.join(', ')}]`,
    );
  if (given.dtype !== 'int32') throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`tokenIds\` must be int32, got ${given.dtype}`);
  for (const [name, tensor] of Object.entries({ attentionMask, segmentIds }))
    if (tensor && tensor.shape.join() !== given.shape.join())
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `${who}: \`${name}\` must have shape [${given.shape.join(', ')}] like \`tokenIds\`, got [${tensor.shape.join(', ')}]`,
      );
}

/** The sequences of a batch with other ids, without what is not there. */
export function withIds({ attentionMask, segmentIds }: Omit<TokenTensors, 'tokenIds'>, tokenIds: tf.Tensor2D): EncodedSequences {
  return { tokenIds, ...(attentionMask && { attentionMask }), ...(segmentIds && { segmentIds }) };
}
