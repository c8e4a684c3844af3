import { SelfsupError } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';

/** Refuses what is no batch of images: not rank 4, empty, not float32, or, if `channels` is given, with another number of channels. */
export function checkImages(who: string, images: tf.Tensor4D, channels?: readonly number[]): void {
  const shape: readonly number[] = images.shape;
  if (shape.length !== 4 || images.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`images\` must have shape [batch, height, width, channel], none of them 0, got [${shape.join(', ')}]`,
    );
  if (images.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`images\` must be float32, got ${images.dtype}`);
  if (channels && !channels.includes(shape[3]!))
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`images\` must have ${channels.join(' or ')} channels, got ${shape[3]!}`);
}

/** Refuses a list that has not one entry per image. */
export function checkPerImage(who: string, name: string, lengths: { expected: number; got: number }): void {
  const { expected, got } = lengths;
  if (got !== expected)
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`${name}\` must have ${expected} entries for these images, got ${got}`);
}
