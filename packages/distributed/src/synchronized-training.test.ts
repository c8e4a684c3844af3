import '@tensorflow/tfjs-backend-cpu';
import { soloCollective } from '@selfsup/core';
import { ntXent } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { embeddingsOf, rowsOf, trainRank, type Contrasted, type NormalizedByRank, type Trained, type TrainedByRank } from '../fixtures/synchronized-training.ts'; // prettier-ignore
import { runThreads } from './threads/run-threads.ts';
import { shareRanks } from './threads/shared-ranks.ts';

const script = new URL('../fixtures/synchronized-rank.ts', import.meta.url);

/** The greatest difference from the expected numbers, as a part of the greatest of them. */
const apart = (actual: readonly number[], expected: readonly number[]): number =>
  Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) / Math.max(...expected.map(Math.abs));

/** The same of losses, and of weights and running statistics together. */
const distances = (actual: Trained, expected: Trained) => {
  expect(Object.keys(actual.values)).toEqual(Object.keys(expected.values));
  return {
    losses: apart(actual.losses, expected.losses),
    values: Math.max(...Object.entries(expected.values).map(([path, values]) => apart(actual.values[path]!, values))),
  };
};

describe.skipIf(!process.features.typescript)('normalization over ranks', () => {
  const messages: (TrainedByRank | NormalizedByRank | Contrasted)[] = [];
  const whole: Partial<Record<'contrast' | 'regression', Trained>> = {};
  beforeAll(async () => {
    const onMessage = (message: unknown) => messages.push(message as TrainedByRank | NormalizedByRank | Contrasted);
    await runThreads({ script, worldSize: 4, data: shareRanks(2), onMessage });
    for (const kind of ['contrast', 'regression'] as const)
      whole[kind] = await trainRank(kind, { collective: soloCollective, synchronizeNormalization: false });
  });
  const trainedBy = (kind: string, worldSize: number, synchronized: boolean) =>
    messages.filter(
      (message): message is TrainedByRank =>
        'kind' in message && message.kind === kind && message.worldSize === worldSize && message.synchronizeNormalization === synchronized,
    );

  it('has the values and gradients of one process, where ranks have different numbers of rows', () => {
    const found = messages.filter((message): message is NormalizedByRank => 'y' in message).sort((a, b) => a.rank - b.rank);
    expect(found.map(({ rank }) => rank)).toEqual([0, 1, 2, 3]);
    tf.tidy(() => {
      const x = tf.concat([0, 1, 2, 3].map(rowsOf), 0);
      const plain = (rows: tf.Tensor) => {
        const { mean, variance } = tf.moments(rows, 0);
        return tf.div(tf.sub(rows, mean), tf.sqrt(tf.add(variance, 1e-5)));
      };
      const [y, dx] = [plain(x), tf.grad((rows) => tf.sum(tf.pow(plain(rows), 3)))(x)];
      expect(apart(found.flatMap((one) => one.y), [...y.dataSync()])).toBeLessThan(1e-5); // prettier-ignore
      expect(apart(found.flatMap((one) => one.dx), [...dx.dataSync()])).toBeLessThan(1e-5); // prettier-ignore
    });
  });

  it('NT-Xent has the gradient of one process; with the rows of other ranks as constants only its loss is right', () => {
    const found = messages.filter((message): message is Contrasted => 'contrast' in message).sort((a, b) => a.rank - b.rank);
    expect(found.map(({ rank }) => rank)).toEqual([0, 1, 2, 3]);
    const { loss, gradient } = tf.tidy(() => {
      const views = [0, 1].map((view) => tf.concat([0, 1, 2, 3].map((rank) => embeddingsOf(rank, view)), 0)); // prettier-ignore
      const contrast = (first: tf.Tensor2D, second: tf.Tensor2D) => ntXent([first, second], { temperature: 0.5 });
      const { value, grads } = tf.valueAndGrads(contrast as never)(views);
      return { loss: value.dataSync()[0]!, gradient: grads.map((grad) => [...grad.dataSync()]) };
    });
    const mean = (of: 'gathered' | 'constant') => found.reduce((sum, { contrast }) => sum + contrast[of].loss / 4, 0);
    expect(Math.abs(mean('gathered') - loss)).toBeLessThan(1e-6);
    expect(Math.abs(mean('constant') - loss)).toBeLessThan(1e-6);
    for (const { rank, contrast } of found) {
      const own = gradient.flatMap((grad) => grad.slice(8 * rank, 8 * rank + 8));
      const distance = (values: readonly number[]) => Math.max(...own.map((value, i) => Math.abs(values[i]! / 4 - value))); // of means over ranks
      expect(distance(contrast.gathered.gradient)).toBeLessThan(1e-6);
      expect(distance(contrast.constant.gradient)).toBeGreaterThan(1e-3);
    }
  });

  // the regression's samples count differently: of four ranks, the last has none that does
  it.each([
    ['contrast', 2],
    ['contrast', 4],
    ['regression', 2],
    ['regression', 4],
  ] as const)('trains a %s on %d ranks as on one: losses, weights and running statistics', (kind, worldSize) => {
    const ranks = trainedBy(kind, worldSize, true);
    expect(ranks).toHaveLength(worldSize);
    for (const { trained } of ranks) {
      const { losses, values } = distances(trained, whole[kind]!);
      expect(losses).toBeLessThan(1e-6);
      expect(values).toBeLessThan(1e-5);
      expect(trained).toEqual(ranks[0]!.trained); // to the bit
    }
  });

  it.each(['contrast', 'regression'] as const)('trains a %s otherwise with the statistics of each rank by itself', (kind) => {
    const ranks = trainedBy(kind, 2, false);
    expect(ranks).toHaveLength(2);
    for (const { trained } of ranks) {
      const { losses, values } = distances(trained, whole[kind]!);
      expect(losses).toBeGreaterThan(1e-3);
      expect(values).toBeGreaterThan(1e-1);
    }
    const [first, second] = ranks.map(({ trained: { values } }) => Object.entries(values).filter(([path]) => path.endsWith('/mean')));
    expect(first).not.toEqual(second);
  });
});
