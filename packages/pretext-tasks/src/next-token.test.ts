import { createRng } from '@selfsup/core';
import { maskedCrossEntropy } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { context, failure, length, read, tinyBatch, tinyBert, tinyHead } from '../fixtures/tiny-text.ts';
import { nextToken } from './next-token.ts';

const task = (dropoutRate = 0.1) => nextToken({ backbone: tinyBert(dropoutRate), head: tinyHead });
const create = () => task().create({ rng: createRng(0), totalSteps: 10 });
const inference = { training: false };
const lossOf = (run: ReturnType<typeof create>, batch: { tokenIds: tf.Tensor2D; attentionMask?: tf.Tensor2D }) =>
  tf.tidy(() => run.loss(batch, {}, context(inference)).loss.dataSync()[0]!);

describe('nextToken', () => {
  it('is a task of contract 1 without targets', () => {
    const run = create();
    expect([task().api, task().name, 'targets' in run]).toEqual([1, 'next-token', false]);
    expect(new Set(Object.keys(run.trainable).map((path) => path.split('/')[0]))).toEqual(new Set(['backbone', 'head']));
    run.dispose();
  });

  it('is the mean over prefixes of the cross entropy of what follows, each prefix encoded alone', () => {
    const run = create();
    const { tokenIds, ...rest } = tinyBatch(2, 2);
    const backbone = run.encoders['backbone'] as ReturnType<ReturnType<typeof tinyBert>>;
    const head = tinyHead(createRng(0).fold('head'));
    tf.tidy(() => {
      const losses = Array.from({ length: length - 1 }, (_, i) => {
        const hidden = backbone.apply(tf.slice(tokenIds, [0, 0], [2, i + 1]), inference); // bidirectional, but there is nothing to the right
        const positions = tf.tensor1d([i, 2 * i + 1], 'int32'); // the last of each row
        const logits = head.predict(hidden, { positions, wordEmbedding: backbone.wordEmbedding });
        return maskedCrossEntropy(logits, tf.reshape<tf.Rank.R1>(tf.slice(tokenIds, [0, i + 1], [2, 1]), [2])).dataSync()[0]!;
      });
      const { loss, metrics } = run.loss({ tokenIds }, {}, context(inference));
      expect(loss.dataSync()[0]).toBeCloseTo(losses.reduce((sum, x) => sum + x, 0) / losses.length, 5);
      expect(Object.keys(metrics!)).toEqual(['accuracy']);
    });
    head.dispose();
    run.dispose();
    tf.dispose([tokenIds, rest]);
  });

  it.each(['right', 'left'])('does not count padding on the %s, nor look at it', (side) => {
    const run = create();
    tf.tidy(() => {
      const sentence = [1, 5, 6, 7, 8, 2];
      const zeros = [0, 0, 0];
      const row = (pad: number[]) => (side === 'right' ? [...sentence, ...pad] : [...pad, ...sentence]);
      const padded = (pad: number[]) => ({
        tokenIds: tf.tensor2d([row(pad)], [1, 9], 'int32'),
        attentionMask: tf.tensor2d([row(pad).map((_, i) => (side === 'right' ? (i < 6 ? 1 : 0) : i >= 3 ? 1 : 0))], [1, 9], 'int32'),
      });
      expect(lossOf(run, padded(zeros))).toBeCloseTo(lossOf(run, padded([9, 10, 11])), 5);
      expect(lossOf(run, padded(zeros))).not.toBeCloseTo(lossOf(run, { tokenIds: padded(zeros).tokenIds }), 5);
      if (side === 'right')
        expect(lossOf(run, padded(zeros))).toBeCloseTo(lossOf(run, { tokenIds: tf.tensor2d([sentence], [1, 6], 'int32') }), 5);
    });
    run.dispose();
  });

  it('sends a gradient to every trainable variable, gives the same loss twice and writes nothing', () => {
    const run = create();
    const batch = tinyBatch(1);
    const before = read(run);
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => run.loss(batch, {}, context()).loss, Object.values(run.trainable));
      for (const [path, variable] of Object.entries(run.trainable))
        expect(tf.max(tf.abs(grads[variable.name]!)).dataSync()[0], path).toBeGreaterThan(path.endsWith('key/bias') ? -1 : 1e-8);
      expect(run.loss(batch, {}, context()).loss.dataSync()[0]).toBe(value.dataSync()[0]);
      expect(run.loss(batch, {}, context({ step: 2 })).loss.dataSync()[0]).not.toBe(value.dataSync()[0]);
    });
    expect(lossOf(run, batch)).toBe(lossOf(run, batch));
    expect(read(run)).toEqual(before);
    run.dispose();
    tf.dispose(batch);
  });

  it('says what is wrong with a batch', () => {
    const run = create();
    tf.tidy(() => {
      const tokenIds = tf.zeros<tf.Rank.R2>([2, 1], 'int32');
      expect(failure(() => run.loss({ tokenIds }, {}, context()))).toBe(
        'SELFSUP_SHAPE next-token: `tokenIds` must have shape [batch, length >= 2], got [2, 1]',
      );
      expect(failure(() => run.loss({} as { tokenIds: tf.Tensor2D }, {}, context()))).toBe(
        'SELFSUP_BATCH next-token: the batch must have `tokenIds`, int32 [batch, length], got undefined',
      );
      expect(failure(() => run.loss({ tokenIds, attentionMask: tf.ones([2, 2]) }, {}, context()))).toBe(
        'SELFSUP_SHAPE next-token: `attentionMask` must have shape [2, 1] like `tokenIds`, got [2, 2]',
      );
    });
    run.dispose();
  });
});
