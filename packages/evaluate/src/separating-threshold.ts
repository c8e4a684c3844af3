import { SelfsupError } from '@selfsup/core';

/** Similarities of copies and of others, to be told apart. */
export interface SeparatingThresholdOptions {
  /** Of samples and their copies. */
  copies: ArrayLike<number>;
  /** Of samples and the nearest that are not copies; one for each sample. */
  others: ArrayLike<number>;
  /** How many others may be taken for copies, as a share of the samples, in [0, 1); default 0.001. */
  maxFalse?: number;
}

/** What {@link separatingThreshold} finds. */
export interface SeparatingThreshold {
  /** The least similarity of what is taken for a copy. */
  readonly threshold: number;
  /** The share of copies at or above it. */
  readonly found: number;
  /** The share of others at or above it. */
  readonly false: number;
}

/**
 * Puts a threshold where the similarities of copies separate from those of others: not below what all but a few others stay under, and not above what most
 * copies reach where there is room between.
 *
 * @param options see {@link SeparatingThresholdOptions}
 * @returns see {@link SeparatingThreshold}
 * @throws SelfsupError `SELFSUP_OPTION` without copies or others, or on `maxFalse` out of range
 * @remarks Where 99 % of the copies are above all but `maxFalse` of the others, the threshold lies in the middle of the gap.
 */
export function separatingThreshold(options: SeparatingThresholdOptions): SeparatingThreshold {
  const { maxFalse = 0.001 } = options;
  const [copies, others] = [options.copies, options.others].map((values) => Float64Array.from(values).sort());
  if (!(maxFalse >= 0 && maxFalse < 1))
    throw new SelfsupError('SELFSUP_OPTION', `separatingThreshold: \`maxFalse\` must be in [0, 1), got ${maxFalse}`);
  if (copies!.length === 0 || others!.length === 0)
    throw new SelfsupError('SELFSUP_OPTION', 'separatingThreshold: `copies` and `others` must have at least one number each');
  const floor = others![Math.min(others!.length - 1, Math.floor((1 - maxFalse) * others!.length))]!;
  const reached = copies![Math.floor(0.01 * copies!.length)]!;
  const threshold = reached > floor ? (reached + floor) / 2 : floor + Number.EPSILON;
  const share = (values: Float64Array) => values.filter((value) => value >= threshold).length / values.length;
  return { threshold, found: share(copies!), false: share(others!) };
}
