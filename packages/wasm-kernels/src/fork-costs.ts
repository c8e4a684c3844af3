import type { KernelExports } from './kernel-exports.ts';

/** What the last `setTensors` and `setWindow` said. */
export interface Geometry {
  /** n, h, w, c, oh, ow, oc */
  readonly tensors: readonly number[];
  /** kh, kw, sh, sw, top, left, dh, dw */
  readonly window: readonly number[];
}

/** Nanoseconds, roughly, that one thread takes for a call with these arguments. */
export type Cost = (args: readonly number[], geometry: Geometry) => number;

/** Multiply-adds per nanosecond of a register tile: half of what one core does. */
const MULTIPLY_ADDS = 25;

const convolution: Cost = (_, { tensors, window }) => {
  const [n = 0, , , c = 0, oh = 0, ow = 0, oc = 0] = tensors;
  const [kh = 0, kw = 0] = window;
  return (n * oh * ow * c * oc * kh * kw) / MULTIPLY_ADDS;
};
/** Winograd's algorithm does a quarter of the multiplications, and transforms. */
const winograd: Cost = (args, geometry) => convolution(args, geometry) / 3;

/** A cost of so many nanoseconds for each of the numbers, whose count is the product of the arguments at these places. */
const each =
  (nanoseconds: number, ...places: readonly number[]): Cost =>
  (args) =>
    places.reduce((product, place) => product * args[place]!, nanoseconds);

/** A window on each pixel: so many nanoseconds for each value read or written. */
const window =
  (nanoseconds: number): Cost =>
  (_, { tensors, window: [kh = 0, kw = 0] }) => {
    const [n = 0, , , c = 0, oh = 0, ow = 0, oc = 0] = tensors;
    return n * oh * ow * Math.max(c, oc) * kh * kw * nanoseconds;
  };

/** The kernels that members of a team share, and what they cost. A kernel that is not here runs on the calling thread alone. */
export const FORK_COSTS: Readonly<Partial<Record<keyof KernelExports, Cost>>> = {
  matmul: ([, , , m = 0, n = 0, k = 0]) => (m * n * k) / MULTIPLY_ADDS,
  matmulBatch: ([, , , batches = 0, , , m = 0, n = 0, k = 0]) => (batches * m * n * k) / MULTIPLY_ADDS,
  convForward: convolution,
  convInput: convolution,
  convFilter: convolution,
  winogradForward: winograd,
  winogradInput: winograd,
  winogradFilter: winograd,

  // Measured, narrow build: windows of 2×2 to 5×5, 24 to 256 channels
  depthwiseForward: window(0.1),
  depthwiseInput: window(0.1),
  depthwiseFilter: window(0.12),
  maxPool: window(0.25),
  avgPool: window(0.25),
  maxPoolGrad: window(0.7),
  avgPoolGrad: window(0.25),
  maxPool3d: each(0.3, 2, 6, 7, 8, 9, 10, 11, 12),

  // Measured in arrays of about a million numbers, narrow build
  batchNorm: each(0.54, 7, 8),
  batchNormGrad: each(0.87, 11, 12),
  layerNorm: each(0.48, 6, 7),
  layerNormGrad: each(0.6, 8, 9),
  softmax: each(0.96, 3, 4, 5, 6),
  softmaxGrad: each(0.48, 3, 4),
  crossEntropy: each(0.77, 4, 5),
  crossEntropyGrad: each(0.67, 5, 6),
  unary: each(0.8, 3),
  geluForward: each(1.4, 2),
  geluGrad: each(2, 3),
  sgdUpdate: each(0.7, 5),
  larsUpdate: each(0.78, 5),
  adamWUpdate: each(1, 7),
  emaUpdate: each(0.44, 3),
  l2Normalize: each(0.52, 3, 4),
  l2NormalizeGrad: each(0.52, 4, 5),
  dropout: each(1.15, 2),
  clamp: each(0.25, 2),
  sign: each(0.25, 2),
  extremum: each(0.48, 3),
  groupNorm: each(0.54, 6, 7, 8),
  groupNormGrad: each(0.87, 8, 9, 10),
  gather: ([, , , batches = 0, outer = 0, , count = 0, bytes = 0]) => batches * outer * count * (bytes === 4 ? 1.1 : 5 + bytes * 0.03),
  segmentSumInt: each(0.6, 3, 4),
  arithmetic: ([, , , , rows = 0, columns = 0]) => rows * (2 + columns * 0.36),
  segmentSum: ([, , , rows = 0, size = 0, segments = 0]) => (rows + segments) * size * 0.2,
  permuteRows: ([, , i = 0, j = 0, k = 0, , , , bytes = 0]) => i * j * k * (4 + bytes * 0.06),
  sumMiddle: each(0.2, 2, 3, 4),
  addTo: each(0.23, 2, 3, 6),
  fillZero: each(0.037, 1),
};
