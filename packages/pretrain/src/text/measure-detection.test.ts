import { selectBackend } from '@selfsup/backends';
import type { AnyPretextTaskRun } from '@selfsup/core';
import { arrayTexts, wordPieceTokenizer } from '@selfsup/data/text';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildTextRun } from '../../fixtures/tiny-text.ts';
import { judge } from '../verdict.ts';
import { heldOutProbes } from './held-out-probe.ts';
import { measureDetection } from './measure-detection.ts';
import type { TokenBatch } from './token-batch.ts';

beforeAll(async () => {
  await selectBackend({ prefer: 'wasm' });
});

const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'cat', 'dog']);
const dataset = arrayTexts(['cat', 'dog dog', 'cat dog cat'], { tokenizer, length: 6 });
const networks = { encoders: {}, trainable: {}, buffers: {}, dispose: () => undefined };

/** Every cat is a replacement but one; the loss of a batch is its number of sequences. */
const loss = ({ tokenIds }: TokenBatch) => ({ loss: tf.scalar(0), metrics: { own: tf.scalar(tokenIds.shape[0]) } });
const run: AnyPretextTaskRun<TokenBatch> = {
  ...networks,
  loss,
  targets: ({ tokenIds }) => ({
    filledIds: tokenIds,
    replaced: tf.tidy(() => tf.cast(tf.reshape(tf.equal(tokenIds, 5), [-1]), 'float32')),
  }),
};
const options = { dataset, batchSize: 2, seed: 0, tokenLoss: 'own', totalSteps: 1 };

describe('measureDetection', () => {
  it('counts each token the same, and knows what words alone would tell', async () => {
    const { numTensors } = tf.memory();
    const { loss: mean, wordLoss, tokens, replacedShare } = await measureDetection(run, options);
    expect([tokens, replacedShare]).toEqual([12, 3 / 12]); // 3 + 4 + 5 with [CLS] and [SEP], 3 cats
    expect(mean).toBeCloseTo((7 * 2 + 5 * 1) / 12, 6);
    const original = 3 * Math.log(2.75 / 3); // of each other word 3 stand there, none replaced
    expect(wordLoss).toBeCloseTo(-(3 * Math.log(2.25 / 3) + 3 * original) / 12, 6);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('needs targets that say what was replaced', async () => {
    await expect(measureDetection({ ...networks, loss }, options)).rejects.toThrow('must have `filledIds` [batch, length]');
  });
});

describe('the probe detection', () => {
  it('takes the place of word frequencies where tokens are replaced', async () => {
    const { probing, train, trainer } = await buildTextRun('replaced-token', {
      taskOptions: { generatorLayers: 1, generatorWidth: 16, generatorHeads: 1 },
    });
    const [probe, ...others] = heldOutProbes(probing);
    expect([probe!.name, others]).toEqual(['detection', []]);
    const baselines = await probe!.baselines();
    expect(baselines['untrained']).toBeCloseTo(Math.log(2), 0);
    await train(4);
    const trained = await probe!.measure();
    expect(Object.keys(trained)).toEqual(['detectionLoss', 'wordLoss', 'replacedShare']);
    expect(probe!.describe(trained)).toMatch(/^detection of replaced tokens [\d.]+ nats \(by how often each word is replaced [\d.]+\)$/);
    const judged = (measures: object) => judge(probe!.compare({ ...trained, ...measures }, baselines), 0);
    expect(judged({ detectionLoss: 0.29, wordLoss: 0.3 })).toEqual([
      expect.stringMatching(/^Pretraining has not helped yet: .* does not beat how often each word is replaced/) as string,
      expect.stringContaining('not which fit their context') as string,
    ]);
    expect(judged({ detectionLoss: 0.001, wordLoss: 0.001, replacedShare: 0 })[1]).toContain('the encoder has nothing to detect');
    expect(judged({ detectionLoss: 0.1, wordLoss: 0.3 })).toEqual([expect.stringMatching(/^Pretraining helped/) as string]);
    trainer.dispose();
  });
});
