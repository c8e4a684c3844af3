/** The complementary error function by its series below 2, and by its continued fraction above (Abramowitz, Stegun 7.1.6 and 7.1.14). */
export function erfc64(x: number): number {
  if (x < 0) return 2 - erfc64(-x);
  if (x < 2) return 1 - erf64(x);
  let fraction = x;
  for (let k = 120; k > 0; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** The error function. */
export function erf64(x: number): number {
  if (x < 0) return -erf64(-x);
  if (x >= 2) return 1 - erfc64(x);
  let term = x;
  let sum = x;
  for (let n = 1; term > 1e-18 * sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** GELU, exact or by the approximation with tanh; its limits at the infinities. */
export function gelu64(x: number, approximate: 'none' | 'tanh'): number {
  if (Math.abs(x) === Infinity) return Math.max(x, 0);
  if (approximate === 'none') return 0.5 * x * erfc64(-x * Math.SQRT1_2);
  // (1 + tanh u) / 2 = 1 / (1 + exp(-2u)), which loses nothing for negative u
  return x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** The derivative of GELU; its limits at the infinities. */
export function geluSlope64(x: number, approximate: 'none' | 'tanh'): number {
  if (Math.abs(x) === Infinity) return x > 0 ? 1 : 0;
  if (approximate === 'none') return 0.5 * erfc64(-x * Math.SQRT1_2) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
  const root = Math.sqrt(2 / Math.PI);
  const bent = Math.tanh(root * (x + 0.044715 * x ** 3));
  return 0.5 * (1 + bent) + 0.5 * x * (1 - bent * bent) * root * (1 + 3 * 0.044715 * x * x);
}

/** Softmax over rows of `columns`; a row that is −∞ as a whole gives zeros. */
export function softmax64(z: ArrayLike<number>, columns: number): Float64Array {
  const y = new Float64Array(z.length);
  for (let row = 0; row < z.length; row += columns) {
    let [largest, sum] = [-Infinity, 0];
    for (let i = row; i < row + columns; i++) largest = Math.max(largest, z[i]!);
    if (largest === -Infinity) continue;
    for (let i = row; i < row + columns; i++) sum += y[i] = Math.exp(z[i]! - largest);
    for (let i = row; i < row + columns; i++) y[i]! /= sum;
  }
  return y;
}

/** The distance of a float32 number from a float64 one, in units of the last place of the latter in float32. */
export function ulps(got: number, expected: number): number {
  if (got === Math.fround(expected)) return 0;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(expected))), -126);
  return Math.abs(got - expected) / 2 ** (exponent - 23);
}
