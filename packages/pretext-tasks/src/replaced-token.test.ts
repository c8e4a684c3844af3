import { createRng, type StepContextOptions } from '@selfsup/core';
import { binaryCrossEntropy, maskedCrossEntropy } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  context,
  failure,
  padding,
  read,
  tinyBatch,
  tinyBert,
  tinyDiscriminatorHead,
  tinyGenerator,
  tinyGeneratorHead,
  tinyMasking,
  width,
} from '../fixtures/tiny-text.ts';
import { replacedToken, type ReplacedTokenOptions } from './replaced-token.ts';

type Encoder = ReturnType<ReturnType<typeof tinyBert>>;
const task = (options: Partial<ReplacedTokenOptions<Encoder>> = {}) =>
  replacedToken({
    backbone: tinyBert(),
    generator: tinyGenerator(),
    generatorHead: tinyGeneratorHead,
    discriminatorHead: tinyDiscriminatorHead,
    masking: tinyMasking,
    ...options,
  });
const create = (options: Partial<ReplacedTokenOptions<Encoder>> = {}, seed = 0) =>
  task(options).create({ rng: createRng(seed), totalSteps: 10 });
const inference = { training: false };
const largest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0]!;

describe('replacedToken', () => {
  it('is a task of contract 1; the embeddings are shared and listed once', () => {
    const run = create();
    expect([task().api, task().name]).toEqual([1, 'replaced-token']);
    const paths = Object.keys(run.trainable);
    expect(new Set(paths.map((path) => path.split('/')[0]))).toEqual(
      new Set(['backbone', 'discriminatorHead', 'generator', 'generatorHead']),
    );
    expect(paths.filter((path) => path.includes('word'))).toEqual(['backbone/embeddings/word/weight']);
    expect(paths).toContain('generator/embeddings/projection/kernel');
    expect(new Set(Object.values(run.trainable)).size).toBe(paths.length);
    run.dispose();
  });

  it('keeps embeddings apart where the generator takes none', () => {
    const run = create({ generator: (rng) => tinyGenerator()(rng) });
    expect(Object.keys(run.trainable).filter((path) => path.includes('word'))).toEqual([
      'backbone/embeddings/word/weight',
      'generator/embeddings/word/weight',
    ]);
    run.dispose();
  });

  it("fills the masked tokens with the generator's samples", () => {
    const run = create();
    const batch = tinyBatch(1);
    tf.tidy(() => {
      const { tokenIds, positions, labels, filledIds, replaced } = run.targets!(batch, context());
      const [before, after, flags] = [batch.tokenIds.dataSync(), filledIds.dataSync(), replaced.dataSync()];
      const masked = new Set(positions.dataSync());
      expect([...flags].map(Boolean)).toEqual([...before].map((id, at) => id !== after[at]));
      for (const [at, id] of before.entries()) if (!masked.has(at)) expect(after[at]).toBe(id);
      const hits = [...positions.dataSync()].filter((at, i) => after[at] === labels.dataSync()[i]).length;
      expect([...flags].reduce((sum, flag) => sum + flag, 0)).toBe(positions.size - hits);
      expect(hits).toBeLessThan(positions.size / 2); // an untrained generator guesses one of 24
      expect([...tokenIds.dataSync()]).not.toEqual([...after]);
      const again = (ctx: Partial<StepContextOptions>) => [...run.targets!(batch, context(ctx)).filledIds.dataSync()];
      expect(again({})).toEqual([...after]);
      expect(again({ step: 1 })).not.toEqual([...after]);
    });
    run.dispose();
    tf.dispose(batch);
  });

  it.each([50, 3, 0])("adds %d times the discriminator's loss over all tokens but padding", (discriminatorWeight) => {
    const run = create({ discriminatorWeight });
    const batch = tinyBatch(1);
    const backbone = run.encoders['backbone'] as Encoder;
    const root = createRng(0);
    const [generator, generatorHead] = [tinyGenerator()(root.fold('generator'), backbone), tinyGeneratorHead(root.fold('generatorHead'))];
    const discriminatorHead = tinyDiscriminatorHead(root.fold('discriminatorHead'));
    tf.tidy(() => {
      const targets = run.targets!(batch, context(inference));
      const { loss, metrics } = run.loss(batch, targets, context(inference));
      const numbers = Object.fromEntries(Object.entries({ loss, ...metrics }).map(([name, x]) => [name, x.dataSync()[0]!]));
      const masks = { attentionMask: batch.attentionMask, segmentIds: batch.segmentIds };
      const hidden = generator.encode({ tokenIds: targets.tokenIds, ...masks }, inference);
      const logits = generatorHead.predict(hidden, { positions: targets.positions, wordEmbedding: backbone.wordEmbedding });
      const states = tf.reshape<tf.Rank.R2>(backbone.encode({ tokenIds: targets.filledIds, ...masks }, inference), [-1, width]);
      const odds = tf.reshape<tf.Rank.R1>(discriminatorHead.apply(states, inference), [-1]);
      const real = [...batch.tokenIds.dataSync()].flatMap((id, at) => (id === padding ? [] : [at]));
      const at = tf.tensor1d(real, 'int32');
      const [generated, told] = [
        maskedCrossEntropy(logits, targets.labels),
        binaryCrossEntropy(tf.gather(odds, at), tf.gather(targets.replaced, at)),
      ];
      expect(numbers['generatorLoss']).toBeCloseTo(generated.dataSync()[0]!, 5);
      expect(numbers['discriminatorLoss']).toBeCloseTo(told.dataSync()[0]!, 5);
      expect(numbers['loss']).toBeCloseTo(generated.dataSync()[0]! + discriminatorWeight * told.dataSync()[0]!, 3);
      const [signs, flags] = [odds.dataSync(), targets.replaced.dataSync()];
      const right = real.filter((place) => signs[place]! > 0 === flags[place]! > 0);
      expect(numbers['discriminatorAccuracy']).toBeCloseTo(right.length / real.length, 5);
      const changed = real.filter((place) => flags[place] === 1);
      expect(numbers['replacedRecall']).toBeCloseTo(changed.filter((place) => signs[place]! > 0).length / changed.length, 5);
      expect(numbers['generatorAccuracy']).toBeLessThan(0.5);
    });
    tf.dispose(batch);
    for (const module of [generator, generatorHead, discriminatorHead, run]) module.dispose();
  });

  it('sends no gradient from the discriminator to the generator, and both to the embeddings', () => {
    const batch = tinyBatch(1);
    const gradientsWith = (discriminatorWeight: number) => {
      const run = create({ discriminatorWeight });
      const gradients = tf.tidy(() => {
        const targets = run.targets!(batch, context());
        const { grads } = tf.variableGrads(() => run.loss(batch, targets, context()).loss, Object.values(run.trainable));
        return Object.fromEntries(Object.entries(run.trainable).map(([path, variable]) => [path, grads[variable.name]!] as const));
      });
      run.dispose();
      return gradients;
    };
    const [alone, both] = [gradientsWith(0), gradientsWith(50)];
    for (const path of Object.keys(both)) {
      const [least, change] = tf.tidy(() => [largest(both[path]!), largest(tf.sub(both[path]!, alone[path]!))]);
      if (!path.endsWith('key/bias')) expect(least, path).toBeGreaterThan(0);
      if (path.startsWith('generator')) expect(change, path).toBe(0);
      if (path === 'backbone/embeddings/word/weight') {
        expect(change).toBeGreaterThan(1e-4);
        expect(tf.tidy(() => largest(alone[path]!))).toBeGreaterThan(1e-4);
      }
      if (path.startsWith('backbone/encoder')) expect(tf.tidy(() => largest(alone[path]!))).toBe(0);
    }
    tf.dispose([batch, alone, both]);
  });

  it('gives the same loss twice and writes nothing, in evaluation neither', () => {
    const run = create();
    const batch = tinyBatch(1);
    const before = read(run);
    const lossAt = (ctx: Partial<StepContextOptions>) =>
      tf.tidy(() => run.loss(batch, run.targets!(batch, context(ctx)), context(ctx)).loss.dataSync()[0]!);
    expect(lossAt({})).toBe(lossAt({}));
    expect(lossAt(inference)).toBe(lossAt(inference));
    expect(lossAt(inference)).not.toBe(lossAt({}));
    expect(read(run)).toEqual(before);
    run.dispose();
    tf.dispose(batch);
  });

  it('says what is wrong with a batch or an option', () => {
    expect(failure(() => task({ discriminatorWeight: -1 }))).toBe(
      'SELFSUP_OPTION replaced-token: `discriminatorWeight` must be finite and >= 0, got -1',
    );
    const run = create();
    tf.tidy(() => {
      expect(failure(() => run.targets!({} as { tokenIds: tf.Tensor2D }, context()))).toBe(
        'SELFSUP_BATCH replaced-token: the batch must have `tokenIds`, int32 [batch, length], got undefined',
      );
      const batch = tinyBatch(1);
      expect(failure(() => run.targets!({ ...batch, segmentIds: tf.zeros([8, 2], 'int32') }, context()))).toBe(
        'SELFSUP_SHAPE replaced-token: `segmentIds` must have shape [8, 12] like `tokenIds`, got [8, 2]',
      );
    });
    run.dispose();
  });
});
