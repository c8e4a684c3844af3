import { pick, signedValues, type Values } from './wasm-under-test.ts';

const DENORMAL = 1e-41;

/** What a product of two tensors still holds in float32, sums of a thousand terms included. */
const SCALES = [1, 1, 1, 1, 1e-3, 1e4, 1e-12, 1e12];

/** Values of both signs with zeros, of one magnitude (now and then far from 1), with a few denormals among them. */
export function anyValues(random: () => number, shape: readonly number[], scales: readonly number[] = SCALES): Values {
  const result = signedValues(random, shape);
  const { values } = result;
  const scale = pick(random, scales);
  const denormals = random() < 0.25 ? 0.1 : 0;
  for (let i = 0; i < values.length; i++) {
    values[i] = denormals > 0 && random() < denormals ? Math.sign(values[i]!) * DENORMAL : values[i]! * scale;
  }
  return result;
}

/** The same values with some of `specials` strewn in, for kernels whose definition says what comes out. */
export function withSpecials(random: () => number, source: Values, specials: readonly number[], share = 0.05): Values {
  const values = source.values.slice();
  for (let i = 0; i < values.length; i++) if (random() < share) values[i] = pick(random, specials);
  return { ...source, values };
}

/** The absolute values of a tensor: a reference computed on these gives the sum of the terms' magnitudes. */
export function absolute(source: Values): Values {
  return { ...source, values: source.values.map(Math.abs) };
}
