import { createRng, isSelfsupError, softmaxCrossEntropy } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { bert } from '../bert.ts';
import { maskedLanguageHead } from '../masked-language-head.ts';
import { saveWeights } from '../save-weights.ts';
import { startFromTokens } from './start-from-tokens.ts';

const [vocabularySize, embeddingDim] = [50, 8];
const factory = bert({ numLayers: 1, width: 16, numHeads: 2, vocabularySize, embeddingDim, maxPositions: 6 });
const embeddings = Float32Array.from({ length: vocabularySize * embeddingDim }, (_, i) => 3 * Math.sin(i * i + 1));
const rms = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);
const messageOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (isSelfsupError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing thrown';
};

describe('startFromTokens', () => {
  test('writes the vectors in the size of the old table, scales positions, touches nothing else and leaves no tensor', async () => {
    const encoder = factory(createRng(0));
    const before = await saveWeights(encoder);
    const tensors = tf.memory().numTensors;
    startFromTokens(encoder, { embeddings }, { positionScale: 0.5 });
    expect(tf.memory().numTensors).toBe(tensors);
    const after = await saveWeights(encoder);
    const size = rms(before['embeddings/word/weight']!.data);
    expect(size).toBeCloseTo(0.0176, 3);
    const scale = size / rms(embeddings);
    for (const [path, { data }] of Object.entries(before)) {
      const expected = path === 'embeddings/word/weight' ? embeddings.map((value) => value * scale) : data;
      const factor = /embeddings\/(position|segment)/.test(path) ? 0.5 : 1;
      for (const [i, value] of after[path]!.data.entries()) expect(value).toBeCloseTo(expected[i]! * factor, 7);
    }
    encoder.dispose();
  });

  test('keeps its own copy of the vectors', async () => {
    const [encoder, own] = [factory(createRng(0)), embeddings.slice()];
    startFromTokens(encoder, { embeddings: own });
    const before = await encoder.wordEmbedding.data();
    own.fill(9);
    expect([...(await encoder.wordEmbedding.data())]).toEqual([...before]);
    expect([...own]).toEqual([...own.map(() => 9)]);
    encoder.dispose();
  });

  test('tokens that are alike stay alike behind the norm of the embeddings', () => {
    const encoder = factory(createRng(0));
    const pairs = Float32Array.from({ length: vocabularySize * embeddingDim }, (_, i) =>
      Math.sin((Math.floor(i / embeddingDim / 2) + 1) * ((i % embeddingDim) + 1) ** 2),
    ); // tokens 2k and 2k + 1 are the same
    startFromTokens(encoder, { embeddings: pairs });
    const cosine = tf.tidy(() => {
      const tokenIds = tf.tensor2d([[4, 5, 12]], [1, 3], 'int32');
      const rows = tf.squeeze<tf.Tensor2D>(encoder.embeddings.embed({ tokenIds }, { training: false }), [0]);
      const unit = tf.div<tf.Tensor2D>(rows, tf.norm(rows, 2, 1, true));
      return tf.matMul(unit, unit, false, true).dataSync();
    });
    expect(cosine[1]).toBeGreaterThan(0.9);
    expect(cosine[2]).toBeLessThan(0.6);
    encoder.dispose();
  });

  test('says what does not fit', () => {
    const encoder = factory(createRng(0));
    expect(
      messageOf(() => {
        startFromTokens(encoder, { embeddings: embeddings.subarray(8) });
      }),
    ).toBe(
      'SELFSUP_OPTION startFromTokens: `embeddings` must have 400 values, [50, 8] like the word embedding, got 392; make them with `vocabularySize` 50 and `dim` 8',
    );
    expect(
      messageOf(() => {
        startFromTokens(encoder, { embeddings: new Float32Array(400) });
      }),
    ).toMatch(/finite and not all 0/);
    expect(
      messageOf(() => {
        startFromTokens(encoder, { embeddings: new Float32Array(400).fill(NaN) });
      }),
    ).toMatch(/finite and not all 0/);
    expect(
      messageOf(() => {
        startFromTokens(encoder, { embeddings }, { positionScale: -1 });
      }),
    ).toMatch(/`positionScale` must be a number >= 0, got -1/);
    encoder.dispose();
  });
});

describe('a masked-language head that knows the frequencies', () => {
  test('starts near their entropy, without them near log(vocabularySize)', () => {
    const counts = Float32Array.from({ length: vocabularySize }, (_, i) => (i === 0 ? 0 : 100 / i));
    const total = counts.reduce((a, b) => a + b);
    const unigram = counts.map((count) => count / total);
    const entropy = -unigram.reduce((sum, part) => sum + (part > 0 ? part * Math.log(part) : 0), 0);
    const encoder = factory(createRng(0));
    startFromTokens(encoder, { embeddings });
    const expected = (given: { unigram?: Float32Array }) => {
      const head = maskedLanguageHead({ width: 16, vocabularySize, embeddingDim, ...given })(createRng(1));
      const loss = tf.tidy(() => {
        const hidden = encoder.apply(tf.tensor2d([[7, 8, 9]], [1, 3], 'int32'), { training: false });
        const logits = head.predict(hidden, { positions: tf.tensor1d([1], 'int32'), wordEmbedding: encoder.wordEmbedding });
        const rows = tf.tile(logits, [vocabularySize, 1]);
        const losses = softmaxCrossEntropy(rows, tf.range(0, vocabularySize, 1, 'int32')); // [vocabularySize]: if it were the token
        return tf.sum(tf.mul(losses, tf.tensor1d(unigram))).dataSync()[0]!;
      });
      head.dispose();
      return loss;
    };
    expect(expected({ unigram }) - entropy).toBeLessThan(0.02);
    expect(expected({ unigram })).toBeGreaterThanOrEqual(entropy - 1e-5);
    expect(Math.abs(expected({}) - Math.log(vocabularySize))).toBeLessThan(0.1);
    encoder.dispose();
  });

  test('refuses frequencies of another vocabulary', () => {
    const make = (unigram: Float32Array) => () => maskedLanguageHead({ width: 16, vocabularySize, unigram });
    expect(messageOf(make(new Float32Array(3)))).toBe(
      'SELFSUP_OPTION maskedLanguageHead: `unigram` must have 50 values in [0, 1], got 3 values',
    );
    expect(messageOf(make(new Float32Array(50).fill(-1)))).toMatch(/in \[0, 1\], got -1/);
  });
});
