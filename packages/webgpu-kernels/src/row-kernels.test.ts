// Sums along rows that contrastive losses need, and what a trainer does with many tensors.
import { addEach, movingStatistics, rowLogSumExp, rowLogSumExpGradient, sumOfEach, type OmittedEntries } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { check, drawFor, type Case } from '../test/compare.ts';
import { describeOnGpu } from '../test/webgpu-under-test.ts';

const logSumExpCase = (seed: number, shape: readonly [number, number], omit?: OmittedEntries): Case => ({
  title: `rowLogSumExp [${shape.join(', ')}] ${JSON.stringify(omit)}`,
  inputs: [drawFor(seed).normal('logits', shape), drawFor(seed).normal('dy', [shape[0]])],
  run([logits, dy]) {
    const result = rowLogSumExp(tf.clone(logits as tf.Tensor2D), omit);
    return [result, rowLogSumExpGradient({ logits: tf.clone(logits as tf.Tensor2D), result, dy: dy! }, omit)];
  },
});

describeOnGpu('sums along rows', () => {
  it('rowLogSumExp and its gradient are those of the composed form, whatever is omitted', async () => {
    await check(logSumExpCase(1, [7, 12]));
    await check(logSumExpCase(2, [12, 12], { from: 0, period: 12 }));
    await check(logSumExpCase(3, [5, 300], { from: 17, period: 300 }));
    await check(logSumExpCase(4, [6, 36], { from: 4, period: 9 }));
    const odd = { shape: [3, 2], values: Float32Array.from([NaN, 1, Infinity, 0, 1e5, -1e5]) };
    await check({ title: 'odd rows', inputs: [odd], run: ([logits]) => rowLogSumExp(tf.clone(logits as tf.Tensor2D)) });
  });

  it('sumOfEach takes tensors of any number, size and rank', async () => {
    const shapes = [[], [3], [2, 2], [5, 1, 3], [1], [700], [2], [33, 3], [1, 1]];
    const draw = drawFor(5);
    await check({ title: 'small ones', inputs: shapes.map((shape, i) => draw.normal(`${i}`, shape)), run: (all) => sumOfEach(all) });
    const large = [[20_001], [4], [31, 300]].map((shape, i) => draw.normal(`large ${i}`, shape));
    await check({ title: 'large ones', inputs: large, run: (all) => sumOfEach(all) });
    const broken = { shape: [2], values: Float32Array.from([Infinity, 1]) };
    await check({ title: 'one that is not finite', inputs: [draw.normal('x', [9]), broken], run: (all) => sumOfEach(all) });
    await tf.setBackend('webgpu');
    const empty = tf.zeros([0]);
    expect(() => sumOfEach([empty])).toThrow('SelfsupSumOfEach: `x0` must be float32 with values, got float32 [0]');
    empty.dispose();
  });

  it('sums and means over axes that are not the last are those of the cpu backend', async () => {
    const cases = [
      [[7, 5], 0],
      [
        [2, 6, 6, 20],
        [1, 2],
      ],
      [
        [3, 4, 1, 33],
        [0, 1, 2],
      ],
      [[2, 1500, 3], 1],
      [
        [4, 3, 5],
        [0, 2],
      ],
      [[4, 3], 1],
      [[6, 1], 0],
    ] as const;
    for (const [i, [shape, axis]] of cases.entries()) {
      const x = drawFor(i).normal('x', shape);
      const axes = [axis].flat();
      const run: Case['run'] = ([drawn]) => {
        const given = tf.add(drawn!, 1); // on the device
        return [tf.sum(given, axes), tf.mean(given, axes, true)];
      };
      await check({ title: `sums of [${shape.join(', ')}] over ${axes.join(', ')}`, inputs: [x], differentiate: 1, run });
    }
  });

  it('the gradient of a gather adds rows in their order, the same bits each time', async () => {
    const ids = (values: number[]) => ({ shape: [values.length], values: Int32Array.from(values), dtype: 'int32' as const });
    const gather: Case['run'] = ([table, rows]) => tf.gather(tf.add(table!, 1), rows as tf.Tensor1D);
    const many = Array.from({ length: 700 }, (_, i) => (i * i) % 13);
    for (const [columns, rows] of [
      [5, [2, 0, 2, 3, 2]],
      [300, many],
      [1, [0]],
    ] as const)
      // prettier-ignore
      await check({ title: `gather of ${columns}`, inputs: [drawFor(columns).normal('table', [13, columns]), ids([...rows])], differentiate: 1, run: gather });
    const outside: Case['run'] = ([x, segments]) => tf.unsortedSegmentSum(tf.mul(x!, 1), segments as tf.Tensor1D, 3);
    await check({ title: 'ids outside', inputs: [drawFor(8).normal('x', [4, 2, 3]), ids([1, -1, 1, 0])], run: outside });
  });

  it('addEach takes pairs of any number and size', async () => {
    const shapes = [[3], [700, 2], [], [1, 5], [300]];
    for (const count of [1, 2, 5]) {
      const inputs = ['term', 'other'].flatMap((name) => shapes.slice(0, count).map((shape, i) => drawFor(i).normal(name, shape)));
      await check({ title: `addEach of ${count}`, inputs, run: (all) => addEach(all.slice(0, count), all.slice(count)) });
    }
  });

  it('movingStatistics is that of the composed form', async () => {
    const draw = drawFor(9);
    await check({
      title: 'movingStatistics',
      inputs: ['mean', 'variance', 'batch mean', 'batch variance'].map((name) => draw.normal(name, [37])),
      run(inputs) {
        const [mean, variance, batchMean, batchVariance] = inputs as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
        const next = movingStatistics({ mean, variance }, { mean: batchMean, variance: batchVariance }, { momentum: 0.9, count: 12 });
        return [next.mean, next.variance];
      },
    });
  });
});
