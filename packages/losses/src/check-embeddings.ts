import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

const format = (shape: readonly number[]) => `[${shape.join(', ')}]`;

/**
 * Checks once that embeddings are float32 `[n, dim]` with n ≥ 1 and all of one shape.
 *
 * @param who the public function, for the message
 * @param named the tensors by argument name; the first fixes the shape
 * @throws SelfsupError `SELFSUP_SHAPE` or `SELFSUP_DTYPE`
 */
export function checkEmbeddings(who: string, named: readonly (readonly [name: string, tensor: tf.Tensor])[]): void {
  const [[firstName, first]] = named as [readonly [string, tf.Tensor]];
  for (const [name, tensor] of named) {
    if (tensor.rank !== 2 || tensor.size === 0)
      throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`${name}\` must have shape [n >= 1, dim >= 1], got ${format(tensor.shape)}`);
    if (tensor.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`${name}\` must be float32, got ${tensor.dtype}`);
    if (tensor.shape.join() !== first.shape.join())
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `${who}: \`${name}\` must have shape ${format(first.shape)} like \`${firstName}\`, got ${format(tensor.shape)}`,
      );
  }
}

/**
 * Checks a softmax temperature.
 *
 * @param who the public function, for the message
 * @param temperature must be a finite number > 0
 * @throws SelfsupError `SELFSUP_OPTION`
 */
export function checkTemperature(who: string, temperature: number): void {
  if (!(temperature > 0 && temperature < Infinity))
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`temperature\` must be a finite number > 0, got ${temperature}`);
}
