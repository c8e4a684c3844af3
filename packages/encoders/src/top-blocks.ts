import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ApplyOptions } from '@selfsup/core';

/** Of which blocks of a transformer the states are wanted, and which of their states. */
export interface TopBlocksOptions extends ApplyOptions {
  /** So many of the last blocks; an integer from 1 to the number of blocks. */
  topBlocks: number;
  /** `'block'` (default): what the whole block says. `'feed-forward'`: what its two linear layers say, before that is added to what went in. */
  part?: 'block' | 'feed-forward';
}

/** An encoder that shows the states after its last blocks. */
export interface BlockEncoder<Input> {
  /** The states of the last blocks, the deepest last, float32 `[batch, length, width]` each and of the same tokens as those of `encode`. */
  encodeBlocks(input: Input, options: TopBlocksOptions): tf.Tensor3D[];
}

/** Throws unless an encoder has so many blocks and such a part. Internal. */
export function checkTopBlocks(who: string, { topBlocks, part = 'block' }: TopBlocksOptions, numLayers: number): void {
  if (!Number.isInteger(topBlocks) || topBlocks < 1 || topBlocks > numLayers)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`topBlocks\` must be an integer in [1, ${numLayers}], the number of blocks, got ${topBlocks}`,
    );
  if (part !== 'block' && part !== 'feed-forward')
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`part\` must be 'block' or 'feed-forward', got '${part as string}'`);
}
