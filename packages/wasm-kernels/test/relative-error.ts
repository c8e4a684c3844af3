/** ‖got − expected‖ / ‖expected‖; Infinity if anything is not finite or sizes differ. */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Infinity;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < got.length; i++) {
    difference += (got[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  if (Number.isNaN(difference)) return Infinity;
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
}
