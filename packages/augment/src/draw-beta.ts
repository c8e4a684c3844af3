import { drawNormal, drawUniform, type Rng } from '@selfsup/core';

/** Logarithms of draws from a gamma distribution: Marsaglia and Tsang, ACM TOMS 26, 2000; a shape below 1 by one more power of a uniform draw. */
function drawLogGamma(rng: Rng, count: number, shape: number): Float64Array {
  const d = shape + Number(shape < 1) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  const logs = new Float64Array(count).fill(NaN);
  for (let attempt = 0; logs.some(Number.isNaN); attempt++) {
    const normals = drawNormal(rng.fold('normal').fold(attempt), count);
    const uniforms = drawUniform(rng.fold('uniform').fold(attempt), count);
    for (let i = 0; i < count; i++) {
      const v = (1 + c * normals[i]!) ** 3;
      if (!Number.isNaN(logs[i]) || v <= 0) continue;
      if (Math.log(uniforms[i]! + 2 ** -25) < 0.5 * normals[i]! ** 2 + d - d * v + d * Math.log(v)) logs[i] = Math.log(d * v);
    }
  }
  if (shape >= 1) return logs;
  const powers = drawUniform(rng.fold('power'), count);
  return logs.map((log, i) => log + Math.log(powers[i]! + 2 ** -25) / shape);
}

/** Draws from the symmetric beta distribution: numbers in [0, 1], near ½ for large `alpha`, near 0 or 1 for small ones. */
export function drawBeta(rng: Rng, count: number, alpha: number): Float64Array {
  const [first, second] = [drawLogGamma(rng.fold('first'), count, alpha), drawLogGamma(rng.fold('second'), count, alpha)];
  return first.map((log, i) => 1 / (1 + Math.exp(second[i]! - log)));
}
