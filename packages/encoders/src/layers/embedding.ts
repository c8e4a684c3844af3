import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ModuleFactory } from '@selfsup/core';
import { checkIntegers } from './check-option.ts';
import { createVariable } from './create-variable.ts';
import { truncatedNormal, type Initializer } from './initializers.ts';
import { leafModule } from './leaf-module.ts';

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** Rows of the table: ids are below it; ≥ 1. */
  count: number;
  /** Columns of the table, ≥ 1. */
  width: number;
  /** Initial table; default {@link truncatedNormal} with 0.02. */
  initializer?: Initializer;
}

/**
 * A table of learned vectors: each id becomes its row.
 *
 * @param options see {@link EmbeddingOptions}
 * @returns a factory of modules from int32 ids `[batch, length]`, each in [0, count), to float32 `[batch, length, width]`, with the variable `weight`
 * `[count, width]`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @remarks Ids are not read to be checked: one outside of the table is refused by some backends and undefined on others.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { embedding } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const words = embedding({ count: 1000, width: 64 })(createRng(0));
 * const vectors = words.apply(tf.tensor2d([[1, 2, 3]], [1, 3], 'int32'), { training: false }); // [1, 3, 64]
 * ```
 */
export function embedding(options: EmbeddingOptions): ModuleFactory<tf.Tensor2D, tf.Tensor3D> {
  const { count, width, initializer = truncatedNormal(0.02) } = options;
  checkIntegers('embedding', { count, width });
  return (rng) => {
    const values = initializer(rng.fold('weight'), count * width, { fanIn: count, fanOut: width });
    const weight = createVariable<tf.Rank.R2>(values, [count, width], true);
    return leafModule({ trainable: { weight } }, (ids) => {
      checkIds('embedding', 'input', ids);
      return tf.gather(weight, ids) as tf.Tensor as tf.Tensor3D; // [batch, length, width]
    });
  };
}

/** Throws unless `ids` is int32 `[batch, length]` without an empty axis. */
export function checkIds(who: string, name: string, ids: tf.Tensor): void {
  if (ids.rank !== 2 || ids.size === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`${name}\` must have shape [batch, length] without an empty axis, got [${ids.shape.join(', ')}]`,
    );
  if (ids.dtype !== 'int32') throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`${name}\` must be int32, got ${ids.dtype}`);
}
