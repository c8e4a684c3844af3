import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Checks a number that may be learned: a finite number, or a float32 scalar.
 *
 * @param who the public function, for the message
 * @param named the numbers by option name
 * @throws SelfsupError `SELFSUP_OPTION`, `SELFSUP_SHAPE` or `SELFSUP_DTYPE`
 */
export function checkScalars(who: string, named: Readonly<Record<string, tf.Scalar | number>>): void {
  for (const [name, value] of Object.entries(named)) {
    if (!(value instanceof tf.Tensor)) {
      if (Number.isFinite(value)) continue;
      throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be a finite number or a scalar tensor, got ${String(value)}`);
    }
    if (value.size !== 1)
      throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`${name}\` must be a scalar, got [${(value as tf.Tensor).shape.join(', ')}]`);
    if (value.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`${name}\` must be float32, got ${value.dtype}`);
  }
}
