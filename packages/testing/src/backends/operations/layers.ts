import { createRng, dropout, gelu, patchify, signedPower, threefry2x32, unpatchify, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { operand, type Operand } from '../draw.ts';
import { at, fromIndex, map, nd } from '../nd-array.ts';
import type { Operation, OperationCase } from '../operation.ts';
import { errorFunction } from './error-function.ts';

/** GELU without overflow far from 0. */
const geluOf = (x: number, approximate: 'none' | 'tanh') => {
  if (Math.abs(x) > 15) return x > 0 ? x : 0;
  const bent = approximate === 'tanh' ? Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)) : errorFunction(x * Math.SQRT1_2);
  return (x * (1 + bent)) / 2;
};

const geluCase = (x: Operand, approximate: 'none' | 'tanh'): OperationCase => ({
  inputs: { x },
  compute: (t) => gelu(t['x']!, { approximate }),
  expected: (t) => map(t['x']!, (value) => geluOf(value, approximate)),
});

const geluOperation: Operation = {
  name: 'gelu',
  random: (draw) => ({
    ...geluCase(draw.numbers(draw.shape(1, 3), { low: -5, high: 5 }), draw.pick(['none', 'tanh'] as const)),
    gradients: ['x'],
  }),
  notFinite: () => (['none', 'tanh'] as const).map((approximate) => geluCase(operand([5], [NaN, Infinity, 3, 100, -100]), approximate)),
};

/** The half-words of a stream, the low one of each word first: what `dropout` compares with its rate. */
function halfWords(rng: Rng, count: number): number[] {
  const key = [rng.fold('draw key 0').seed(), rng.fold('draw key 1').seed()] as const;
  const block = new Uint32Array(2);
  return Array.from({ length: Math.ceil(count / 4) }, (_, i) => {
    threefry2x32(key, [i, 0], block);
    return [...block].flatMap((word) => [word & 0xffff, word >>> 16]);
  }).flat();
}

const dropoutOperation: Operation = {
  name: 'dropout',
  random(draw) {
    const shape = draw.shape(1, 3);
    const [rate, seed] = [draw.pick([0, 0.25, 0.5, 0.875]), draw.integer(0, 1e6)];
    return {
      inputs: { x: draw.numbers(shape) },
      compute: ({ x }) => dropout(x!, { rate, rng: createRng(seed) }),
      expected({ x }) {
        const halves = halfWords(createRng(seed), x!.values.length);
        const kept = (i: number) => halves[i]! >= rate * 2 ** 16;
        return nd(shape, (i) => (kept(i) ? x!.values[i]! / (1 - rate) : 0));
      },
      gradients: ['x'],
    };
  },
};

const signedPowerOperation: Operation = {
  name: 'signedPower',
  random(draw) {
    const power = draw.pick([0.5, 0.3, 1]);
    return {
      inputs: { x: draw.distinct(draw.shape(1, 3)) },
      compute: ({ x }) => signedPower(x!, { power, floor: 1e-4 }),
      expected: ({ x }) => map(x!, (value) => Math.sign(value) * Math.abs(value) ** power),
      gradients: ['x'],
    };
  },
};

/** Where in the image an element of a patch lies. */
const placeOf = (patch: number, element: number, { columns, size, channels }: { columns: number; size: number; channels: number }) =>
  [
    Math.floor(patch / columns) * size + Math.floor(element / (size * channels)),
    (patch % columns) * size + Math.floor((element % (size * channels)) / channels),
    element % channels,
  ] as const;

const patches = (name: string, back: boolean): Operation => ({
  name,
  random(draw) {
    const [n, rows, columns, size, channels] = [1, 3, 3, 3, 3].map((most) => draw.integer(1, most)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const image = [n, rows * columns === 1 ? size : rows * size, columns * size, channels];
    const square = [n, rows * size, rows * size, channels]; // unpatchify makes squares of so many patches
    const across = back ? rows : columns;
    const length = size * size * channels;
    const shapeOfPatches = [n, back ? rows * rows : Math.round((image[1]! / size) * columns), length];
    const where = { columns: across, size, channels };
    const x = draw.numbers(back ? shapeOfPatches : image);
    return {
      inputs: { x },
      compute: ({ x: t }) => (back ? unpatchify(t as tf.Tensor3D, { patchSize: size }) : patchify(t as tf.Tensor4D, { patchSize: size })),
      expected({ x: t }) {
        if (!back) return fromIndex(shapeOfPatches, ([i, patch, element]) => at(t!, [i!, ...placeOf(patch!, element!, where)]));
        const image = nd(square, () => 0);
        for (let i = 0; i < n; i++)
          for (let patch = 0; patch < rows * rows; patch++)
            for (let element = 0; element < length; element++) {
              const [y, column, c] = placeOf(patch, element, where);
              image.values[((i * square[1]! + y) * square[2]! + column) * channels + c] = at(t!, [i, patch, element]);
            }
        return image;
      },
      gradients: ['x'],
    };
  },
});

/** One axis of an image that is resized: which two places an output is between, and how far from the first. */
function between(out: number, size: number, count: number): [low: number, high: number, share: number] {
  const place = Math.max((out + 0.5) * (size / count) - 0.5, 0); // half-pixel centers
  const low = Math.min(Math.floor(place), size - 1);
  return [low, Math.min(low + 1, size - 1), place - low];
}

const resizeBilinear: Operation = {
  name: 'image.resizeBilinear',
  random(draw) {
    const [n, height, width, channels] = [draw.integer(1, 3), draw.integer(2, 7), draw.integer(2, 7), draw.pick([1, 3, 4])];
    const [outHeight, outWidth] = [draw.integer(2, 9), draw.integer(2, 9)];
    return {
      inputs: { x: draw.numbers([n, height, width, channels]) },
      compute: ({ x }) => tf.image.resizeBilinear(x as tf.Tensor4D, [outHeight, outWidth], false, true),
      expected: ({ x }) =>
        fromIndex([n, outHeight, outWidth, channels], ([i, row, column, c]) => {
          const [top, bottom, down] = between(row!, height, outHeight);
          const [left, right, along] = between(column!, width, outWidth);
          const line = (y: number) => at(x!, [i!, y, left, c!]) * (1 - along) + at(x!, [i!, y, right, c!]) * along;
          return line(top) * (1 - down) + line(bottom) * down;
        }),
    };
  },
};

/** What layers and augmentations are made of besides. Internal. */
export const layerOperations: readonly Operation[] = [
  geluOperation,
  dropoutOperation,
  signedPowerOperation,
  patches('patchify', false),
  patches('unpatchify', true),
  resizeBilinear,
];
