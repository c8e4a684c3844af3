import * as tf from '@tensorflow/tfjs-core';
import { operand, type Draw, type Operand } from '../draw.ts';
import { at, fromIndex, matMul, zip, type NdArray } from '../nd-array.ts';
import type { Operation, OperationCase } from '../operation.ts';

interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const product = (a: Operand, b: Operand, options: Transposed): OperationCase => ({
  inputs: { a, b },
  compute: (x) => tf.matMul(x['a']!, x['b']!, options.transposeA, options.transposeB),
  expected: (x) => matMul(x['a']!, x['b']!, options),
});

/** The sides of a product; every fourth is larger than the tiles of kernels. */
function sidesOf(draw: Draw): [rows: number, inner: number, columns: number] {
  const side = draw.integer(0, 3) === 0 ? () => draw.integer(17, 37) : () => draw.size();
  return [side(), side(), side()];
}

const shapesOf = ([rows, inner, columns]: readonly [number, number, number], { transposeA, transposeB }: Transposed) =>
  [transposeA ? [inner, rows] : [rows, inner], transposeB ? [columns, inner] : [inner, columns]] as const;

const nanAmong = (values: ArrayLike<number>, place: number, special: number) => Array.from(values, (x, i) => (i === place ? special : x)); // prettier-ignore

const matMulOperation: Operation = {
  name: 'matMul',
  random(draw) {
    const options = { transposeA: draw.integer(0, 1) === 1, transposeB: draw.integer(0, 1) === 1 };
    const [a, b] = shapesOf(sidesOf(draw), options);
    const batch = draw.pick([[], [], [1], [2], [3], [2, 3]]);
    const inputs = [draw.numbers([...batch, ...a]), draw.numbers([...batch, ...b])] as const;
    // of a batch that is broadcast tfjs-core's gradient is wrong
    if (batch.length === 1 && draw.integer(0, 1)) return product(inputs[0], draw.numbers([1, ...b]), options);
    return { ...product(...inputs, options), gradients: ['a', 'b'] };
  },
  notFinite: (draw) =>
    [NaN, Infinity].flatMap((special) =>
      [
        [2, 3, 4],
        [7, 9, 10],
      ].map(([rows, inner, columns]) => {
        const a = draw.distinct([rows!, inner!]);
        const b = operand([inner!, columns!], draw.distinct([inner!, columns!]).values.map((x, i) => (i === 0 ? 0 : x))); // prettier-ignore
        return product({ ...a, values: Float64Array.from(nanAmong(a.values, 0, special)) }, b, { transposeA: false, transposeB: false });
      }),
    ),
  empty: () => [product(operand([0, 3], []), operand([3, 2], [1, 2, 3, 4, 5, 6]), { transposeA: false, transposeB: false })],
};

const fusedMatMul: Operation = {
  name: 'fused.matMul',
  random(draw) {
    const options = { transposeA: false, transposeB: draw.integer(0, 1) === 1 };
    const sides = sidesOf(draw);
    const [a, b] = shapesOf(sides, options);
    return {
      inputs: { a: draw.numbers(a), b: draw.numbers(b), bias: draw.numbers([sides[2]]) },
      compute: (x) => tf.fused.matMul({ a: x['a']!, b: x['b']!, transposeB: options.transposeB, bias: x['bias']! }),
      expected: (x) => zip(matMul(x['a']!, x['b']!, options), x['bias']!, (y, offset) => y + offset),
      gradients: ['a', 'b', 'bias'],
    };
  },
};

interface Window {
  readonly stride: number;
  readonly pad: readonly [top: number, left: number];
  readonly out: readonly [height: number, width: number];
}

/** Where the windows of a convolution or a pool lie. Internal. */
export function windowOf(
  [height, width]: readonly [number, number],
  {
    kernel: [kernelHeight, kernelWidth],
    stride,
    pad,
  }: { kernel: readonly [number, number]; stride: number; pad: number | 'same' | 'valid' },
): Window {
  if (pad === 'same') {
    const out = [Math.ceil(height / stride), Math.ceil(width / stride)] as const;
    const missing = (size: number, count: number, kernel: number) => Math.floor(Math.max((count - 1) * stride + kernel - size, 0) / 2);
    return { stride, out, pad: [missing(height, out[0], kernelHeight), missing(width, out[1], kernelWidth)] };
  }
  const zeros = pad === 'valid' ? 0 : pad;
  const count = (size: number, kernel: number) => Math.floor((size + 2 * zeros - kernel) / stride) + 1;
  return { stride, pad: [zeros, zeros], out: [count(height, kernelHeight), count(width, kernelWidth)] };
}

/** Calls back for each tap of a window that lies inside of the image. Internal. */
export function forTaps(
  {
    at: [row, column],
    size: [height, width],
    kernel: [kernelHeight, kernelWidth],
  }: Readonly<Record<'at' | 'size' | 'kernel', readonly [number, number]>>,
  { stride, pad }: Window,
  visit: (tap: { y: number; x: number; i: number; j: number }) => void,
): void {
  for (let i = 0; i < kernelHeight; i++)
    for (let j = 0; j < kernelWidth; j++) {
      const [y, x] = [row * stride - pad[0] + i, column * stride - pad[1] + j];
      if (y >= 0 && y < height && x >= 0 && x < width) visit({ y, x, i, j });
    }
}

type Padding = number | 'same' | 'valid';

/** The convolution of `[n, h, w, c]` with `[kh, kw, c, f]`, or with `[kh, kw, c, m]` channel by channel. */
function convolve(x: NdArray, filter: NdArray, { stride, pad, depthwise }: { stride: number; pad: Padding; depthwise: boolean }): NdArray {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const [kh, kw, , last] = filter.shape as [number, number, number, number];
  const window = windowOf([height, width], { kernel: [kh, kw], stride, pad });
  return fromIndex([n, ...window.out, depthwise ? channels * last : last], ([image, row, column, f]) => {
    let sum = 0;
    forTaps({ at: [row!, column!], size: [height, width], kernel: [kh, kw] }, window, (tap) => {
      const [from, to] = depthwise ? [Math.floor(f! / last), Math.floor(f! / last) + 1] : [0, channels];
      for (let c = from; c < to; c++) sum += at(x, [image!, tap.y, tap.x, c]) * at(filter, [tap.i, tap.j, c, depthwise ? f! % last : f!]);
    });
    return sum;
  });
}

function convolution(name: string, depthwise: boolean): Operation {
  const make = (x: Operand, filter: Operand, stride: number, pad: Padding): OperationCase => ({
    inputs: { x, filter },
    compute: (t) => (depthwise ? tf.depthwiseConv2d : tf.conv2d)(t['x'] as tf.Tensor4D, t['filter'] as tf.Tensor4D, stride, pad),
    expected: (t) => convolve(t['x']!, t['filter']!, { stride, pad, depthwise }),
  });
  return {
    name,
    random(draw) {
      const kernel = draw.pick([[1, 1], [3, 3], [3, 3], [2, 2], [5, 5], [4, 4], [1, 3], [3, 2]] as const); // prettier-ignore
      const pad =
        kernel[0] === kernel[1] ? draw.pick<Padding>(['same', 'valid', Math.floor(kernel[0] / 2)]) : draw.pick<Padding>(['same', 'valid']);
      const side = (taps: number) => draw.integer(taps, 9);
      const [n, channels, filters] = [
        draw.integer(1, 2),
        draw.pick([1, 2, 3, 4, 5, 8]),
        depthwise ? draw.integer(1, 2) : draw.pick([1, 2, 3, 4, 8, 9]),
      ];
      const x = draw.numbers([n, side(kernel[0]), side(kernel[1]), channels]);
      return {
        ...make(x, draw.numbers([...kernel, channels, filters], { low: -1, high: 1 }), draw.pick([1, 1, 2, 3]), pad),
        gradients: ['x', 'filter'],
      };
    },
    notFinite(draw) {
      const x = draw.numbers([1, 6, 5, 2]);
      const at0 = { ...x, values: x.values.with(0, NaN) };
      return [make(at0, draw.numbers([1, 1, 2, 3]), 1, 'valid'), make(at0, draw.numbers([2, 2, 2, 3]), 2, 'valid')];
    },
  };
}

/** As the packages call it: kernels of 4×4 and stride 2, which double both sides. */
const conv2dTranspose: Operation = {
  name: 'conv2dTranspose',
  random(draw) {
    const [n, height, width, inChannels, filters] = [1, 1, 1, 1, 1].map((least) => draw.integer(least, 3)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const shape = [n, 2 * height, 2 * width, filters] as const;
    return {
      inputs: { x: draw.numbers([n, height, width, inChannels]), kernel: draw.numbers([4, 4, filters, inChannels]) },
      compute: ({ x, kernel }) => tf.conv2dTranspose(x as tf.Tensor4D, kernel as tf.Tensor4D, [...shape], 2, 'same'),
      expected: ({ x, kernel }) =>
        fromIndex(shape, (index) => {
          const [image, row, column, filter] = index as [number, number, number, number];
          let sum = 0;
          for (let i = 0; i < height; i++)
            for (let j = 0; j < width; j++) {
              const [y, z] = [row + 1 - 2 * i, column + 1 - 2 * j];
              if (y < 0 || y > 3 || z < 0 || z > 3) continue;
              for (let c = 0; c < inChannels; c++) sum += at(x!, [image, i, j, c]) * at(kernel!, [y, z, filter, c]);
            }
          return sum;
        }),
      gradients: ['x', 'kernel'],
    };
  },
};

/** Products of matrices and convolutions. Internal. */
export const productOperations: readonly Operation[] = [
  matMulOperation,
  fusedMatMul,
  convolution('conv2d', false),
  convolution('depthwiseConv2d', true),
  conv2dTranspose,
];
