import { SelfsupError } from '@selfsup/core';

/** Cosines of samples with altered copies of them, and with each other. */
export interface SeparatingThresholdOptions {
  /** Cosines of samples with altered copies of them. */
  copies: ArrayLike<number>;
  /** The cosine of each sample with the nearest other one; up to a quarter may be copies, too. */
  nearest: ArrayLike<number>;
  /** The share of samples that may have a neighbor at or above the threshold which is not a copy, in (0, 0.5); default 0.001. */
  maxFalse?: number;
}

/** What {@link separatingThreshold} finds. */
export interface SeparatingThreshold {
  /** The least cosine of what is taken for a copy. */
  readonly threshold: number;
  /** The share of `copies` at or above it. */
  readonly copies: number;
  /** The share of `nearest` at or above it. */
  readonly nearest: number;
}

/** Of the copies, those that may stay below the threshold where there is room between copies and others. */
const LOST = 0.05;
/** How often the distribution of the others is found, each time without what seems to be copies. */
const ROUNDS = 10;
/** Where a share q of a Gumbel distribution ends, in units of its scale. */
const gumbel = (q: number) => -Math.log(-Math.log(q));

/**
 * Puts a threshold where altered copies separate from other samples.
 *
 * How near the nearest sample is that is not a copy cannot be read off the nearest ones, since copies are among them. But the less similar half are
 * others: their angles at 50 % and 75 % give a Gumbel distribution, as minima have one, and its tail says which angle only `maxFalse` of the samples fall below.
 * What is nearer is left out, and the distribution found again. Where 95 % of the altered copies are nearer than that angle, the threshold lies in the middle
 * between.
 *
 * @param options see {@link SeparatingThresholdOptions}
 * @returns see {@link SeparatingThreshold}
 * @throws SelfsupError `SELFSUP_OPTION` without copies or others, or on `maxFalse` out of range
 */
export function separatingThreshold(options: SeparatingThresholdOptions): SeparatingThreshold {
  const { maxFalse = 0.001 } = options;
  if (!(maxFalse > 0 && maxFalse < 0.5))
    throw new SelfsupError('SELFSUP_OPTION', `separatingThreshold: \`maxFalse\` must be in (0, 0.5), got ${maxFalse}`);
  if (options.copies.length === 0 || options.nearest.length === 0)
    throw new SelfsupError('SELFSUP_OPTION', 'separatingThreshold: `copies` and `nearest` must have at least one number each');
  const angles = (cosines: ArrayLike<number>) =>
    Float64Array.from(cosines, (cosine) => Math.acos(Math.max(-1, Math.min(1, cosine)))).sort();
  const [copies, nearest] = [angles(options.copies), angles(options.nearest)];
  const among = (sorted: Float64Array, share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  let others = 0;
  let left = nearest;
  for (let round = 0; round < ROUNDS; round++) {
    const [middle, most] = [among(left, 0.5), among(left, 0.75)];
    const scale = (most - middle) / (gumbel(0.5) - gumbel(0.25));
    const before = others;
    others = Math.max(0, middle - scale * (gumbel(1 - maxFalse) - gumbel(0.5)));
    if (others === before) break;
    left = nearest.filter((angle) => angle > others);
  }
  const reached = among(copies, 1 - LOST);
  const angle = reached < others ? (reached + others) / 2 : others;
  const share = (sorted: Float64Array) => sorted.filter((value) => value <= angle).length / sorted.length;
  return { threshold: Math.cos(angle), copies: share(copies), nearest: share(nearest) };
}
