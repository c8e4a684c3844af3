import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;

function indices(random: Random, shape: readonly number[], [low, high]: readonly [number, number]): Values {
  const values = new Int32Array(shape.reduce((a, b) => a * b, 1)).map(() => integer(random, low, high));
  return { shape, values, dtype: 'int32' };
}

function source(random: Random, shape: readonly number[]): Values {
  const values = anyValues(random, shape);
  const kind = pick(random, ['float32', 'float32', 'int32', 'bool'] as const);
  if (kind === 'float32') return random() < 0.2 ? withSpecials(random, values, [NaN, Infinity, -Infinity]) : values;
  return { shape, values: Int32Array.from(values.values, (v) => (kind === 'bool' ? Number(v > 0) : Math.round(v * 100))), dtype: kind };
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function gather(random: Random): KernelCase {
  const batchDims = integer(random, 0, 2);
  const batch = Array.from({ length: batchDims }, () => integer(random, 1, 3));
  const outer = Array.from({ length: integer(random, 0, 1) }, () => integer(random, 1, 3));
  const inner = Array.from({ length: integer(random, 0, 2) }, () => integer(random, 1, 6));
  const dim = integer(random, 1, 7);
  const axis = batchDims + outer.length;
  // The cpu backend checks indices against x.shape[axis]; int32 of rank batchDims and more.
  const rest = Array.from({ length: integer(random, batchDims === 0 ? 1 : 0, 2) }, () => integer(random, random() < 0.05 ? 0 : 1, 5));
  const x = source(random, [...batch, ...outer, dim, ...inner]);
  const at = indices(random, [...batch, ...rest], [0, dim - 1]);
  const [outerSize, count, slice] = [product(outer), product(rest), product(inner)];
  const expected = Float64Array.from({ length: product([...batch, ...outer, ...rest, ...inner]) }, (_, i) => {
    const s = i % slice;
    const r = Math.floor(i / slice) % count;
    const o = Math.floor(i / slice / count) % outerSize;
    const b = Math.floor(i / slice / count / outerSize);
    return x.values[((b * outerSize + o) * dim + at.values[b * count + r]!) * slice + s]!;
  });
  return { inputs: { x, indices: at }, attrs: { axis, batchDims }, expected: [expected], alsoCpu: true };
}

function segmentSum(random: Random): KernelCase {
  const rows = integer(random, 1, 40);
  const segments = integer(random, 1, 9);
  const shape = [rows, ...Array.from({ length: integer(random, 0, 2) }, () => integer(random, 1, 7))];
  const x = anyValues(random, shape);
  const segmentIds = indices(random, [rows], [-1, segments]); // ids outside are dropped
  const row = product(shape.slice(1));
  const sum = new Float64Array(segments * row);
  const terms = new Float64Array(segments * row);
  x.values.forEach((v, i) => {
    const id = segmentIds.values[Math.floor(i / row)]!;
    if (id < 0 || id >= segments) return;
    sum[id * row + (i % row)]! += v;
    terms[id * row + (i % row)]! += Math.abs(v);
  });
  return { inputs: { x, segmentIds }, attrs: { numSegments: segments }, expected: [sum], magnitude: [terms], alsoCpu: true };
}

/** Gather with and without batch dimensions, and its gradient. */
export const gatherCases: readonly CaseMaker[] = [
  { title: 'GatherV2', kernel: 'GatherV2', make: gather },
  { title: 'UnsortedSegmentSum', kernel: 'UnsortedSegmentSum', make: segmentSum },
];
