import { createRng } from '@selfsup/core';
import { tokenReadout } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { begin, context, end, failure, length, padding, tinyBatch, tinyBert, vocabularySize } from '../fixtures/tiny-text.ts';
import { declutr, type DeclutrBatch, type DeclutrOptions } from './declutr.ts';

type Bert = ReturnType<ReturnType<typeof tinyBert>>;
const specialIds = [padding, begin, end];
const words = (backbone: Bert) => tokenReadout(backbone, { parts: ['embedding/mean'], specialIds });
const taskOf = (options: Partial<DeclutrOptions<Bert>> = {}) => declutr({ backbone: tinyBert(0), reader: words, specialIds, ...options });
const create = (options: Partial<DeclutrOptions<Bert>> = {}) => taskOf(options).create({ rng: createRng(0), totalSteps: 10 });
const tokens = (rows: number[][]): DeclutrBatch => ({
  tokenIds: tf.tensor2d(rows, [rows.length, rows[0]!.length], 'int32'),
  attentionMask: tf.tensor2d(rows.map((row) => row.map((id) => Math.sign(id)))),
});
/** The places of both views, row by row. */
const placesOf = (rows: number[][], options: Partial<DeclutrOptions<Bert>>, step = 0) => {
  const run = create(options);
  const views = tf.tidy(() => {
    const { first, second } = run.targets!(tokens(rows), context({ step }));
    return [first, second].map((view) => {
      const values = view.dataSync();
      return rows.map((row, i) => row.flatMap((_, at) => (values[i * row.length + at] === 1 ? [at] : [])));
    });
  });
  run.dispose();
  return views;
};

describe('the views of declutr', () => {
  it('are the halves of the tokens that are not special, an odd one in the second', () => {
    const rows = [[begin, 7, 8, 9, 10, 11, end, padding], [begin, 7, 8, end, padding, padding, padding, padding]]; // prettier-ignore
    expect(placesOf(rows, { dropRate: 0 })).toEqual([
      [[1, 2], [1]],
      [[3, 4, 5], [2]],
    ]);
  });

  it('are the whole text where it has one token, and nothing where it has none', () => {
    const rows = [[begin, 7, end], [begin, end, padding]]; // prettier-ignore
    expect(placesOf(rows, { dropRate: 0 })).toEqual([
      [[1], []],
      [[1], []],
    ]);
  });

  it('lack that part of their half, other tokens in each view and each step, and never all', () => {
    const rows = Array.from({ length: 300 }, () => [begin, ...Array.from({ length: 20 }, (_, i) => 4 + (i % 20)), end]);
    const [first, second] = placesOf(rows, { dropRate: 0.7 });
    const kept = [...first!, ...second!].map((places) => places.length);
    expect(Math.min(...kept)).toBeGreaterThan(0);
    expect(kept.reduce((a, b) => a + b) / kept.length / 10).toBeCloseTo(0.3 + 0.7 ** 10, 1);
    expect(first!.flat().every((place) => place >= 1 && place <= 10)).toBe(true);
    expect(second!.flat().every((place) => place >= 11 && place <= 20)).toBe(true);
    expect(second!.map((places) => places.map((place) => place - 10))).not.toEqual(first);
    expect(placesOf(rows, { dropRate: 0.7 }, 1)).not.toEqual([first, second]);
    expect(placesOf(rows, { dropRate: 0.7 })).toEqual([first, second]);
  });
});

describe('the loss of declutr', () => {
  it('is the cross entropy of finding the other half, both ways, by hand', () => {
    const [run, temperature] = [create({ dropRate: 0, temperature: 0.2 }), 0.2];
    const rows = [[5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 5, 6]]; // prettier-ignore
    const table = (run.encoders['backbone'] as Bert).wordEmbedding.dataSync();
    const dim = table.length / vocabularySize;
    const unitMean = (ids: number[]) => {
      const mean = Array.from({ length: dim }, (_, k) => ids.reduce((sum, id) => sum + table[id * dim + k]!, 0) / ids.length);
      const norm = Math.hypot(...mean);
      return mean.map((value) => value / norm);
    };
    const [a, b] = [rows.map((row) => unitMean(row.slice(0, 2))), rows.map((row) => unitMean(row.slice(2)))];
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, k) => sum + value * y[k]!, 0) / temperature;
    const entropy = (from: number[][], to: number[][]) =>
      from.reduce((sum, x, i) => sum + Math.log(to.reduce((total, y) => total + Math.exp(dot(x, y)), 0)) - dot(x, to[i]!), 0) / from.length;
    tf.tidy(() => {
      const batch = tokens(rows);
      const targets = run.targets!(batch, context());
      const { loss, metrics } = run.loss(run.embed(batch, targets, context()), targets, context());
      expect(loss.dataSync()[0]).toBeCloseTo((entropy(a, b) + entropy(b, a)) / 2, 4);
      expect(Object.keys(metrics!)).toEqual(['accuracy', 'zStd']);
    });
    run.dispose();
  });

  it('leaves nothing behind, and trains what is read alone', () => {
    const before = tf.memory().numTensors;
    const run = create({ isTrained: (path) => path === 'embeddings/word/weight' });
    expect(Object.keys(run.trainable)).toEqual(['backbone/embeddings/word/weight']);
    expect(Object.keys(run.buffers)).toContain('backbone/encoder/layer0/output/kernel');
    const { segmentIds, nextSentence, ...batch } = tinyBatch(3);
    const targets = run.targets!(batch, context());
    const during = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(
      () => run.loss(run.embed(batch, targets, context()), targets, context()).loss,
      Object.values(run.trainable),
    );
    const table = (run.encoders['backbone'] as Bert).wordEmbedding;
    expect(Object.keys(grads)).toEqual([table.name]);
    expect(grads[table.name]!.dataSync().some((slope) => slope !== 0)).toBe(true);
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(during);
    tf.dispose([batch, targets, segmentIds, nextSentence]);
    run.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('falls with plain gradient descent on sentences of a kind', () => {
    const run = create({ dropRate: 0, temperature: 0.2 });
    const { segmentIds, nextSentence, ...batch } = tinyBatch(1);
    const optimizer = (rate: number) => {
      const { value, grads } = tf.variableGrads(() => {
        const targets = run.targets!(batch, context());
        return run.loss(run.embed(batch, targets, context()), targets, context()).loss;
      });
      const table = (run.encoders['backbone'] as Bert).wordEmbedding;
      tf.tidy(() => {
        table.assign(tf.sub(table, tf.mul(grads[table.name]!, rate)));
      });
      const loss = value.dataSync()[0]!;
      tf.dispose([value, grads]);
      return loss;
    };
    const losses = Array.from({ length: 20 }, () => optimizer(0.01));
    expect(losses.at(-1)).toBeLessThan(0.6 * losses[0]!);
    tf.dispose([batch, segmentIds, nextSentence]);
    run.dispose();
  });
});

it('declutr says what is wrong', () => {
  expect([taskOf().api, taskOf().name]).toEqual([1, 'declutr']);
  expect(failure(() => taskOf({ temperature: 0 }))).toMatch(/^SELFSUP_OPTION declutr: `temperature`/);
  expect(failure(() => taskOf({ dropRate: 1 }))).toBe('SELFSUP_OPTION declutr: `dropRate` must be in [0, 1), got 1');
  const run = create();
  expect(failure(() => run.targets!({} as DeclutrBatch, context()))).toMatch(/^SELFSUP_BATCH declutr: the batch must have `tokenIds`/);
  expect(failure(() => run.targets!({ tokenIds: tf.zeros([1, length]) }, context()))).toMatch(/^SELFSUP_DTYPE declutr/);
  run.dispose();
});
