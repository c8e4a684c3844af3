import { createRng, isSelfsupError, softmaxCrossEntropy } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { bertBase, bertMedium, bertMini, bertSmall, bertTiny } from './bert-sizes.ts';
import { bert, type BertEncoder } from './bert.ts';
import { truncatedNormal } from './layers/initializers.ts';
import { maskedLanguageHead } from './masked-language-head.ts';
import { hashedValues } from './parity/hashed-values.ts';
import { saveWeights } from './save-weights.ts';

const size = { numLayers: 2, width: 8, numHeads: 2, vocabularySize: 11, maxPositions: 6 };
const plain = bert({ ...size, dropoutRate: 0, attentionDropoutRate: 0 });
const ids = (...rows: number[][]) => tf.tensor2d(rows, [rows.length, rows[0]!.length], 'int32');
const inference = { training: false };
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (isSelfsupError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing thrown';
};
const far = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
/** Larger weights, so that attention is far from uniform. */
const stir = (encoder: BertEncoder) => {
  for (const [path, variable] of Object.entries(encoder.trainable)) {
    const values = hashedValues(1, path, variable.size).map((u) => (path.endsWith('scale') ? 1 : u));
    variable.assign(tf.tensor(values, variable.shape));
  }
};

describe('the BERT encoder', () => {
  test('has the documented paths, shapes and start', async () => {
    const encoder = plain(createRng(0));
    const weights = await saveWeights(encoder);
    const shapes = Object.fromEntries(Object.entries(weights).map(([path, { shape }]) => [path, shape]));
    expect(Object.keys(shapes)).toHaveLength(5 + 2 * 16);
    expect(shapes).toMatchObject({
      'embeddings/word/weight': [11, 8],
      'embeddings/position/weight': [6, 8],
      'embeddings/segment/weight': [2, 8],
      'embeddings/norm/scale': [8],
      'encoder/layer0/attention/query/kernel': [8, 8],
      'encoder/layer0/attention/output/bias': [8],
      'encoder/layer1/attention/norm/offset': [8],
      'encoder/layer1/intermediate/kernel': [8, 32],
      'encoder/layer1/output/kernel': [32, 8],
      'encoder/layer1/norm/scale': [8],
    });
    for (const [path, { data }] of Object.entries(weights)) {
      const [least, largest] = [Math.min(...data), Math.max(...data)];
      if (/(kernel|weight)$/.test(path)) expect(Math.max(-least, largest), path).toBeLessThanOrEqual(0.04);
      if (/(kernel|weight)$/.test(path)) expect(largest - least, path).toBeGreaterThan(0.02);
      if (/(bias|offset)$/.test(path)) expect([least, largest], path).toEqual([0, 0]);
      if (path.endsWith('scale')) expect([least, largest], path).toEqual([1, 1]);
    }
    expect(weights['encoder/layer0/attention/query/kernel']!.data).not.toEqual(weights['encoder/layer0/attention/key/kernel']!.data);
    expect(encoder.wordEmbedding).toBe(encoder.trainable['embeddings/word/weight']);
    encoder.dispose();
  });

  test('has the published sizes', () => {
    const count = (factory: typeof plain) => {
      const encoder = factory(createRng(0));
      const sum = Object.values(encoder.trainable).reduce((total, variable) => total + variable.size, 0);
      encoder.dispose();
      return sum;
    };
    // published counts less the pooler (width² + width); a small vocabulary makes the test fast
    const small = { vocabularySize: 1, maxPositions: 1 };
    const published = { tiny: 4_385_920, mini: 11_170_560, small: 28_763_648, medium: 41_373_184 };
    const expected = (total: number, width: number) => total - (width * width + width) - (30_521 + 511) * width;
    expect(count(bertTiny(small))).toBe(expected(published.tiny, 128));
    expect(count(bertMini(small))).toBe(expected(published.mini, 256));
    expect(count(bertSmall(small))).toBe(expected(published.small, 512));
    expect(count(bertMedium(small))).toBe(expected(published.medium, 512));
    // a draw of BERT-base takes 8 s; its formula is that of the others
    expect([bertBase().outputDim, bertBase().vocabularySize]).toEqual([768, 30_522]);
  }, 120_000);

  test('is blind to what is masked, sees what is not, and knows positions and segments', () => {
    const encoder = plain(createRng(0));
    tf.tidy(() => {
      stir(encoder);
      const states = (tokens: number[], mask?: number[], segments?: number[]) =>
        encoder.encode(
          { tokenIds: ids(tokens), ...(mask && { attentionMask: ids(mask) }), ...(segments && { segmentIds: ids(segments) }) },
          inference,
        );
      const tokens = (x: tf.Tensor3D, from: number, count: number) => tf.slice(x, [0, from, 0], [1, count, 8]);
      const base = states([1, 2, 3, 4], [1, 1, 1, 0]);
      expect(far(tokens(base, 0, 3), tokens(states([1, 2, 3, 9], [1, 1, 1, 0]), 0, 3))).toBe(0);
      expect(far(tokens(base, 0, 2), tokens(states([1, 2, 9, 4], [1, 1, 1, 0]), 0, 2))).toBeGreaterThan(1e-3);
      // padding changes nothing but rounding
      expect(far(tokens(base, 0, 3), states([1, 2, 3]))).toBeLessThan(1e-5);
      expect(far(states([1, 2, 3, 4]), encoder.apply(ids([1, 2, 3, 4]), inference))).toBe(0);
      expect(far(states([1, 2, 3, 4], [1, 1, 1, 1], [0, 0, 0, 0]), states([1, 2, 3, 4]))).toBeLessThan(1e-5);
      expect(far(states([1, 2, 3, 4], undefined, [0, 0, 1, 1]), states([1, 2, 3, 4]))).toBeGreaterThan(1e-3);
      // without its position a token's state would be the same in every order
      expect(far(tokens(states([5, 6]), 0, 1), tokens(states([6, 5]), 1, 1))).toBeGreaterThan(1e-3);
    });
    encoder.dispose();
  });

  test('drops by the stream that it is given, and only while training', () => {
    const encoder = bert(size)(createRng(0));
    tf.tidy(() => {
      const tokenIds = ids([1, 2, 3, 4], [5, 6, 7, 8]);
      const run = (seed: number) => encoder.apply(tokenIds, { training: true, rng: createRng(seed) });
      expect(far(run(1), run(1))).toBe(0);
      expect(far(run(1), run(2))).toBeGreaterThan(1e-3);
      expect(far(encoder.apply(tokenIds, inference), encoder.apply(tokenIds, { ...inference, rng: createRng(3) }))).toBe(0);
      expect(codeOf(() => encoder.apply(tokenIds, { training: true }))).toBe(
        'SELFSUP_OPTION bert: `rng` must be given while training with dropout; without one set the dropout rate to 0',
      );
    });
    encoder.dispose();
  });

  test('refuses what does not fit by name', () => {
    const encoder = plain(createRng(0));
    tf.tidy(() => {
      const tokenIds = ids([1, 2, 3]);
      const wrong = [
        codeOf(() => encoder.apply(tf.zeros<tf.Rank.R1>([3], 'int32') as tf.Tensor as tf.Tensor2D, inference)),
        codeOf(() => encoder.apply(tf.zeros([1, 3]), inference)),
        codeOf(() => encoder.apply(tf.zeros([1, 7], 'int32'), inference)),
        codeOf(() => encoder.encode({ tokenIds, attentionMask: ids([1, 1]) }, inference)),
        codeOf(() => encoder.encode({ tokenIds, segmentIds: tf.zeros([1, 3]) }, inference)),
      ];
      expect(wrong).toEqual([
        'SELFSUP_SHAPE bert: `tokenIds` must have shape [batch, length] without an empty axis, got [3]',
        'SELFSUP_DTYPE bert: `tokenIds` must be int32, got float32',
        'SELFSUP_SHAPE bert: `tokenIds` must be at most 6 long, got [1, 7]',
        'SELFSUP_SHAPE bert: `attentionMask` must have shape [1, 3] like `tokenIds` or [1 or 1, 3, 3], got [1, 2]',
        'SELFSUP_DTYPE bert: `segmentIds` must be int32, got float32',
      ]);
    });
    encoder.dispose();
    expect(codeOf(() => bert({ ...size, numHeads: 3 }))).toBe('SELFSUP_OPTION selfAttention: `numHeads` must divide the width 8, got 3');
    expect(codeOf(() => bertTiny({ dropoutRate: 1 }))).toBe('SELFSUP_OPTION bertTiny: `dropoutRate` must be in [0, 1), got 1');
    expect(codeOf(() => bertTiny({ vocabularySize: 0 }))).toBe('SELFSUP_OPTION bertTiny: `vocabularySize` must be an integer >= 1, got 0');
  });
});

describe('the masked-language head', () => {
  const make = () => {
    const encoder = plain(createRng(0));
    return { encoder, head: maskedLanguageHead(size)(createRng(1)) };
  };

  test('gives the word embedding the gradients of both of its uses, and leaves nothing behind', () => {
    const { encoder, head } = make();
    const { wordEmbedding } = encoder;
    const [tokenIds, positions, labels] = [ids([1, 2, 3]), tf.tensor1d([0, 2], 'int32'), tf.tensor1d([4, 5], 'int32')];
    const copy = tf.clone(wordEmbedding);
    const gradient = (input: boolean, output: boolean) =>
      tf.tidy(() => {
        const { grads } = tf.variableGrads(() => {
          const hidden = encoder.apply(tokenIds, { training: true });
          const used = { positions, wordEmbedding: output ? wordEmbedding : copy };
          const logits = head.predict(input ? hidden : tf.tensor<tf.Rank.R3>(hidden.dataSync(), hidden.shape), used);
          return tf.mean<tf.Scalar>(softmaxCrossEntropy(logits, labels));
        });
        return grads[wordEmbedding.name]!;
      });
    const before = tf.memory().numTensors;
    const [both, first, second] = [gradient(true, true), gradient(true, false), gradient(false, true)];
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.tidy(() => {
      expect(far(both, tf.add(first, second))).toBeLessThan(1e-6);
      // the input reaches the rows of its tokens alone, the output every word
      const touched = (x: tf.Tensor) => Array.from(tf.max(tf.abs(x), 1).dataSync(), (largest) => largest > 0);
      expect(touched(first)).toEqual(Array.from({ length: 11 }, (_, word) => [1, 2, 3].includes(word)));
      expect(touched(second)).toEqual(Array.from({ length: 11 }, () => true));
    });
    tf.dispose([both, first, second, copy, tokenIds, positions, labels]);
    head.dispose();
    expect(wordEmbedding.isDisposed).toBe(false);
    encoder.dispose();
  });

  test('predicts the chosen positions in their order, repeated ones too', () => {
    const { encoder, head } = make();
    tf.tidy(() => {
      const hidden = encoder.apply(ids([1, 2, 3], [4, 5, 6]), inference);
      const at = (...positions: number[]) =>
        head.predict(hidden, { positions: tf.tensor1d(positions, 'int32'), wordEmbedding: encoder.wordEmbedding });
      const all = at(0, 1, 2, 3, 4, 5);
      expect(all.shape).toEqual([6, 11]);
      expect(far(at(4, 0, 4), tf.gather(all, tf.tensor1d([4, 0, 4], 'int32')))).toBeLessThan(1e-7);
      expect(codeOf(() => head.predict(hidden, { positions: tf.zeros([2]), wordEmbedding: encoder.wordEmbedding }))).toBe(
        'SELFSUP_DTYPE maskedLanguageHead: `positions` must be int32, got float32',
      );
      expect(codeOf(() => head.predict(hidden, { positions: tf.zeros([2], 'int32'), wordEmbedding: tf.zeros([8, 11]) }))).toBe(
        'SELFSUP_SHAPE maskedLanguageHead: `wordEmbedding` must have shape [11, 8], got [8, 11]',
      );
    });
    head.dispose();
    encoder.dispose();
  });
});

test('truncatedNormal has the moments of a normal distribution cut at two deviations, and one stream gives one draw', () => {
  const draw = (count: number) => truncatedNormal(0.5)(createRng(0), count, { fanIn: 1, fanOut: 1 });
  const values = draw(100_000);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1);
  expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(0.25 / values.length));
  // 1 − 2·2φ(2)/(2Φ(2) − 1) = 0.7737
  expect(Math.abs(variance / 0.25 - 0.7737)).toBeLessThan(0.01);
  expect(draw(100_000)).toEqual(values);
});
