import { createRng } from '@selfsup/core';
import { infoNce } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { context, failure, tinyBatch, tinyBert } from '../fixtures/tiny-text.ts';
import { simCse, type SimCseBatch, type SimCseOptions } from './sim-cse.ts';

const create = (options: Partial<SimCseOptions> = {}) =>
  simCse({ backbone: tinyBert(), ...options }).create({ rng: createRng(0), totalSteps: 10 });
const sentences = (): SimCseBatch => {
  const { nextSentence, ...batch } = tinyBatch(1, 4);
  nextSentence.dispose();
  return batch;
};

describe('simCse', () => {
  it.each(['first', 'mean'] as const)('compares the %s of the states under two dropout masks, by infoNce', (pooling) => {
    const run = create({ pooling, temperature: 0.1 });
    const batch = sentences();
    tf.tidy(() => {
      const { first, second } = run.embed(batch, {}, context());
      expect(tf.max(tf.abs(tf.sub(first, second))).dataSync()[0]).toBeGreaterThan(1e-2);
      const [alike, again] = ['first', 'second'].map((name) => run.embed(batch, {}, context({ training: false }))[name as 'first']);
      expect(tf.max(tf.abs(tf.sub(alike!, again!))).dataSync()[0]).toBe(0);
      const { loss, metrics } = run.loss({ first, second }, {}, context());
      expect(loss.dataSync()[0]).toBeCloseTo(infoNce(first, second, { temperature: 0.1 }).dataSync()[0]!, 5);
      expect(Object.keys(metrics!)).toEqual(['accuracy', 'zStd']);
      // means do not count padding: the last row is padded
      const { attentionMask, ...unmasked } = batch;
      expect(attentionMask).toBeDefined();
      const without = run.embed(unmasked, {}, context({ training: false })).first;
      expect(tf.max(tf.abs(tf.sub(tf.slice(without, 3), tf.slice(alike!, 3)))).dataSync()[0]).toBeGreaterThan(1e-3);
    });
    run.dispose();
    tf.dispose(batch);
  });

  it('says what is wrong', () => {
    expect(failure(() => create({ temperature: 0 }))).toMatch(/^SELFSUP_OPTION sim-cse: `temperature`/);
    expect(failure(() => create({ pooling: 'last' as 'first' }))).toBe(
      "SELFSUP_OPTION sim-cse: `pooling` must be 'first' or 'mean', got last",
    );
    const run = create();
    expect(failure(() => run.embed({} as SimCseBatch, {}, context()))).toMatch(/^SELFSUP_BATCH sim-cse: the batch must have `tokenIds`/);
    run.dispose();
  });
});
