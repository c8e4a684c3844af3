import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

const name = { 2: '[batch, @]', 3: '[batch, length, @]', 4: '[batch, height, width, @]' } as const;

/** Throws unless `input` is float32 of the rank, without an empty axis, with `channels` on its last axis; the message names `who`. */
export function checkInput(who: string, input: tf.Tensor, expected: { rank: 2 | 3 | 4; channels: number }): void {
  const { rank, channels } = expected;
  if (input.rank !== rank || input.shape[rank - 1] !== channels || input.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`input\` must have shape ${name[rank].replace('@', String(channels))} without an empty axis, got [${input.shape.join(', ')}]`,
    );
  if (input.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`input\` must be float32, got ${input.dtype}`);
}
