import { createRng, type Batch, type PretextTask, type PretextTaskRun } from '@selfsup/core';
import { adamW, chain, clipByGlobalNorm, noDecayOnNorms } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  context,
  tinyBatch,
  tinyBert,
  tinyDiscriminatorHead,
  tinyGenerator,
  tinyGeneratorHead,
  tinyHead,
  tinyMasking,
  tinyNextSentenceHead,
} from '../fixtures/tiny-text.ts';
import { maskedLanguage } from './masked-language.ts';
import { nextToken } from './next-token.ts';
import { replacedToken } from './replaced-token.ts';

// trained through the contract alone
const tasks: Readonly<Record<string, (dropoutRate?: number) => PretextTask>> = {
  'masked-language': (rate) => maskedLanguage({ backbone: tinyBert(rate, 2), head: tinyHead, masking: tinyMasking }),
  'masked-language with next sentences': (rate) =>
    maskedLanguage({
      backbone: tinyBert(rate, 2),
      head: tinyHead,
      masking: tinyMasking,
      nextSentenceHead: tinyNextSentenceHead,
    }),
  'replaced-token': (rate) =>
    replacedToken({
      backbone: tinyBert(rate, 2),
      generator: tinyGenerator(rate),
      generatorHead: tinyGeneratorHead,
      discriminatorHead: tinyDiscriminatorHead,
      masking: tinyMasking,
    }),
  'next-token': (rate) => nextToken({ backbone: tinyBert(rate, 2), head: tinyHead }),
};
const makeTrainer = (task: PretextTask, { learningRate = 5e-3, seed = 0 } = {}) =>
  createTrainer({
    task,
    optimizer: chain(clipByGlobalNorm(1), adamW({ learningRate, weightDecay: 0.01, mask: noDecayOnNorms })),
    totalSteps: 1000,
    seed,
  });
const trainUntil = async (
  trainer: ReturnType<typeof makeTrainer>,
  end: number,
  batchAt: (step: number) => ReturnType<typeof tinyBatch>,
) => {
  while (trainer.step < end) {
    const batch = batchAt(trainer.step);
    await trainer.trainStep(batch);
    tf.dispose(batch);
  }
};
/** The mean of what evaluation reports under several masks; evaluation writes nothing. */
function evaluate(trainer: ReturnType<typeof makeTrainer>, batch: Batch): Record<string, number> {
  const sums: Record<string, number> = {};
  const rounds = 20;
  for (let step = 0; step < rounds; step++)
    tf.tidy(() => {
      const ctx = context({ rng: createRng(77), step, training: false });
      const run = trainer.run as PretextTaskRun; // none of these has `embed`
      const { loss, metrics } = run.loss(batch, run.targets?.(batch, ctx) ?? {}, ctx);
      for (const [name, value] of Object.entries({ loss, ...metrics })) sums[name] = (sums[name] ?? 0) + value.dataSync()[0]! / rounds;
    });
  return sums;
}
/** Which part of the tokens is replaced, under the masks of {@link evaluate}. */
function replacedPart(trainer: ReturnType<typeof makeTrainer>, batch: Batch): number {
  const parts = Array.from({ length: 20 }, (_, step) =>
    tf.tidy(() => {
      const { replaced } = trainer.run.targets!(batch, context({ rng: createRng(77), step, training: false }));
      return tf.div(tf.sum(replaced as tf.Tensor), tf.sum(batch['attentionMask'] as tf.Tensor)).dataSync()[0]!;
    }),
  );
  return parts.reduce((sum, part) => sum + part, 0) / parts.length;
}
/** Of the words of a batch, in nats: the loss of a model that knows how frequent words are and nothing else. */
function unigramEntropy(tokenIds: tf.Tensor2D): number {
  const words = [...tokenIds.dataSync()].filter((id) => id > 3);
  const counts = new Map<number, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / words.length) * Math.log(count / words.length), 0);
}

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(Object.keys(tasks))(
    '%s: the same seed gives the same bytes, a broken run ends as one that was not, and nothing leaks',
    async (name) => {
      const make = (seed = 0) => makeTrainer(tasks[name]!(), { seed });
      const whole = make();
      await trainUntil(whole, 1, tinyBatch);
      const { numTensors } = tf.memory();
      await trainUntil(whole, 3, tinyBatch);
      expect(tf.memory().numTensors).toBe(numTensors);
      const saved = await whole.save();
      await trainUntil(whole, 6, tinyBatch);
      const resumed = make();
      await resumed.restore(saved);
      await trainUntil(resumed, 6, tinyBatch);
      const bytes = await whole.save();
      expect(Buffer.compare(await resumed.save(), bytes)).toBe(0);
      const again = make();
      await trainUntil(again, 6, tinyBatch);
      expect(Buffer.compare(await again.save(), bytes)).toBe(0);
      const other = make(1);
      await trainUntil(other, 6, tinyBatch);
      expect(Buffer.compare(await other.save(), bytes)).not.toBe(0);
      for (const trainer of [whole, resumed, again, other]) trainer.dispose();
    },
  );
});

describe('a tiny corpus is learned', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    await registerTrainingKernels();
  });
  afterAll(() => tf.setBackend('cpu'));
  const corpus = () => tinyBatch(3, 5);

  it('by masked-language, far below the unigram entropy', async () => {
    const trainer = makeTrainer(tasks['masked-language']!(0));
    const batch = corpus();
    const entropy = unigramEntropy(batch.tokenIds);
    const before = evaluate(trainer, batch);
    expect(entropy).toBeGreaterThan(2.5);
    expect(before['loss']).toBeGreaterThan(entropy);
    await trainUntil(trainer, 250, corpus);
    const after = evaluate(trainer, batch);
    expect(after['maskedLoss']).toBeLessThan(entropy / 3);
    expect(after['accuracy']).toBeGreaterThan(0.75);
    trainer.dispose();
    tf.dispose(batch);
  });

  it('by next-token: what follows is known once stride and start are', async () => {
    const trainer = makeTrainer(tasks['next-token']!(0));
    const batch = corpus();
    const entropy = unigramEntropy(batch.tokenIds);
    expect(evaluate(trainer, batch)['loss']).toBeGreaterThan(0.9 * entropy);
    await trainUntil(trainer, 150, corpus);
    expect(evaluate(trainer, batch)['loss']).toBeLessThan(entropy / 5);
    trainer.dispose();
    tf.dispose(batch);
  });

  it('by replaced-token: the generator learns words, the discriminator tells its samples', async () => {
    const trainer = makeTrainer(tasks['replaced-token']!(0), { learningRate: 1e-2 });
    const batch = corpus();
    const before = evaluate(trainer, batch);
    await trainUntil(trainer, 500, corpus);
    const after = evaluate(trainer, batch);
    expect(after['generatorLoss']).toBeLessThan(before['generatorLoss']! - 1);
    expect(after['replacedRecall']).toBeGreaterThan(0.5);
    // one that calls every token original is right as often as none is replaced, and loses the entropy of that at best
    const replaced = replacedPart(trainer, batch);
    expect(after['discriminatorAccuracy']).toBeGreaterThan(1 - 0.75 * replaced);
    expect(after['discriminatorLoss']).toBeLessThan(-0.8 * (replaced * Math.log(replaced) + (1 - replaced) * Math.log(1 - replaced)));
    trainer.dispose();
    tf.dispose(batch);
  });
});
