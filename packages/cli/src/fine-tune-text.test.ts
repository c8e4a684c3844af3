import { createRng, drawUniform } from '@selfsup/core';
import { wordPieceTokenizer } from '@selfsup/data/text';
import { bert, saveWeights } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fineTuneText, type FineTuneTextOptions } from './fine-tune-text.ts';

const WORDS = ['good', 'bad', 'film', 'story', 'the', 'a'];
const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...WORDS]);
const encoderFactory = bert({ numLayers: 1, width: 16, numHeads: 2, vocabularySize: tokenizer.vocabularySize, maxPositions: 16 });

/** Texts with the word `good` or `bad` among others. */
function makeTexts(count: number, tag: string) {
  const draws = drawUniform(createRng(5).fold(tag), count * 3, { min: 2, max: WORDS.length });
  const texts = Array.from({ length: count }, (_, i) => {
    const words = Array.from(draws.subarray(3 * i, 3 * i + 1 + (i % 3)), (at) => WORDS[Math.floor(at)]!);
    return [...words, WORDS[i % 2]!].join(' ');
  });
  return { texts, labels: Int32Array.from(texts, (_, i) => 1 - (i % 2)), classNames: ['negative', 'positive'] };
}
const options: FineTuneTextOptions = {
  encoderFactory,
  tokenizer,
  train: makeTexts(40, 'train'),
  test: makeTexts(20, 'test'),
  seeds: [0],
  epochs: 8,
  minSteps: 40,
  batchSize: 8,
  learningRate: 3e-3,
};

describe('fineTuneText', () => {
  it('learns from scratch', async () => {
    const [row, ...rest] = await fineTuneText(options);
    expect(rest).toEqual([]);
    expect(row).toMatchObject({ count: 40, arm: 'scratch' });
    expect(row!.mean).toBeGreaterThan(0.9);
  });

  it('starts from weights, once for each seed and number of labels, and does not change them', async () => {
    const encoder = encoderFactory(createRng(9));
    const weights = await saveWeights(encoder);
    const before = Float32Array.from(weights['embeddings/word/weight']!.data);
    encoder.dispose();
    const { numTensors } = tf.memory();
    const few = { ...options, weights, counts: [4, 'all'] as const, seeds: [0, 1], minSteps: 0, epochs: 1 };
    const trials: string[] = [];
    const rows = await fineTuneText({ ...few, onTrial: ({ arm, count, seed }) => trials.push(`${arm} ${count} ${seed}`) });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(rows.map(({ arm, count }) => `${arm} ${count}`)).toEqual(['pretrained 4', 'scratch 4', 'pretrained 40', 'scratch 40']);
    expect(trials.slice(0, 4)).toEqual(['pretrained 4 0', 'pretrained 4 1', 'scratch 4 0', 'scratch 4 1']);
    expect(weights['embeddings/word/weight']!.data).toEqual(before);
    const still = { ...few, counts: ['all'] as const, learningRate: 1e-12, arms: ['pretrained'] as const };
    const [a, b] = [await fineTuneText({ ...still, seeds: [0] }), await fineTuneText({ ...still, seeds: [0] })];
    expect(a).toEqual(b);
  });

  it('refuses weights that do not fit, and to start from none', async () => {
    await expect(fineTuneText({ ...options, weights: {} })).rejects.toMatchObject({ code: 'SELFSUP_CHECKPOINT' });
    await expect(fineTuneText({ ...options, arms: ['pretrained'] })).rejects.toThrow('`arms` must be scratch alone without `weights`');
    await expect(fineTuneText({ ...options, length: 1 })).rejects.toMatchObject({ code: 'SELFSUP_OPTION' });
  });
});
