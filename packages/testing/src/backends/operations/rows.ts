import { rowLogSumExp, rowLogSumExpGradient, softmaxCrossEntropy, takeRows } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { operand, type Draw } from '../draw.ts';
import { at, fromIndex, nd, type NdArray } from '../nd-array.ts';
import type { Operation } from '../operation.ts';

const gather: Operation = {
  name: 'gather',
  random(draw) {
    const shape = draw.shape(1, 3);
    const axis = draw.integer(0, shape.length - 1);
    const indices = draw.integers(draw.integer(0, 3) ? [draw.integer(1, 9)] : [2, 3], { below: shape[axis]! });
    const x = draw.integer(0, 4) ? draw.numbers(shape) : draw.integers(shape, { below: 99 });
    const rank = indices.shape.length;
    return {
      inputs: { x, indices },
      compute: (t) => tf.gather(t['x']!, t['indices'] as tf.Tensor1D, axis),
      expected: (t) =>
        fromIndex([...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)], (index) =>
          at(t['x']!, index.toSpliced(axis, rank, at(t['indices']!, index.slice(axis, axis + rank)))),
        ),
      ...(x.dtype === 'float32' && { gradients: ['x'] }),
    };
  },
};

// its gradient in tfjs fails for two batch axes, and for one without the chained operations of tfjs: the packages call takeRows
const batchedGather: Operation = {
  name: 'gather with batchDims',
  random(draw) {
    const shape = draw.shape(2, 4);
    const axis = draw.integer(1, shape.length - 1);
    const batchDims = draw.integer(1, axis);
    const indices = draw.integers([...shape.slice(0, batchDims), ...draw.shape(1, 2)], { below: shape[axis]! });
    const rank = indices.shape.length - batchDims;
    return {
      inputs: { x: draw.integer(0, 4) ? draw.numbers(shape) : draw.integers(shape, { below: 99 }), indices },
      compute: (t) => tf.gather(t['x']!, t['indices'] as tf.Tensor1D, axis, batchDims),
      expected: (t) =>
        fromIndex([...shape.slice(0, axis), ...indices.shape.slice(batchDims), ...shape.slice(axis + 1)], (index) =>
          at(t['x']!, index.toSpliced(axis, rank, at(t['indices']!, [...index.slice(0, batchDims), ...index.slice(axis, axis + rank)]))),
        ),
    };
  },
};

const gatherND: Operation = {
  name: 'gatherND',
  random(draw) {
    const shape = draw.shape(2, 3);
    const [count, depth] = [draw.integer(1, 9), draw.integer(1, shape.length)];
    const columns = Array.from({ length: depth }, (_, axis) => draw.integers([count], { below: shape[axis]! }).values);
    const indices = operand([count, depth], Array.from({ length: count }, (_, i) => columns.map((column) => column[i]!)).flat(), 'int32'); // prettier-ignore
    return {
      inputs: { x: draw.numbers(shape), indices },
      compute: (t) => tf.gatherND(t['x']!, t['indices']!),
      expected: (t) =>
        fromIndex([count, ...shape.slice(depth)], ([i, ...rest]) => at(t['x']!, [...columns.map((column) => column[i!]!), ...rest])),
    };
  },
};

const scatterND: Operation = {
  name: 'scatterND',
  random(draw) {
    const [size, step] = [draw.integer(9, 40), draw.integer(1, 3)];
    const count = Math.floor(size / step);
    // each place once, as the packages call it
    const places = operand([count, 1], Array.from({ length: count }, (_, i) => (i * step + (i % 2 ? 0 : step - 1)) % size), 'int32'); // prettier-ignore
    const distinct = operand([count, 1], [...new Set(places.values)].length === count ? places.values : [...places.values.keys()], 'int32'); // prettier-ignore
    const x = draw.integer(0, 1) ? draw.numbers([count]) : draw.integers([count], { low: -9, below: 10 });
    return {
      inputs: { x, places: distinct },
      compute: (t) => tf.scatterND(t['places']!, t['x']!, [size]),
      expected: (t) => nd([size], (place) => t['x']!.values[distinct.values.indexOf(place)] ?? 0),
    };
  },
};

const unsortedSegmentSum: Operation = {
  name: 'unsortedSegmentSum',
  random(draw) {
    const [rows, segments] = [draw.integer(1, 20), draw.integer(1, 9)];
    const row = draw.shape(0, 2);
    return {
      inputs: { x: draw.numbers([rows, ...row]), ids: draw.integers([rows], { below: segments }) },
      compute: (t) => tf.unsortedSegmentSum(t['x']!, t['ids'] as tf.Tensor1D, segments),
      expected: ({ x, ids }) =>
        fromIndex([segments, ...row], ([segment, ...rest]) =>
          ids!.values.reduce((sum, id, i) => (id === segment ? sum + at(x!, [i, ...rest]) : sum), 0),
        ),
      gradients: ['x'],
    };
  },
};

const oneHot: Operation = {
  name: 'oneHot',
  random(draw) {
    const depth = draw.integer(2, 11);
    const labels = draw.integers([draw.integer(1, 17)], { below: depth });
    return {
      inputs: { labels },
      compute: ({ labels: which }) => tf.oneHot(which as tf.Tensor1D, depth),
      expected: ({ labels: which }) => fromIndex([...labels.shape, depth], ([i, column]) => Number(which!.values[i!] === column)),
    };
  },
};

const takeRowsOperation: Operation = {
  name: 'takeRows',
  random(draw) {
    const batch = draw.pick([[], [], [2], [3], [2, 2]]);
    const [rows, row] = [draw.integer(1, 9), draw.shape(0, 2)];
    const indices = draw.integers([...batch, draw.integer(1, 7)], { below: rows });
    const batchDims = batch.length;
    return {
      inputs: { x: draw.numbers([...batch, rows, ...row]), indices },
      compute: (t) => takeRows(t['x']!, t['indices']!, { batchDims }),
      expected: (t) =>
        fromIndex([...indices.shape, ...row], (index) =>
          at(t['x']!, index.with(batchDims, at(t['indices']!, index.slice(0, batchDims + 1)))),
        ),
      gradients: ['x'],
    };
  },
};

const crossEntropy: Operation = {
  name: 'softmaxCrossEntropy',
  random(draw) {
    const [n, classes] = [draw.integer(1, 13), draw.pick([1, 2, 3, 7, 33])];
    return {
      inputs: { logits: draw.numbers([n, classes], { low: -8, high: 8 }), labels: draw.integers([n], { low: -1, below: classes }) },
      compute: (t) => softmaxCrossEntropy(t['logits'] as tf.Tensor2D, t['labels'] as tf.Tensor1D),
      expected: ({ logits, labels }) =>
        nd([n], (i) => {
          const [row, label] = [[...logits!.values.subarray(i * classes, (i + 1) * classes)], labels!.values[i]!];
          const most = Math.max(...row);
          return label < 0 ? 0 : most - row[label]! + Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0));
        }),
      gradients: ['logits'],
    };
  },
  // a row that counts and holds a NaN is NaN; one that is ignored is 0
  notFinite: () => [
    {
      inputs: { logits: operand([3, 2], [NaN, 1, NaN, 1, 1e4, -1e4]), labels: operand([3], [1, -1, 0], 'int32') },
      compute: (t) => softmaxCrossEntropy(t['logits'] as tf.Tensor2D, t['labels'] as tf.Tensor1D),
      expected: () => nd([3], [NaN, 0, 0]),
    },
  ],
};

const topk: Operation = {
  name: 'topk',
  random(draw) {
    const shape = draw.shape(1, 3);
    const k = draw.integer(1, shape.at(-1)!);
    const best = (row: Float64Array) => [...row.keys()].sort((i, j) => row[j]! - row[i]!).slice(0, k);
    return {
      inputs: { x: draw.distinct(shape) },
      compute({ x }) {
        const { values, indices } = tf.topk(x!, k);
        return [values, indices];
      },
      expected({ x }) {
        const length = shape.at(-1)!;
        const rows = Array.from({ length: x!.values.length / length }, (_, i) => x!.values.subarray(i * length, (i + 1) * length));
        const out = [...shape.slice(0, -1), k];
        return [
          nd(
            out,
            rows.flatMap((row) => best(row).map((i) => row[i]!)),
          ),
          nd(out, rows.flatMap(best)),
        ];
      },
    };
  },
};

/** Rows of logits with entries that do not count, now and then. */
function logitsCase(draw: Draw) {
  const period = draw.integer(1, 5);
  const [rows, columns] = [draw.integer(1, 9), period * draw.integer(2, 4)];
  const omit = draw.integer(0, 2) ? { from: draw.integer(0, 6), period: Math.max(period, 2) } : undefined;
  const width = omit ? omit.period * draw.integer(period > 1 ? 1 : 2, 4) : columns;
  const counts = (i: number, j: number) => omit === undefined || (omit.from + i) % omit.period !== j % omit.period;
  return { shape: [rows, width] as const, omit, counts };
}

/** log Σ exp over the entries of each row that count. */
const countedSums = ({ shape: [rows, columns], values }: NdArray, counts: (i: number, j: number) => boolean) =>
  nd([rows!], (i) => {
    const row = Array.from({ length: columns! }, (_, j) => (counts(i, j) ? values[i * columns! + j]! : -Infinity));
    const most = Math.max(...row);
    return most + Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0));
  });

const rowSums: Operation = {
  name: 'rowLogSumExp',
  random(draw) {
    const { shape, omit, counts } = logitsCase(draw);
    return {
      inputs: { logits: draw.numbers(shape, { low: -8, high: 8 }) },
      compute: ({ logits }) => rowLogSumExp(tf.clone(logits as tf.Tensor2D), omit),
      expected: ({ logits }) => countedSums(logits!, counts),
    };
  },
};

const rowSumsGradient: Operation = {
  name: 'rowLogSumExpGradient',
  random(draw) {
    const { shape, omit, counts } = logitsCase(draw);
    const logits = draw.numbers(shape, { low: -8, high: 8 });
    const result = operand([shape[0]], countedSums(logits, counts).values);
    return {
      inputs: { logits, result, dy: draw.numbers([shape[0]]) },
      compute: (t) => rowLogSumExpGradient({ logits: tf.clone(t['logits'] as tf.Tensor2D), result: t['result']!, dy: t['dy']! }, omit),
      expected: (t) =>
        fromIndex(shape, ([i, j]) =>
          counts(i!, j!) ? t['dy']!.values[i!]! * Math.exp(at(t['logits']!, [i!, j!]) - t['result']!.values[i!]!) : 0,
        ),
    };
  },
};

/** Rows by their numbers, and losses from labels. Internal. */
export const rowOperations: readonly Operation[] = [
  gather,
  batchedGather,
  gatherND,
  scatterND,
  unsortedSegmentSum,
  oneHot,
  takeRowsOperation,
  crossEntropy,
  topk,
  rowSums,
  rowSumsGradient,
];
