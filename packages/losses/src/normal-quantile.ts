/**
 * The number below which a part of the standard normal distribution lies. Internal.
 *
 * @param part in (0, 1)
 * @returns exact to some 1e-14, by bisection; it is needed once for each row of a batch
 */
export function normalQuantile(part: number): number {
  if (part > 0.5) return -normalQuantile(1 - part);
  let [low, high] = [-40, 0];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (normalDistribution(middle) < part) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The part of the standard normal distribution below `x` ≤ 0, by its continued fraction or its series. */
function normalDistribution(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < -3) {
    let fraction = -x;
    for (let k = 80; k >= 1; k--) fraction = -x + k / fraction;
    return density / fraction;
  }
  let [term, sum] = [x, x];
  for (let k = 1; k < 60; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + density * sum;
}
