/** What becomes of a share that is not a whole number: the next one below, above, or the nearest; of two that are as near the greater, or the even one. */
export type ShareRounding = 'floor' | 'ceil' | 'nearest' | 'half-to-even';

/**
 * A whole share of a count, as exact arithmetic gives it: 100 · (1 − 0.8) are 20, although the product of the two doubles is below.
 *
 * @param count how many there are, an integer ≥ 0
 * @param share the part of them, ≥ 0; a decimal or a quotient
 * @param rounding see {@link ShareRounding}
 * @returns an integer
 * @remarks A product that is a whole number, or a half, but for the errors of two roundings counts as that.
 * @example
 * ```ts
 * import { shareOf } from '@selfsup/core';
 * console.log(shareOf(100, 1 - 0.8, 'floor'), Math.floor(100 * (1 - 0.8))); // 20 19
 * ```
 */
export function shareOf(count: number, share: number, rounding: ShareRounding): number {
  const product = count * share;
  const error = 4 * Number.EPSILON * Math.max(1, count, product);
  const whole = Math.round(product);
  if (Math.abs(product - whole) <= error) return whole;
  const below = Math.floor(product);
  if (rounding === 'floor') return below;
  if (rounding === 'ceil') return below + 1;
  if (Math.abs(product - below - 0.5) > error) return whole;
  return rounding === 'nearest' || below % 2 === 1 ? below + 1 : below;
}
