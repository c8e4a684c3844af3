import { dropout, SelfsupError, type ApplyOptions } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';

/** The options with which a part of a module runs: its stream is named by `tag` under the module's. */
export function partOptions<O extends ApplyOptions>(options: O, tag: string): O {
  return options.rng ? { ...options, rng: options.rng.fold(tag) } : options;
}

/** Whether dropout and stochastic depth are at work. */
export const isDropping = ({ training, drops = true }: ApplyOptions): boolean => training && drops;

/** Drops elements of `x` while training; `who` is the module that the error names when there is no stream to draw from. */
export function dropWhileTraining<T extends tf.Tensor>(
  x: T,
  options: ApplyOptions,
  dropping: { rate: number; tag: string; who: string },
): T {
  const { rate, tag, who } = dropping;
  if (!isDropping(options) || rate === 0) return x;
  if (!options.rng)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`rng\` must be given while training with dropout; without one set the dropout rate to 0`,
    );
  return dropout(x, { rate, rng: options.rng.fold(tag) });
}

/** Throws `SELFSUP_OPTION` unless every rate is in [0, 1). */
export function checkRates(who: string, rates: Readonly<Record<string, number>>): void {
  for (const [name, rate] of Object.entries(rates))
    if (!(rate >= 0 && rate < 1)) throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be in [0, 1), got ${rate}`);
}
