import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { registerTrainingKernels, type TrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayRanks } from '../../fixtures/replay-ranks.ts';
import { soloCollective, type Collective } from '../collective.ts';
import { drawNormal } from '../draws.ts';
import { recompute } from '../recompute.ts';
import { createRng } from '../rng.ts';
import { batchNormTraining } from './batch-norm.ts';
import { movingStatistics } from './moving-statistics.ts';
import { synchronizedBatchNorm } from './synchronized-batch-norm.ts';

type Name =
  'x' | 'scale' | 'offset' | 'weight' | 'y' | 'mean' | 'variance' | 'runningMean' | 'runningVariance' | 'dx' | 'dScale' | 'dOffset';
interface Case extends Record<Name, number[]> {
  rows: number[];
  /** Of one row. */
  shape: number[];
  activation: 'linear' | 'relu';
  epsilon: number;
  residual?: number[];
  dResidual?: number[];
}
const { meta, cases } = JSON.parse(readFileSync(new URL('../../fixtures/synchronized-batch-norm.json', import.meta.url), 'utf8')) as {
  meta: { torch: string };
  cases: Case[];
};

/** The greatest difference from the expected numbers, as a part of the greatest of them. */
const apart = (actual: ArrayLike<number>, expected: readonly number[]): number => {
  if (actual.length !== expected.length) return Infinity;
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) / Math.max(...expected.map(Math.abs));
};

/** What one rank computes from its rows: outputs, statistics and gradients of Σ y · weight. */
function computeRank(example: Case, rank: number, collective?: Collective): Record<string, number[]> {
  const { rows, shape, activation, epsilon, residual } = example;
  const width = shape.reduce((a, b) => a * b, 1);
  const first = rows.slice(0, rank).reduce((a, b) => a + b, 0);
  const mine = (numbers: readonly number[]) =>
    tf.tensor(numbers.slice(first * width, (first + rows[rank]!) * width), [rows[rank]!, ...shape]);
  return tf.tidy(() => {
    const inputs = [mine(example.x), tf.tensor1d(example.scale), tf.tensor1d(example.offset), ...(residual ? [mine(residual)] : [])];
    let seen: Record<string, number[]> = {};
    const loss = (...args: tf.Tensor[]) => {
      const [x, scale, offset, shortcut] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor?];
      const parameters = { scale, offset, epsilon, activation, ...(shortcut && { residual: shortcut }) };
      const { y, mean, variance, count } = collective
        ? synchronizedBatchNorm(x, { ...parameters, collective })
        : { ...batchNormTraining(x, parameters), count: x.size / scale.size };
      const old = { mean: tf.zeros<tf.Rank.R1>([scale.size]), variance: tf.ones<tf.Rank.R1>([scale.size]) };
      const moved = movingStatistics(old, { mean, variance }, { momentum: 0.9, count });
      const tensors = { y, mean, variance, runningMean: moved.mean, runningVariance: moved.variance };
      seen = { count: [count], ...Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, [...tensor.dataSync()]])) };
      return tf.sum(tf.mul(y, mine(example.weight)));
    };
    const gradients = tf
      .grads(loss)(inputs)
      .map((gradient) => [...gradient.dataSync()]);
    const [dx, dScale, dOffset, dResidual] = gradients as [number[], number[], number[], number[]?];
    return { ...seen, dx, dScale, dOffset, ...(dResidual && { dResidual }) };
  });
}

/** How far ranks are from the joined batch, by what they computed. */
function differences(example: Case, ranks: readonly Record<string, number[]>[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of ['y', 'dx', 'dScale', 'dOffset', ...(example.dResidual ? (['dResidual'] as const) : [])] as const)
    found[name] = apart(
      ranks.flatMap((rank) => rank[name]!),
      example[name]!,
    );
  for (const name of ['mean', 'variance', 'runningMean', 'runningVariance'] as const)
    found[name] = Math.max(...ranks.map((rank) => apart(rank[name]!, example[name])));
  return found;
}

const titled = cases.map((example) => [`${example.rows.join(' + ')} rows of [${example.shape.join(', ')}]`, example] as const);

describe('synchronizedBatchNorm', () => {
  describe.each(['cpu', 'wasm'])('on %s', (backend) => {
    let registration: TrainingKernels | undefined;
    beforeAll(async () => {
      await tf.setBackend(backend);
      if (backend === 'wasm') registration = await registerTrainingKernels();
    });
    afterAll(async () => {
      registration?.dispose();
      await tf.setBackend('cpu');
    });

    it.each(titled)(`computes what PyTorch ${meta.torch} does of all rows in float64: %s`, (_, example) => {
      const before = tf.memory().numTensors;
      const ranks = replayRanks(example.rows.length, (collective, rank) => computeRank(example, rank, collective));
      expect(tf.memory().numTensors).toBe(before);
      const found = differences(example, ranks);
      for (const [name, difference] of Object.entries(found)) expect(difference, name).toBeLessThan(1e-5);
      for (const { mean, variance, count } of ranks)
        expect([mean, variance, count]).toEqual([ranks[0]!['mean'], ranks[0]!['variance'], ranks[0]!['count']]); // to the bit
    });
  });

  it('differs from statistics of each rank alone', () => {
    for (const example of cases.slice(0, 2)) {
      const found = differences(
        example,
        example.rows.map((_, rank) => computeRank(example, rank)),
      );
      for (const name of ['y', 'mean', 'variance', 'dx', 'dScale']) expect(found[name], name).toBeGreaterThan(1e-2);
    }
  });

  it('has the same gradient when blocks are computed again, by as many calls on each rank', () => {
    const draw = (name: string, shape: number[]) =>
      tf.tensor(
        drawNormal(
          createRng(4).fold(name),
          shape.reduce((a, b) => a * b),
        ),
        shape,
      );
    const variables = tf.tidy(() => [
      tf.variable(draw('kernel', [3, 3])),
      tf.variable(draw('scale', [3])),
      tf.variable(draw('offset', [3])),
    ]);
    const [kernel, scale, offset] = variables as [tf.Variable<tf.Rank.R2>, tf.Variable, tf.Variable];
    const calls: number[] = [];
    const gradientsOf = (again: boolean) =>
      replayRanks(3, (collective, rank) =>
        tf.tidy(() => {
          calls[rank] = 0;
          const counting: Collective = {
            ...collective,
            allGatherSync: (x) => {
              calls[rank]!++;
              return collective.allGatherSync!(x);
            },
          };
          const block = (x: tf.Tensor) => {
            const hidden = tf.matMul(x, kernel);
            return synchronizedBatchNorm(hidden, { scale, offset, activation: 'relu', residual: x, collective: counting }).y;
          };
          const run = (x: tf.Tensor) => (again ? recompute(x, block, { variables }) : block(x));
          const loss = () => tf.mean<tf.Scalar>(tf.square(run(run(draw(`rows ${rank}`, [rank + 2, 3])))));
          return Object.values(tf.variableGrads(loss, variables).grads).map((gradient) => [...gradient.dataSync()]);
        }),
      );
    const plain = gradientsOf(false);
    expect(calls).toEqual([4, 4, 4]);
    expect(gradientsOf(true)).toEqual(plain);
    expect(calls).toEqual([6, 6, 6]);
    expect(plain.flat(2).every((g) => Number.isFinite(g))).toBe(true);
    tf.dispose(variables);
  });

  it('by itself is batchNormTraining, and leaves its three results behind', () => {
    const [x, scale, offset] = [tf.tensor2d(drawNormal(createRng(2), 12), [4, 3]), tf.tensor1d([1, 2, 3]), tf.tensor1d([0, 1, -1])];
    const before = tf.memory().numTensors;
    const { y, mean, variance, count } = synchronizedBatchNorm(x, { scale, offset, collective: soloCollective });
    expect(tf.memory().numTensors).toBe(before + 3);
    const alone = batchNormTraining(x, { scale, offset });
    expect(count).toBe(4);
    expect(apart(y.dataSync(), [...alone.y.dataSync()])).toBeLessThan(1e-6);
    expect(apart(mean.dataSync(), [...alone.mean.dataSync()])).toBeLessThan(1e-6);
    expect(apart(variance.dataSync(), [...alone.variance.dataSync()])).toBeLessThan(1e-6);
    tf.dispose([y, mean, variance, alone.y, alone.mean, alone.variance, x, scale, offset]);
  });

  it('names what is missing', () => {
    tf.tidy(() => {
      const parameters = { scale: tf.ones([3]), offset: tf.zeros([3]), collective: soloCollective };
      const waiting = Object.fromEntries(
        Object.entries(soloCollective).filter(([name]) => name !== 'allGatherSync'),
      ) as unknown as Collective;
      for (const [code, message, call] of [
        [
          'SELFSUP_COLLECTIVE',
          '`collective` must have `allGatherSync`',
          () => synchronizedBatchNorm(tf.ones([2, 3]), { ...parameters, collective: waiting }),
        ],
        [
          'SELFSUP_SHAPE',
          'needs at least 2 values per channel on all ranks together, got shape [1, 3] on 1',
          () => synchronizedBatchNorm(tf.ones([1, 3]), parameters),
        ],
        ['SELFSUP_SHAPE', '`scale` must have shape [4], got [3]', () => synchronizedBatchNorm(tf.ones([2, 4]), parameters)],
      ] as const)
        expect(call).toThrow(
          expect.objectContaining({ code, message: expect.stringContaining(`synchronizedBatchNorm: ${message}`) as string }),
        );
    });
  });
});
