import { createRng, drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { begin, context, end, failure, length, padding, tinyBatch, tinyBert, tinyUnigram, vocabularySize } from '../fixtures/tiny-text.ts';
import { skipGram, type SkipGramBatch, type SkipGramOptions } from './skip-gram.ts';

type Bert = ReturnType<ReturnType<typeof tinyBert>>;
const taskOf = (options: Partial<SkipGramOptions<Bert>> = {}) =>
  skipGram({ backbone: tinyBert(0), unigram: tinyUnigram, subsample: Infinity, ...options });
const create = (options: Partial<SkipGramOptions<Bert>> = {}) => taskOf(options).create({ rng: createRng(0), totalSteps: 10 });
const tokens = (rows: number[][]): SkipGramBatch => ({
  tokenIds: tf.tensor2d(rows, [rows.length, rows[0]!.length], 'int32'),
  attentionMask: tf.tensor2d(rows.map((row) => row.map((id) => Math.sign(id)))),
});
/** Pairs as 0 and 1 `[batch, length, length]`, and drawn words. */
const targetsOf = (rows: number[][], options: Partial<SkipGramOptions<Bert>> = {}, step = 0) => {
  const run = create(options);
  const result = tf.tidy(() => {
    const { pairs, noise } = run.targets!(tokens(rows), context({ step }));
    return { pairs: pairs.arraySync(), noise: [...noise.dataSync()] };
  });
  run.dispose();
  return result;
};
/** The places in the window of each center. */
const around = (pairs: number[][]) => pairs.map((row) => row.flatMap((value, at) => (value === 1 ? [at] : [])));

describe('the pairs of skip-gram', () => {
  it('are all neighbors where the window is 1, without special tokens and padding', () => {
    const { pairs } = targetsOf([[begin, 7, 8, 9, end, padding], [begin, 7, end, padding, padding, padding]], { window: 1 }); // prettier-ignore
    expect(around(pairs[0]!)).toEqual([[], [2], [1, 3], [2], [], []]);
    expect(pairs[1]!.flat().every((value) => value === 0)).toBe(true);
  });

  it('reach 1 to `window` words to both sides, each alike often, and others in each step', () => {
    const texts = Array.from({ length: 200 }, () => Array.from({ length: 23 }, (_, i) => 4 + (i % 20)));
    const { pairs } = targetsOf(texts, { window: 4 });
    const counts = [0, 0, 0, 0, 0];
    for (const text of pairs)
      for (let center = 4; center < 19; center++) {
        const places = around(text)[center]!.map((at) => at - center);
        const reach = Math.max(...places);
        expect(places).toEqual(Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach).filter((by) => by !== 0));
        counts[reach]!++;
      }
    expect(counts[0]).toBe(0);
    for (const count of counts.slice(1)) expect(count / 3000).toBeCloseTo(0.25, 1);
    expect(targetsOf(texts, { window: 4 }, 1).pairs).not.toEqual(pairs);
    expect(targetsOf(texts, { window: 4 }).pairs).toEqual(pairs);
  });

  it('lack frequent words, √(subsample / frequency) of them stay, and those take no place in a window', () => {
    const unigram = Float32Array.from({ length: vocabularySize }, (_, id) => (id === 7 ? 0.64 : id === 8 ? 0.04 : 0));
    const texts = Array.from({ length: 400 }, () => [7, 8, 7, 8, 7, 8, 7, 8]); // prettier-ignore
    const { pairs } = targetsOf(texts, { window: 1, unigram, subsample: 0.04 });
    let kept = 0;
    for (const text of pairs) {
      const places = around(text).flatMap((found, at) => (found.length > 0 ? [at] : []));
      for (const at of [1, 3, 5, 7]) expect(places).toContain(at);
      const expected = places.map((_, i) => [places[i - 1], places[i + 1]].filter((at) => at !== undefined));
      expect(places.map((at) => around(text)[at]!)).toEqual(expected);
      kept += places.length - 4;
    }
    expect(kept / 1600).toBeCloseTo(0.25, 1);
  });
});

it('the drawn words come by their frequency to the power 3/4, others for each center', () => {
  const unigram = Float32Array.from({ length: vocabularySize }, (_, id) => (id === 5 ? 0.8 : id === 9 ? 0.15 : id === 23 ? 0.05 : 0));
  const { noise } = targetsOf(
    Array.from({ length: 100 }, () => [5, 9, 5, 9]),
    { unigram, negatives: 20 },
  );
  const powers = [0.8, 0.15, 0.05].map((part) => part ** 0.75);
  const total = powers.reduce((sum, value) => sum + value);
  [5, 9, 23].forEach((id, i) => {
    expect(noise.filter((drawn) => drawn === id).length / noise.length).toBeCloseTo(powers[i]! / total, 1);
  });
  expect(noise.every((id) => [5, 9, 23].includes(id))).toBe(true);
  expect(noise.slice(0, 20)).not.toEqual(noise.slice(20, 40));
});

describe('the loss of skip-gram', () => {
  it('is that of each pair and its drawn words, by hand', () => {
    const run = create({ window: 2, negatives: 3 });
    const rows = [[begin, 7, 8, 9, 10, end], [begin, 11, 7, end, padding, padding]]; // prettier-ignore
    const output = run.trainable['output/weight'] as tf.Variable<tf.Rank.R2>;
    const words = (run.encoders['backbone'] as Bert).wordEmbedding;
    const values = tf.tidy(() => {
      words.assign(tf.randomNormal(words.shape, 0, 0.5, 'float32', 1));
      output.assign(tf.randomNormal(output.shape, 0, 0.5, 'float32', 2));
      const batch = tokens(rows);
      const targets = run.targets!(batch, context());
      const { loss, metrics } = run.loss(batch, targets, context());
      return {
        ...{ loss: loss.dataSync()[0]!, accuracy: metrics!['accuracy']!.dataSync()[0]! },
        ...{ pairs: targets.pairs.arraySync(), noise: targets.noise.arraySync(), u: words.arraySync(), v: output.arraySync() },
      };
    });
    const { pairs, noise, u, v } = values;
    const logSigmoid = (x: number) => -Math.log1p(Math.exp(-x));
    const dot = (a: number, b: number) => u[a]!.reduce((sum, x, k) => sum + x * v[b]![k]!, 0);
    const [losses, hits, rejects]: number[][] = [[], [], []];
    rows.forEach((row, i) => {
      row.forEach((center, at) => {
        for (const other of around(pairs[i]!)[at]!) {
          const drawn = noise[i]![at]!.map((id) => dot(center, id));
          const score = dot(center, row[other]!);
          losses!.push(-logSigmoid(score) - drawn.reduce((sum, x) => sum + logSigmoid(-x), 0));
          hits!.push(score > -Math.log(3) ? 1 : 0); // more than by chance
          rejects!.push(...drawn.map((x) => (x > -Math.log(3) ? 0 : 1)));
        }
      });
    });
    const mean = (list: number[]) => list.reduce((a, b) => a + b) / list.length;
    expect(losses!.length).toBeGreaterThan(6);
    expect(values.loss).toBeCloseTo(mean(losses!), 4);
    expect(values.accuracy).toBeCloseTo((mean(hits!) + mean(rejects!)) / 2, 5);
    run.dispose();
  });

  it('starts at (1 + negatives) log 2, leaves nothing behind, and trains the words and the output alone', () => {
    const before = tf.memory().numTensors;
    const run = create();
    expect(Object.keys(run.trainable)).toEqual(['backbone/embeddings/word/weight', 'output/weight']);
    expect(Object.keys(run.buffers)).toContain('backbone/encoder/layer0/output/kernel');
    const { segmentIds, nextSentence, ...batch } = tinyBatch(3);
    const targets = run.targets!(batch, context());
    const during = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(() => run.loss(batch, targets, context()).loss, Object.values(run.trainable));
    expect(value.dataSync()[0]).toBeCloseTo(6 * Math.log(2), 5);
    expect(Object.keys(grads)).toHaveLength(2);
    expect(grads[run.trainable['output/weight']!.name]!.dataSync().some((slope) => slope !== 0)).toBe(true);
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(during);
    tf.dispose([batch, targets, segmentIds, nextSentence]);
    run.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('falls with plain gradient descent where words stand with the same ones, which then point the same way', () => {
    const run = create({ window: 2, unigram: Float32Array.from({ length: vocabularySize }, (_, id) => (id >= 4 && id < 12 ? 0.125 : 0)) });
    const draws = drawUniform(createRng(1), 16 * 8); // words 4 to 7 stand together, and words 8 to 11
    const batch = tokens(Array.from({ length: 16 }, (_, i) => Array.from({ length: 8 }, (_, at) => (i % 2) * 4 + 4 + Math.floor(4 * draws[i * 8 + at]!)))); // prettier-ignore
    const losses = Array.from({ length: 60 }, (_, step) => {
      const targets = run.targets!(batch, context({ step: step % 10 }));
      const { value, grads } = tf.variableGrads(() => run.loss(batch, targets, context()).loss, Object.values(run.trainable));
      tf.tidy(() => {
        for (const variable of Object.values(run.trainable)) variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 2)));
      });
      const loss = value.dataSync()[0]!;
      tf.dispose([value, grads, targets]);
      return loss;
    });
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
    const table = (run.encoders['backbone'] as Bert).wordEmbedding.arraySync();
    const cosine = (a: number, b: number) => {
      const [x, y] = [table[a]!, table[b]!];
      return x.reduce((sum, value, k) => sum + value * y[k]!, 0) / (Math.hypot(...x) * Math.hypot(...y));
    };
    expect(cosine(4, 6)).toBeGreaterThan(0.5);
    expect(cosine(4, 9)).toBeLessThan(0.2);
    tf.dispose([batch]);
    run.dispose();
  });
});

it('skip-gram says what is wrong', () => {
  expect([taskOf().api, taskOf().name]).toEqual([1, 'skip-gram']);
  expect(failure(() => taskOf({ window: 0 }))).toBe('SELFSUP_OPTION skip-gram: `window` must be an integer >= 1, got 0');
  expect(failure(() => taskOf({ negatives: 1.5 }))).toMatch(/^SELFSUP_OPTION skip-gram: `negatives`/);
  expect(failure(() => taskOf({ subsample: 0 }))).toMatch(/^SELFSUP_OPTION skip-gram: `subsample`/);
  expect(failure(() => taskOf({ unigram: new Float32Array(vocabularySize) }))).toMatch(/^SELFSUP_OPTION skip-gram: `unigram` .* not all 0/);
  const before = tf.memory().numTensors;
  expect(failure(() => create({ unigram: Float32Array.of(0.5, 0.5) }))).toMatch(
    /^SELFSUP_OPTION skip-gram: `unigram` must have 24 numbers/,
  );
  expect(tf.memory().numTensors).toBe(before);
  const run = create();
  expect(failure(() => run.targets!({} as SkipGramBatch, context()))).toMatch(/^SELFSUP_BATCH skip-gram: the batch must have `tokenIds`/);
  expect(failure(() => run.targets!({ tokenIds: tf.zeros([1, length]) }, context()))).toMatch(/^SELFSUP_DTYPE skip-gram/);
  run.dispose();
});
