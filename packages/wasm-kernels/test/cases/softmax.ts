import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { softmax64 } from '../float64-functions.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, signedValues, type Values } from '../wasm-under-test.ts';

type Random = () => number;

const columnsOf = (random: Random) => pick(random, [integer(random, 1, 9), integer(random, 4, 130), integer(random, 1000, 1100)]);
const LOWEST = -3.4028234663852886e38;

function times(x: Values, factor: number): Values {
  return { ...x, values: x.values.map((v) => v * factor) };
}

/** Logits of any height, with −∞ (a weight of 0) among them, and now and then NaN and +∞, which make NaN of their row. */
function logitsOf(random: Random, shape: readonly number[], hidden: readonly number[]): Values {
  const plain = anyValues(random, shape, [1, 1, 10, 100, 1e-3, 1e4, 1e30]);
  const kind = pick(random, ['plain', 'plain', 'hidden', 'broken']);
  if (kind === 'plain') return plain;
  if (kind === 'hidden') return withSpecials(random, plain, hidden, 0.3);
  return withSpecials(random, plain, [NaN, Infinity, -Infinity], 0.5 / Math.max(1, shape.at(-1)!));
}

function softmax(random: Random): KernelCase {
  const columns = columnsOf(random);
  const shape = pick(random, [[columns], [integer(random, 0, 20), columns], [integer(random, 1, 4), integer(random, 1, 4), columns]]);
  const logits = logitsOf(random, shape, [-Infinity, LOWEST]);
  return { inputs: { logits }, attrs: { dim: shape.length - 1 }, expected: [softmax64(logits.values, columns)] };
}

function masked(random: Random): KernelCase {
  const keys = columnsOf(random);
  const [batch, heads, queries] = [integer(random, 1, 3), integer(random, 1, 3), integer(random, 1, 5)];
  const shape = [batch, heads, queries, keys];
  const maskShape = pick(random, [
    [keys],
    [batch, 1, 1, keys],
    [queries, keys],
    [1, heads, queries, keys],
    [batch, 1, queries, keys],
    shape,
    [1, 1, 1, keys],
  ]);
  const x = logitsOf(random, shape, [-Infinity]); // the lowest number times -2 is beyond float32
  const mask = signedValues(random, maskShape);
  const hidden = pick(random, [0, 0.3, 0.95, 1]);
  mask.values.forEach((_, i) => {
    mask.values[i] = random() < hidden ? pick(random, [-Infinity, -1e9, LOWEST]) : pick(random, [0, random()]);
  });
  const scale = pick(random, [1, 0.125, -2]);
  // from the place in x to the place in the mask
  const full = [1, 1, 1, 1].map((_, axis) => maskShape[axis - 4 + maskShape.length] ?? 1);
  const place = (i: number): number => {
    const at = [
      Math.floor(i / (heads * queries * keys)),
      Math.floor(i / (queries * keys)) % heads,
      Math.floor(i / keys) % queries,
      i % keys,
    ];
    return full.reduce((sum, size, axis) => sum * size + (size === 1 ? 0 : at[axis]!), 0);
  };
  // Powers of two as scales: then both builds round scale·x + mask alike, once, as here. It matters where −1e9 hides a whole row.
  const z = x.values.map((v, i) => scale * v + mask.values[place(i)]!);
  const unmasked = random() < 0.2;
  return {
    inputs: unmasked ? { x } : { x, mask },
    attrs: { scale },
    expected: [unmasked ? softmax64(times(x, scale).values, keys) : softmax64(z, keys)],
  };
}

function gradient(random: Random): KernelCase {
  const columns = columnsOf(random);
  const shape = [integer(random, 0, 5), integer(random, 1, 9), columns];
  const y: Values = {
    shape,
    values: Float32Array.from(softmax64(times(signedValues(random, shape), pick(random, [2, 30])).values, columns)),
  };
  const dy = anyValues(random, shape);
  const scale = pick(random, [1, 0.25, 0.3]);
  const along = new Float64Array(y.values.length / columns);
  const terms = along.slice();
  y.values.forEach((v, i) => {
    along[Math.floor(i / columns)]! += dy.values[i]! * v;
    terms[Math.floor(i / columns)]! += Math.abs(dy.values[i]! * v);
  });
  const dx = Float64Array.from(y.values, (v, i) => scale * v * (dy.values[i]! - along[Math.floor(i / columns)]!));
  const dxTerms = Float64Array.from(y.values, (v, i) => scale * v * (Math.abs(dy.values[i]!) + terms[Math.floor(i / columns)]!));
  return { inputs: { dy, y }, attrs: { scale }, expected: [dx], magnitude: [dxTerms] };
}

/** Softmax, with and without mask, and its gradient. */
export const softmaxCases: readonly CaseMaker[] = [
  { title: 'Softmax against float64', kernel: 'Softmax', make: softmax },
  { title: 'masked softmax against float64', kernel: 'SelfsupMaskedSoftmax', make: masked },
  { title: 'masked softmax gradient against float64', kernel: 'SelfsupMaskedSoftmaxGrad', make: gradient },
];
