import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { channels, imagesAt, linearHead, side, smoothEncoder } from '../fixtures/conformance-rows.ts';
import { context, failure } from '../fixtures/tiny-text.ts';
import { timeContrastive, type TimeContrastiveBatch, type TimeContrastiveOptions } from './time-contrastive.ts';

const networks = { backbone: smoothEncoder, projectionHead: linearHead };
const create = (options: Partial<TimeContrastiveOptions> = {}) =>
  timeContrastive({ ...networks, ...options }).create({ rng: createRng(0), totalSteps: 10 });
const clips = (n: number, numFrames: number): TimeContrastiveBatch => ({
  frames: tf.tidy(() => tf.reshape<tf.Rank.R5>(imagesAt(0, { rows: n * numFrames }), [n, numFrames, side, side, channels])),
});

it.each([
  {
    numFrames: 4,
    positiveWindow: 1,
    negativeWindow: 2,
    triplets: [
      [0, 1, 3],
      [3, 2, 0],
    ],
  },
  {
    numFrames: 4,
    positiveWindow: 1,
    negativeWindow: 1,
    triplets: [
      [0, 1, 2],
      [0, 1, 3],
      [1, 0, 3],
      [1, 2, 3],
      [2, 1, 0],
      [2, 3, 0],
      [3, 2, 0],
      [3, 2, 1],
    ],
  },
  {
    numFrames: 6,
    positiveWindow: 2,
    negativeWindow: 4,
    triplets: [
      [0, 1, 5],
      [0, 2, 5],
      [5, 3, 0],
      [5, 4, 0],
    ],
  },
])('timeContrastive compares anchor, positive and negative of each clip: %j', ({ numFrames, triplets, ...windows }) => {
  // prettier-ignore
  const run = create(windows);
  const batch = clips(2, numFrames);
  tf.tidy(() => {
    const { loss, metrics } = run.loss(batch, {}, context());
    const backbone = run.encoders['backbone'] as ReturnType<typeof smoothEncoder>;
    const head = linearHead(createRng(0).fold('projectionHead'));
    const images = tf.reshape<tf.Rank.R4>(batch.frames, [-1, side, side, channels]);
    const rows = (head.apply(backbone.apply(images, { training: true }), { training: true }).arraySync() as number[][]).map((row) => row.map((x) => x / Math.hypot(...row))); // prettier-ignore
    head.dispose();
    const distance = (a: number, b: number) => rows[a]!.reduce((sum, x, i) => sum + (x - rows[b]![i]!) ** 2, 0);
    const gaps = [0, numFrames].flatMap((at) => triplets.map(([a, p, q]) => distance(at + a!, at + p!) - distance(at + a!, at + q!)));
    expect(loss.dataSync()[0]).toBeCloseTo(gaps.reduce((sum, gap) => sum + Math.max(0, gap + 0.2), 0) / gaps.length, 5);
    expect(metrics!['accuracy']!.dataSync()[0]).toBeCloseTo(gaps.filter((gap) => gap < 0).length / gaps.length, 6);
  });
  batch.frames.dispose();
  run.dispose();
});

it('timeContrastive says what is wrong', () => {
  expect(failure(() => create({ positiveWindow: 0 }))).toBe(
    'SELFSUP_OPTION time-contrastive: `positiveWindow` must be an integer >= 1, got 0',
  );
  expect(failure(() => create({ positiveWindow: 2, negativeWindow: 1 }))).toBe(
    'SELFSUP_OPTION time-contrastive: `negativeWindow` must be an integer >= 2, got 1',
  );
  expect(failure(() => create({ margin: -1 }))).toBe('SELFSUP_OPTION time-contrastive: `margin` must be finite and >= 0, got -1');
  const run = create();
  expect(failure(() => run.loss({} as TimeContrastiveBatch, {}, context()))).toBe(
    'SELFSUP_BATCH time-contrastive: the batch must have `frames`, got undefined',
  );
  expect(failure(() => run.loss({ frames: tf.zeros([2, 4, 4, 3]) as unknown as tf.Tensor5D }, {}, context()))).toBe(
    'SELFSUP_SHAPE time-contrastive: `frames` must have shape [n, numFrames, height, width, channels], got [2, 4, 4, 3]',
  );
  expect(failure(() => run.loss({ frames: tf.zeros([2, 3, side, side, channels]) }, {}, context()))).toBe(
    'SELFSUP_SHAPE time-contrastive: `frames` must have clips of at least 4 frames for a `negativeWindow` of 2, got 3',
  );
  run.dispose();
});
