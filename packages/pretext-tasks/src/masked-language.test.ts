import { maskTokens } from '@selfsup/augment';
import { createRng, type StepContextOptions } from '@selfsup/core';
import { maskedCrossEntropy } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  context,
  failure,
  mask,
  padding,
  read,
  tinyBatch,
  tinyBert,
  tinyHead,
  tinyMasking,
  tinyNextSentenceHead,
  vocabularySize,
} from '../fixtures/tiny-text.ts';
import { maskedLanguage, type MaskedLanguageOptions } from './masked-language.ts';

const task = (options: Partial<MaskedLanguageOptions> = {}) =>
  maskedLanguage({ backbone: tinyBert(), head: tinyHead, masking: tinyMasking, ...options });
const create = (options: Partial<MaskedLanguageOptions> = {}, seed = 0) => task(options).create({ rng: createRng(seed), totalSteps: 10 });
const withSentences = { nextSentenceHead: tinyNextSentenceHead };
const inference = { training: false };

describe('maskedLanguage', () => {
  it('is a task of contract 1 with its variables under the names of the networks', () => {
    const run = create(withSentences);
    expect([task().api, task().name]).toEqual([1, 'masked-language']);
    expect(new Set(Object.keys(run.trainable).map((path) => path.split('/')[0]))).toEqual(
      new Set(['backbone', 'head', 'nextSentenceHead']),
    );
    expect(Object.keys(run.trainable)).toContain('backbone/embeddings/word/weight');
    expect(Object.keys(run.trainable)).toContain('head/bias');
    expect(run.buffers).toEqual({});
    run.dispose();
  });

  it('masks in targets by the step, the rank and the seed', () => {
    const run = create();
    const batch = tinyBatch(1);
    tf.tidy(() => {
      const targets = (ctx: Partial<StepContextOptions>) => run.targets!(batch, context(ctx));
      const { tokenIds, positions, labels, weights } = targets({});
      expect([tokenIds.dtype, positions.dtype, labels.dtype, weights.dtype]).toEqual(['int32', 'int32', 'int32', 'float32']);
      expect(tokenIds.shape).toEqual([8, 12]);
      expect(positions.size).toBe(7 * 3 + 2); // a quarter of 12 tokens, and of 8
      const original = batch.tokenIds.dataSync();
      expect([...labels.dataSync()]).toEqual([...positions.dataSync()].map((at) => original[at]));
      expect([...tokenIds.dataSync()].filter((id) => id === mask).length).toBeGreaterThan(10);
      const places = (ctx: Partial<StepContextOptions>) => [...targets(ctx).positions.dataSync()];
      const { collective } = context();
      expect(places({})).toEqual(places({}));
      const others = [{ step: 1 }, { collective: { ...collective, rank: 1 } }, { microBatch: 1 }, { rng: createRng(1) }];
      for (const other of others) expect(places(other)).not.toEqual(places({}));
    });
    run.dispose();
    tf.dispose(batch);
  });

  it('takes any masking: whole words stay whole', () => {
    const isContinuation = (id: number) => id % 2 === 1;
    const ids = { vocabularySize, maskId: mask, paddingId: padding, specialIds: [1, 2] };
    const run = create({ masking: maskTokens({ ...ids, maskRate: 0.5, unit: 'whole-word', isContinuation }) });
    const batch = tinyBatch(1);
    tf.tidy(() => {
      const chosen = new Set(run.targets!(batch, context()).positions.dataSync());
      const original = [...batch.tokenIds.dataSync()];
      const joined = original.flatMap((id, at) => (id > 3 && isContinuation(id) && original[at - 1]! > 3 ? [at] : []));
      expect(joined.length).toBeGreaterThan(10);
      for (const at of joined) expect(chosen.has(at), `${at} with ${at - 1}`).toBe(chosen.has(at - 1));
    });
    run.dispose();
    tf.dispose(batch);
  });

  it('computes the cross entropy at the masked tokens, without padding in sight', () => {
    const run = create();
    const batch = tinyBatch(1);
    const { tokenIds, attentionMask } = batch;
    const backbone = run.encoders['backbone'] as ReturnType<ReturnType<typeof tinyBert>>;
    const head = tinyHead(createRng(0).fold('head'));
    tf.tidy(() => {
      const targets = run.targets!({ tokenIds, attentionMask }, context(inference));
      const { loss, metrics } = run.loss({ tokenIds, attentionMask }, targets, context(inference));
      const hidden = backbone.encode({ tokenIds: targets.tokenIds, attentionMask }, inference);
      const logits = head.predict(hidden, { positions: targets.positions, wordEmbedding: backbone.wordEmbedding });
      const expected = maskedCrossEntropy(logits, targets.labels).dataSync()[0]!;
      expect(loss.dataSync()[0]).toBeCloseTo(expected, 6);
      expect(metrics!['maskedLoss']!.dataSync()[0]).toBeCloseTo(expected, 6);
      const best = tf.argMax(logits, 1).dataSync();
      const hits = [...targets.labels.dataSync()].filter((label, i) => best[i] === label).length;
      expect(metrics!['accuracy']!.dataSync()[0]).toBeCloseTo(hits / targets.labels.size, 6);
      expect(Object.keys(metrics!)).toEqual(['maskedLoss', 'accuracy']);
      // the attention mask is used
      expect(run.loss({ tokenIds }, targets, context(inference)).loss.dataSync()[0]).not.toBe(loss.dataSync()[0]);
    });
    head.dispose();
    run.dispose();
    tf.dispose(batch);
  });

  it('adds the next sentence where there is a head for it', () => {
    const run = create(withSentences);
    const batch = tinyBatch(1);
    tf.tidy(() => {
      const targets = run.targets!(batch, context(inference));
      const lossOf = (nextSentence: tf.Tensor1D) => run.loss({ ...batch, nextSentence }, targets, context(inference));
      const numbers = (nextSentence: tf.Tensor1D) => {
        const { loss, metrics } = lossOf(nextSentence);
        return Object.fromEntries(Object.entries({ loss, ...metrics }).map(([name, x]) => [name, x.dataSync()[0]!]));
      };
      const plain = numbers(batch.nextSentence);
      const flipped = numbers(tf.cast(tf.sub(1, batch.nextSentence), 'int32'));
      expect(plain['loss']).toBeCloseTo(plain['maskedLoss']! + plain['nextSentenceLoss']!, 5);
      expect(plain['nextSentenceAccuracy']! + flipped['nextSentenceAccuracy']!).toBeCloseTo(1, 6);
      expect(flipped['maskedLoss']).toBe(plain['maskedLoss']);
      // −log p and −log(1 − p) of each of eight
      const both = plain['nextSentenceLoss']! + flipped['nextSentenceLoss']!;
      expect(both).toBeGreaterThanOrEqual(2 * Math.log(2) - 1e-6);
    });
    run.dispose();
    tf.dispose(batch);
  });

  it('sends a gradient to every trainable variable', () => {
    const run = create(withSentences);
    const batch = tinyBatch(1);
    tf.tidy(() => {
      const targets = run.targets!(batch, context());
      const { grads } = tf.variableGrads(() => run.loss(batch, targets, context()).loss, Object.values(run.trainable));
      for (const [path, variable] of Object.entries(run.trainable))
        expect(tf.max(tf.abs(grads[variable.name]!)).dataSync()[0], path).toBeGreaterThan(path.endsWith('key/bias') ? -1 : 1e-8);
    });
    run.dispose();
    tf.dispose(batch);
  });

  it('gives the same loss twice with dropout, and writes nothing, in evaluation neither', () => {
    const run = create(withSentences);
    const batch = tinyBatch(1);
    const before = read(run);
    const lossAt = (ctx: Partial<StepContextOptions>) =>
      tf.tidy(() => run.loss(batch, run.targets!(batch, context(ctx)), context(ctx)).loss.dataSync()[0]!);
    expect(lossAt({})).toBe(lossAt({}));
    expect(lossAt({ step: 1 })).not.toBe(lossAt({}));
    expect(lossAt(inference)).toBe(lossAt(inference));
    expect(lossAt(inference)).not.toBe(lossAt({}));
    expect(read(run)).toEqual(before);
    run.dispose();
    tf.dispose(batch);
  });

  it('starts from the seed', () => {
    const [a, b, c] = [0, 0, 1].map((seed) => {
      const run = create(withSentences, seed);
      const values = read(run);
      run.dispose();
      return values;
    });
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it('has a loss of 0 with zero gradients where nothing can be masked', () => {
    const run = create();
    tf.tidy(() => {
      const batch = { tokenIds: tf.tensor2d([[1, 2, 0]], [1, 3], 'int32') };
      const targets = run.targets!(batch, context());
      const { value, grads } = tf.variableGrads(() => run.loss(batch, targets, context()).loss, Object.values(run.trainable));
      expect(value.dataSync()[0]).toBe(0);
      for (const gradient of Object.values(grads)) expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBe(0);
    });
    run.dispose();
  });

  it('says what is wrong with a batch', () => {
    const run = create(withSentences);
    tf.tidy(() => {
      const batch = tinyBatch(1);
      const targets = run.targets!(batch, context());
      const lossOf = (changed: object) => failure(() => run.loss({ ...batch, ...changed }, targets, context()));
      expect(failure(() => run.targets!({} as typeof batch, context()))).toBe(
        'SELFSUP_BATCH masked-language: the batch must have `tokenIds`, int32 [batch, length], got undefined',
      );
      expect(lossOf({ tokenIds: tf.zeros([8, 12]) })).toBe('SELFSUP_DTYPE masked-language: `tokenIds` must be int32, got float32');
      expect(lossOf({ tokenIds: tf.zeros([12], 'int32') })).toBe(
        'SELFSUP_SHAPE masked-language: `tokenIds` must have shape [batch, length] without an empty axis, got [12]',
      );
      expect(lossOf({ segmentIds: tf.zeros([8, 11], 'int32') })).toBe(
        'SELFSUP_SHAPE masked-language: `segmentIds` must have shape [8, 12] like `tokenIds`, got [8, 11]',
      );
      expect(lossOf({ nextSentence: undefined })).toBe(
        'SELFSUP_BATCH masked-language: the batch must have `nextSentence`, int32 [8], for its head, got undefined',
      );
      expect(lossOf({ nextSentence: tf.zeros([7], 'int32') })).toBe(
        'SELFSUP_SHAPE masked-language: `nextSentence` must have shape [8], got [7]',
      );
      expect(lossOf({ nextSentence: tf.zeros([8]) })).toBe('SELFSUP_DTYPE masked-language: `nextSentence` must be int32, got float32');
    });
    run.dispose();
  });
});
