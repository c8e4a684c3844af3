import { selectBackend } from '@selfsup/backends';
import type { AnyPretextTaskRun, EmbeddingRun } from '@selfsup/core';
import { arrayTexts, wordPieceTokenizer } from '@selfsup/data/text';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildTextRun, textContext } from '../../fixtures/tiny-text.ts';
import { judge } from '../verdict.ts';
import { measureHeldOut } from './held-out.ts';
import { heldOutProbes } from './held-out-probe.ts';
import { maskedLanguageTask } from './recipes/masked-language.ts';
import { textModality } from './text-modality.ts';
import type { TokenBatch } from './token-batch.ts';

beforeAll(async () => {
  await selectBackend({ prefer: 'wasm' });
});

const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'cat', 'dog']);
const dataset = arrayTexts(['cat', 'dog dog', 'cat dog cat'], { tokenizer, length: 6 });
const networks = { encoders: {}, trainable: {}, buffers: {}, dispose: () => undefined };

describe('measureHeldOut', () => {
  it('counts each predicted token the same, without masks all but the first of a sequence', async () => {
    // the loss of a batch is its number of sequences
    const run: AnyPretextTaskRun<TokenBatch> = { ...networks, loss: ({ tokenIds }) => ({ loss: tf.scalar(tokenIds.shape[0]) }) };
    const { numTensors } = tf.memory();
    const { loss, labels } = await measureHeldOut(run, { dataset, batchSize: 2, seed: 0, totalSteps: 1 });
    expect(labels).toEqual([5, 3, 6, 6, 3, 5, 6, 5, 3]);
    expect(loss).toBeCloseTo((5 * 2 + 4 * 1) / 9, 6);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('asks for what the targets hide, draws by seed and batch alone, and takes the loss by its name; also of a task with embed', async () => {
    const drawn: string[] = [];
    const run: EmbeddingRun<TokenBatch> = {
      ...networks,
      targets({ tokenIds }, { stream, training, step }) {
        drawn.push(`${training} ${step} ${stream('masks').seed()}`);
        return { labels: tf.slice(tf.reshape(tokenIds, [-1]), [1], [2]) };
      },
      embed: ({ tokenIds }) => ({ rows: tf.cast(tokenIds, 'float32') }),
      loss: (_, targets) => ({
        loss: tf.scalar(9),
        metrics: { own: tf.cast<tf.Scalar>(tf.max(targets['labels'] as tf.Tensor), 'float32') },
      }),
    };
    const measure = (seed: number) => measureHeldOut(run, { dataset, batchSize: 2, seed, tokenLoss: 'own', totalSteps: 1 });
    const first = await measure(0);
    expect(first).toEqual({ loss: 5.5, labels: [5, 3, 5, 6] });
    const before = drawn.splice(0);
    expect(await measure(0)).toEqual(first);
    expect(drawn).toEqual(before);
    drawn.splice(0);
    await measure(1);
    expect(drawn).not.toEqual(before);
  });

  it('stops when it is asked to', async () => {
    const run: AnyPretextTaskRun<TokenBatch> = { ...networks, loss: () => ({ loss: tf.scalar(1) }) };
    await expect(
      measureHeldOut(run, { dataset, batchSize: 2, seed: 0, totalSteps: 1, signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
  });
});

describe('the probe held-out', () => {
  it('knows the untrained model and word frequencies, and sees that the model learns the context', async () => {
    const { probing, train, trainer, data } = await buildTextRun('masked-language');
    const [probe] = heldOutProbes(probing);
    expect(probe!.name).toBe('held-out');
    const baselines = await probe!.baselines();
    expect(baselines['untrained']).toBeCloseTo(Math.log(data.tokenizer.vocabularySize), 0);
    expect(baselines['heldOutTokens']).toBe(20 * 2); // 15 % of 14 tokens of each of 20 sentences
    expect(baselines['unigramEntropy']).toBeLessThan(baselines['unigramLoss']!);
    expect(await probe!.measure()).toEqual({ heldOutLoss: baselines['untrained'], unigramEntropy: baselines['unigramEntropy'] });
    const untrained = await probe!.measure();
    expect(judge(probe!.compare(untrained, baselines), 0)).toEqual([
      expect.stringContaining('Pretraining has not helped yet') as string,
      expect.stringContaining('pretraining has not left word frequencies') as string,
    ]);
    await train(60);
    const trained = await probe!.measure();
    expect(trained['heldOutLoss']).toBeLessThan(baselines['unigramEntropy']! - 0.3);
    expect(judge(probe!.compare(trained, baselines), 0)).toEqual([expect.stringContaining('Pretraining helped') as string]);
    expect(probe!.describe({ untrained: 7, unigramEntropy: 3 })).toBe('held-out 7.0000 nats (unigram entropy 3.0000)');
    expect(probe!.describe({ heldOutLoss: 1.25, unigramEntropy: 3 })).toBe('held-out 1.2500 nats (unigram entropy 3.0000)');
    trainer.dispose();
  });

  it('is not there without held-out text', async () => {
    const { probing, context, trainer } = await buildTextRun('next-token');
    trainer.dispose();
    const data = await textModality.open(
      {
        data: { texts: ['the cat likes the dog'] },
        options: context.options,
        settings: { ...context.settings, testFraction: 0 },
        recipe: maskedLanguageTask,
      },
      textContext(),
    );
    expect(heldOutProbes({ ...probing, data })).toEqual([]);
  });
});
