import { readFileSync } from 'node:fs';
import { l2Normalize } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { momentumGroups } from './momentum-groups.ts';
import { ntXent } from './nt-xent.ts';
import { featureContrastLoss } from './feature-contrast-loss.ts';
import { resslLoss } from './ressl-loss.ts';
import { smogLoss } from './smog-loss.ts';
import { supConLoss } from './sup-con-loss.ts';

interface Stored {
  shape: number[];
  values: number[];
}
type Options = Readonly<Record<string, never>>; // numbers and names, as the loss wants them
interface Fixture {
  meta: { torch: string };
  cases: {
    loss: string;
    views: Stored[];
    given?: Readonly<Record<string, Stored>>;
    options: Options & { labels?: number[] };
    value: number;
    gradients: number[][];
  }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/contrastive-more.json', import.meta.url), 'utf8')) as Fixture;
const int32 = (values: readonly number[] = []) => tf.tensor1d([...values], 'int32');

type Loss = (views: tf.Tensor2D[], options: Options & { labels?: number[] }, given: Readonly<Record<string, tf.Tensor2D>>) => tf.Scalar;
const losses: Readonly<Record<string, Loss>> = {
  supConLoss: (views, { labels, ...options }) => supConLoss(views, { ...options, labels: int32(labels) }),
  featureContrastLoss: (views, options) =>
    featureContrastLoss(views.slice(0, views.length / 2), views.slice(views.length / 2), options as object),
  smogLoss: ([predictions, rows], { labels, momentum, temperature }, { groups }) =>
    smogLoss(predictions!, momentumGroups(l2Normalize(rows!), groups!, { momentum: momentum! }), { assignments: int32(labels), temperature: temperature! }),
  resslLoss: ([student], options, { teacher, queue }) => resslLoss(student!, teacher!, { ...options, queue: queue! }),
};

it.each(fixture.cases.map((one) => [`${one.loss} of ${one.views.length}, ${JSON.stringify(one.options)}`, one] as const))(
  `agrees with PyTorch ${fixture.meta.torch}: %s`,
  (_, { loss, views, given = {}, options, value, gradients }) => {
    tf.tidy(() => {
      const constants = Object.fromEntries(
        Object.entries(given).map(([name, of]) => [name, tf.tensor2d(of.values, of.shape as [number, number])]),
      );
      const tensors = views.map(({ shape, values }) => tf.tensor(values, shape));
      const actual = tf.valueAndGrads((...rows: tf.Tensor[]) => losses[loss]!(rows as tf.Tensor2D[], options, constants))(tensors);
      expect(Math.abs(actual.value.dataSync()[0]! / value - 1)).toBeLessThan(1e-5);
      gradients.forEach((expected, i) => {
        const largest = Math.max(...expected.map(Math.abs));
        expect(largest).toBeGreaterThan(1e-4);
        actual.grads[i]!.dataSync().forEach((v, j) => {
          expect(Math.abs(v - expected[j]!) / largest).toBeLessThan(1e-5);
        });
      });
    });
  },
);

describe('supConLoss', () => {
  const views = () => [0, 1].map((seed) => tf.randomNormal<tf.Rank.R2>([6, 4], 0, 1, 'float32', seed));
  it.each(['average', 'sum-in-log'] as const)('without any label is ntXent, %s', (positives) => {
    tf.tidy(() => {
      const [pair, labels] = [views(), int32(Array.from({ length: 6 }, () => -1))];
      const [actual, expected] = [supConLoss(pair, { labels, temperature: 0.2, positives }), ntXent(pair, { temperature: 0.2 })];
      expect(actual.dataSync()[0]).toBeCloseTo(expected.dataSync()[0]!, 5);
    });
  });

  it('refuses what does not fit', () => {
    tf.tidy(() => {
      const labels = int32([0, 1, 2, 0, 1, 2]);
      expect(() => supConLoss(views().slice(1), { labels })).toThrow('supConLoss: `views` must hold at least 2 tensors, got 1');
      expect(() => supConLoss(views(), { labels: int32([1]) })).toThrow(
        'supConLoss: `labels` must have shape [6], one for each row, got [1]',
      );
      expect(() => supConLoss(views(), { labels: tf.cast(labels, 'float32') })).toThrow('supConLoss: `labels` must be int32, got float32');
      expect(() => supConLoss(views(), { labels, positives: 'all' as 'average' })).toThrow(
        "`positives` must be 'average' or 'sum-in-log', got 'all'",
      );
    });
  });
});

describe('resslLoss', () => {
  it('refuses what does not fit', () => {
    tf.tidy(() => {
      const z = tf.ones<tf.Rank.R2>([2, 3]);
      expect(() => resslLoss(z, z, { queue: tf.ones([4, 2]) })).toThrow('resslLoss: `queue` must have shape [queueSize, 3], got [4, 2]');
      expect(() => resslLoss(z, z, { queue: z, teacherTemperature: 0 })).toThrow('`teacherTemperature` must be a finite number > 0, got 0');
    });
  });
});

describe('featureContrastLoss', () => {
  it('is 0, with a finite gradient, for columns that are alike and orthogonal', () => {
    tf.tidy(() => {
      const z = tf.eye(3);
      const { value, grads } = tf.valueAndGrads((rows) => featureContrastLoss([rows as tf.Tensor2D], [z]))([z]);
      expect(value.dataSync()[0]).toBeCloseTo(0, 4);
      expect(grads[0]!.dataSync().every(Number.isFinite)).toBe(true);
    });
  });

  it('refuses what does not fit', () => {
    tf.tidy(() => {
      const z = tf.ones<tf.Rank.R2>([2, 3]);
      expect(() => featureContrastLoss([z, z], [z])).toThrow(
        '`targets` must hold as many tensors as `predictions`, at least one, got 1 for 2',
      );
      expect(() => featureContrastLoss([z], [z], { scale: -1 })).toThrow(
        'featureContrastLoss: `scale` must be a finite number >= 0, got -1',
      );
    });
  });
});

describe('smogLoss and momentumGroups', () => {
  it('refuse what does not fit', () => {
    tf.tidy(() => {
      const z = tf.ones<tf.Rank.R2>([2, 3]);
      const assignments = int32([0, 1]);
      expect(() => smogLoss(z, tf.ones([4, 2]), { assignments })).toThrow('smogLoss: `groups` must have shape [numGroups, 3], got [4, 2]');
      expect(() => smogLoss(z, z, { assignments: int32([0]) })).toThrow(
        'smogLoss: `assignments` must have shape [2], one for each row, got [1]',
      );
      expect(() => momentumGroups(z, tf.ones([4, 2]))).toThrow('momentumGroups: `groups` must have shape [numGroups, 3], got [4, 2]');
      expect(() => momentumGroups(z, z, { momentum: 2 })).toThrow('momentumGroups: `momentum` must be in [0, 1], got 2');
    });
  });
});
