import { SelfsupError } from '@selfsup/core';
import { INTERPOLATIONS, type Interpolation } from './sampling-matrices.ts';

/** Refuses a probability outside [0, 1]. */
export function checkProbability(who: string, name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be in [0, 1], got ${value}`);
}

/** Refuses a range that is not two finite numbers, the first > 0 and at most the second; `max` bounds the second. */
export function checkRange(who: string, name: string, options: { range: readonly [number, number]; max?: number }): void {
  const { range, max = Number.MAX_VALUE } = options;
  const [low, high] = range;
  if (!(low > 0 && low <= high && high <= max))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`${name}\` must be [low, high] with 0 < low <= high${max === Number.MAX_VALUE ? '' : ` <= ${max}`}, got [${range.join(', ')}]`,
    );
}

/** Refuses a number that is no integer ≥ `least`. */
export function checkWhole(who: string, name: string, options: { value: number; least: number }): void {
  const { value, least } = options;
  if (!Number.isSafeInteger(value) || value < least)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be an integer >= ${least}, got ${value}`);
}

/** The `[height, width]` that a size names; refuses what is no positive integer. */
export function sizeOf(who: string, size: number | readonly [number, number]): readonly [number, number] {
  const sides = typeof size === 'number' ? ([size, size] as const) : size;
  if (!sides.every((side) => Number.isSafeInteger(side) && side > 0))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`size\` must be an integer > 0 or [height, width] of such, got ${typeof size === 'number' ? size : `[${size.join(', ')}]`}`,
    );
  return sides;
}

/** Refuses an interpolation that is not known. */
export function checkInterpolation(who: string, value: Interpolation): void {
  if (!INTERPOLATIONS.includes(value))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`interpolation\` must be one of ${INTERPOLATIONS.join(', ')}, got ${JSON.stringify(value)}`,
    );
}
