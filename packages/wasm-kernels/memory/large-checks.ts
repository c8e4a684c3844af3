import * as tf from '@tensorflow/tfjs-core';
import { elementAt, largeTensor, valueAt } from './large-values.ts';

/** Compares samples of a tensor with a definition. */
export type Compare = (what: string, tensor: tf.Tensor, expected: (place: number) => number, tolerance?: number) => void;

const ROWS = 2 ** 23; // times 64 float32: 2 GiB
const COLUMNS = 64;
/** Blocks of a transposed product are added up in float32: millions of terms of one sign keep a little less than others. */
const LONG_SUM = 5e-5;

function kernel(name: string, inputs: tf.NamedTensorMap, attrs: object = {}): tf.Tensor[] {
  const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attrs as tf.NamedAttrMap);
  return Array.isArray(result) ? result : [result];
}

function sumOf(count: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += term(i);
  return sum;
}

/** Products, sums, gather and its gradient on a matrix of 2 GiB. */
export function matrices(compare: Compare): void {
  const x = largeTensor<tf.Rank.R2>([ROWS, COLUMNS]);
  const at = (row: number, column: number): number => valueAt(row * COLUMNS + column);
  const w = largeTensor<tf.Rank.R2>([COLUMNS, 2]);
  const y = tf.matMul(x, w);
  compare('product of 2 GiB', y, (i) => sumOf(COLUMNS, (k) => at(i >> 1, k) * valueAt(k * 2 + (i & 1))));
  const inner = tf.matMul(x, y, true, false);
  const dot = (i: number): number => sumOf(ROWS, (r) => at(r, i >> 1) * elementAt(y, r * 2 + (i & 1)));
  compare('product of 2 GiB transposed', tf.slice(inner, [0, 0], [1, 2]), dot, LONG_SUM);
  const sums = tf.sum(x, 1);
  compare('sums of rows of 2 GiB', sums, (i) => sumOf(COLUMNS, (k) => at(i, k)));
  const rows = [ROWS - 1, 0, 4_194_304, 4_194_303, 6_000_001];
  const indices = tf.tensor1d(rows, 'int32');
  const gathered = tf.gather(x, indices);
  compare('gather from 2 GiB', gathered, (i) => at(rows[Math.floor(i / COLUMNS)]!, i % COLUMNS));
  const ids = tf.tensor1d(
    Int32Array.from({ length: ROWS }, (_, i) => (rows.includes(i) ? 1 : -1)),
    'int32',
  );
  const [segments] = kernel('UnsortedSegmentSum', { x, segmentIds: ids }, { numSegments: 2 });
  compare('segment sum of 2 GiB', segments!, (i) => (i < COLUMNS ? 0 : sumOf(rows.length, (r) => at(rows[r]!, i % COLUMNS))));
  x.dispose();
  const [scattered] = kernel('UnsortedSegmentSum', { x: gathered, segmentIds: tf.range(0, 5, 1, 'int32') }, { numSegments: ROWS - 100 });
  compare('segment sum into 2 GiB', scattered!, (i) => (i < 5 * COLUMNS ? elementAt(gathered, i) : 0));
}

/** What takes nearly all of the heap and yields little; what would need as much again has to say so. */
export function largest(compare: Compare): void {
  const rows = 3.5 * 2 ** 22;
  const x = largeTensor<tf.Rank.R2>([rows, COLUMNS]);
  const at = (row: number, column: number): number => valueAt(row * COLUMNS + column);
  const w = largeTensor<tf.Rank.R2>([COLUMNS, 1]);
  compare('product of 3.5 GiB', tf.matMul(x, w), (i) => sumOf(COLUMNS, (k) => at(i, k) * valueAt(k)));
  compare('sums of rows of 3.5 GiB', tf.sum(x, 1), (i) => sumOf(COLUMNS, (k) => at(i, k)));
  const places = [rows - 1, 0, 2 ** 23, 2 ** 23 - 1, 14_000_001];
  const gathered = tf.gather(x, tf.tensor1d(places, 'int32'));
  compare('gather from 3.5 GiB', gathered, (i) => at(places[Math.floor(i / COLUMNS)]!, i % COLUMNS));
  let code: unknown;
  try {
    tf.relu(x);
  } catch (error) {
    code = (error as { code?: unknown }).code;
  }
  if (code !== 'SELFSUP_MEMORY') throw new Error(`relu of 3.5 GiB must fail with SELFSUP_MEMORY, got ${String(code)}`);
  compare('product of 3.5 GiB after that', tf.matMul(x, w), (i) => sumOf(COLUMNS, (k) => at(i, k) * valueAt(k)));
}

/** Batch normalization of 1.9 GiB to 1.9 GiB. */
export function normalization(compare: Compare): void {
  const rows = 7_900_000;
  const [scale, offset] = [tf.fill([COLUMNS], 2), tf.fill([COLUMNS], -1)];
  const x = largeTensor([rows, COLUMNS]);
  const [y, mean, variance] = kernel('SelfsupBatchNorm', { x, scale, offset }, { epsilon: 1e-5 }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const column = 5;
  const average = sumOf(rows, (r) => valueAt(r * COLUMNS + column)) / rows;
  const spread = sumOf(rows, (r) => (valueAt(r * COLUMNS + column) - average) ** 2) / rows;
  compare('mean over 1.9 GiB', tf.slice(mean, [column], [1]), () => average);
  compare('variance over 1.9 GiB', tf.slice(variance, [column], [1]), () => spread);
  compare('batch norm of 1.9 GiB', y, (i) => {
    const c = i % COLUMNS;
    return (2 * (valueAt(i) - elementAt(mean, c))) / Math.sqrt(elementAt(variance, c) + 1e-5) - 1;
  });
}

/** Its gradient, three tensors of 1.2 GiB. */
export function normalisationGradient(compare: Compare): void {
  const rows = 5_000_000;
  const [mean, variance, scale] = [tf.fill([COLUMNS], 0.1), tf.fill([COLUMNS], 0.09), tf.fill([COLUMNS], 2)];
  const x = largeTensor([rows, COLUMNS]);
  const dy = largeTensor([rows, COLUMNS]);
  const [dx, dScale, dOffset] = kernel('SelfsupBatchNormGrad', { dy, x, mean, variance, scale }, { epsilon: 1e-5 }) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const inverse = 1 / Math.sqrt(0.09 + 1e-5);
  const normal = (i: number): number => (valueAt(i) - 0.1) * inverse;
  compare('offset gradient over 1.2 GiB', tf.slice(dOffset, [5], [1]), () => sumOf(rows, (r) => valueAt(r * COLUMNS + 5)));
  compare('scale gradient over 1.2 GiB', tf.slice(dScale, [5], [1]), () =>
    sumOf(rows, (r) => valueAt(r * COLUMNS + 5) * normal(r * COLUMNS + 5)),
  );
  compare('batch norm gradient of 1.2 GiB', dx, (i) => {
    const c = i % COLUMNS;
    return 2 * inverse * (valueAt(i) - elementAt(dOffset, c) / rows - (normal(i) * elementAt(dScale, c)) / rows);
  });
}

const IMAGES: [number, number, number, number] = [8, 1024, 1024, 64]; // 2 GiB
const SMALL: [number, number, number, number] = [8, 512, 512, 4];
const ATTRS = { strides: [2, 2], pad: 'same', dilations: [1, 1], dataFormat: 'NHWC' };

/** Convolutions and pooling, whose images are 2 GiB. */
export function images(compare: Compare): void {
  const pixel = (n: number, h: number, w: number, c: number): number =>
    h < 0 || w < 0 || h > 1023 || w > 1023 ? 0 : valueAt(((n * 1024 + h) * 1024 + w) * 64 + c);
  const place = (i: number, channels: number, size: number) => ({
    c: i % channels,
    w: Math.floor(i / channels) % size,
    h: Math.floor(i / channels / size) % size,
    n: Math.floor(i / channels / size / size),
  });
  const filter = largeTensor<tf.Rank.R4>([3, 3, 64, 4]);
  const weight = (t: number, c: number, o: number): number => valueAt((t * 64 + c) * 4 + o);
  const dy = largeTensor<tf.Rank.R4>(SMALL);
  const [dx] = kernel('Conv2DBackpropInput', { dy, filter }, { ...ATTRS, inputShape: IMAGES });
  // Stride 2, padded at the bottom and right: tap t of output o lies at 2 o + t.
  const outputsAt = (at: number): [number, number][] =>
    [0, 1, 2].map((t) => [(at - t) / 2, t] as [number, number]).filter(([o]) => o >= 0 && o < 512 && o % 1 === 0);
  compare('input gradient of 2 GiB', dx!, (i) => {
    const { n, h, w, c } = place(i, 64, 1024);
    let sum = 0;
    for (const [oh, th] of outputsAt(h))
      for (const [ow, tw] of outputsAt(w)) sum += sumOf(4, (o) => valueAt(((n * 512 + oh) * 512 + ow) * 4 + o) * weight(th * 3 + tw, c, o));
    return sum;
  });
  dx!.dispose();
  const x = largeTensor<tf.Rank.R4>(IMAGES);
  const [y] = kernel('Conv2D', { x, filter }, ATTRS);
  const windowSum = (i: number, channels: number, term: (value: number, t: number, c: number) => number, depth: number): number => {
    const { n, h, w } = place(i, channels, 512);
    return sumOf(9, (t) => sumOf(depth, (c) => term(pixel(n, 2 * h + Math.floor(t / 3), 2 * w + (t % 3), c), t, c)));
  };
  compare('convolution of 2 GiB', y!, (i) => windowSum(i, 4, (v, t, c) => v * weight(t, c, i % 4), 64));
  const [dw] = kernel('Conv2DBackpropFilter', { x, dy }, { ...ATTRS, filterShape: [3, 3, 64, 4] });
  const pixels = 8 * 512 * 512;
  compare(
    'filter gradient of 2 GiB',
    tf.slice(tf.reshape(dw!, [-1]), [7], [1]),
    () => sumOf(pixels, (p) => pixel(Math.floor(p / 512 / 512), 2 * (Math.floor(p / 512) % 512), 2 * (p % 512), 1) * valueAt(p * 4 + 3)),
    LONG_SUM,
  );
  const thin = largeTensor<tf.Rank.R4>([3, 3, 64, 1]);
  const [depthwise] = kernel('DepthwiseConv2dNative', { x, filter: thin }, ATTRS);
  compare('depthwise convolution of 2 GiB', depthwise!, (i) => {
    const { n, h, w, c } = place(i, 64, 512);
    return sumOf(9, (t) => pixel(n, 2 * h + Math.floor(t / 3), 2 * w + (t % 3), c) * valueAt(t * 64 + c));
  });
  const [pooled] = kernel('MaxPool', { x }, { filterSize: [2, 2], strides: [2, 2], pad: 'valid' });
  compare('max pooling of 2 GiB', pooled!, (i) => {
    const { n, h, w, c } = place(i, 64, 512);
    return Math.max(...[0, 1, 2, 3].map((t) => pixel(n, 2 * h + (t >> 1), 2 * w + (t & 1), c)));
  });
}
