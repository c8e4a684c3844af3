import { createRng, softmaxCrossEntropy } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { bert, type BertEncoder } from './bert.ts';
import { maskedLanguageHead } from './masked-language-head.ts';
import { hashedValues } from './parity/hashed-values.ts';

const size = { numLayers: 2, width: 8, numHeads: 2, vocabularySize: 11, maxPositions: 6, dropoutRate: 0, attentionDropoutRate: 0 };
const ids = (...rows: number[][]) => tf.tensor2d(rows, [rows.length, rows[0]!.length], 'int32');
const inference = { training: false };
const far = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
/** Larger weights, so that attention is far from uniform. */
const stir = (encoder: BertEncoder) => {
  for (const [path, variable] of Object.entries(encoder.trainable)) {
    const values = hashedValues(1, path, variable.size).map((u) => (path.endsWith('scale') ? 1 : u));
    tf.tidy(() => {
      variable.assign(tf.tensor(values, variable.shape));
    });
  }
};

describe('a mask by query', () => {
  test('that is the same for all queries is the mask of keys', () => {
    const encoder = bert(size)(createRng(0));
    stir(encoder);
    tf.tidy(() => {
      const tokenIds = ids([1, 2, 3, 4], [5, 6, 7, 8]);
      const keys = ids([1, 1, 1, 0], [1, 1, 0, 0]);
      const each = tf.tile<tf.Tensor3D>(tf.expandDims(keys, 1), [1, 4, 1]);
      const run = (attentionMask: tf.Tensor2D | tf.Tensor3D) => encoder.encode({ tokenIds, attentionMask }, inference);
      expect(far(run(each), run(keys))).toBeLessThan(1e-6);
      expect(far(run(each), encoder.apply(tokenIds, inference))).toBeGreaterThan(1e-3);
    });
    encoder.dispose();
  });

  test.each([1, 2])('that is causal lets no later token into a state, with a first axis of %d', (count) => {
    const encoder = bert(size)(createRng(0));
    stir(encoder);
    tf.tidy(() => {
      const attentionMask = tf.tensor3d(Array.from({ length: count * 16 }, (_, i) => (i % 4 <= Math.floor(i / 4) % 4 ? 1 : 0)), [count, 4, 4]); // prettier-ignore
      const run = (last: number) => encoder.encode({ tokenIds: ids([1, 2, 3, last], [5, 6, 7, last]), attentionMask }, inference);
      const earlier = (states: tf.Tensor3D) => tf.slice(states, [0, 0, 0], [2, 3, 8]);
      const [a, b] = [run(4), run(9)];
      expect(far(earlier(a), earlier(b))).toBe(0);
      expect(far(a, b)).toBeGreaterThan(1e-3);
      // the first token sees itself alone
      const alone = encoder.apply(ids([1], [5]), inference);
      expect(far(tf.slice(a, [0, 0, 0], [2, 1, 8]), alone)).toBeLessThan(1e-6);
    });
    encoder.dispose();
  });

  test('must fit', () => {
    const encoder = bert(size)(createRng(0));
    tf.tidy(() => {
      const attentionMask = tf.ones<tf.Rank.R3>([3, 4, 4]);
      expect(() => encoder.encode({ tokenIds: ids([1, 2, 3, 4], [5, 6, 7, 8]), attentionMask }, inference)).toThrow(
        'bert: `attentionMask` must have shape [2, 4] like `tokenIds` or [1 or 2, 4, 4], got [3, 4, 4]',
      );
    });
    encoder.dispose();
  });
});

describe('embeddings narrower than the encoder', () => {
  const narrow = bert({ ...size, embeddingDim: 4 });

  test('have a linear layer behind them', () => {
    const encoder = narrow(createRng(0));
    expect([narrow.outputDim, narrow.embeddingDim, narrow.vocabularySize]).toEqual([8, 4, 11]);
    const shapes = Object.fromEntries(Object.entries(encoder.trainable).map(([path, { shape }]) => [path, shape]));
    expect(shapes).toMatchObject({
      'embeddings/word/weight': [11, 4],
      'embeddings/position/weight': [6, 4],
      'embeddings/norm/scale': [4],
      'embeddings/projection/kernel': [4, 8],
      'embeddings/projection/bias': [8],
      'encoder/layer0/attention/query/kernel': [8, 8],
    });
    tf.tidy(() => {
      expect(encoder.apply(ids([1, 2, 3]), inference).shape).toEqual([1, 3, 8]);
    });
    encoder.dispose();
  });

  test('have a head of their width, and all variables a gradient', () => {
    const encoder = narrow(createRng(0));
    const head = maskedLanguageHead({ ...size, embeddingDim: 4 })(createRng(1));
    expect(head.trainable['dense/kernel']!.shape).toEqual([8, 4]);
    tf.tidy(() => {
      const loss = () => {
        const hidden = encoder.encode({ tokenIds: ids([1, 2, 3]), segmentIds: ids([0, 0, 1]) }, inference);
        const logits = head.predict(hidden, { positions: tf.tensor1d([0, 2], 'int32'), wordEmbedding: encoder.wordEmbedding });
        expect(logits.shape).toEqual([2, 11]);
        return tf.mean<tf.Scalar>(softmaxCrossEntropy(logits, tf.tensor1d([1, 5], 'int32')));
      };
      const variables = [...Object.values(encoder.trainable), ...Object.values(head.trainable)];
      const { grads } = tf.variableGrads(loss, variables);
      for (const variable of variables) expect(far(grads[variable.name]!, tf.scalar(0))).toBeGreaterThan(0);
    });
    encoder.dispose();
    head.dispose();
  });
});

describe('shared embeddings', () => {
  test('are the very variables of the other encoder, which keeps them', () => {
    const large = bert({ ...size, width: 8 })(createRng(0));
    const small = bert({ ...size, width: 4, numLayers: 1, embeddingDim: 8 })(createRng(1), large);
    expect(small.wordEmbedding).toBe(large.wordEmbedding);
    expect(Object.keys(small.trainable).filter((path) => path.startsWith('embeddings'))).toEqual([
      'embeddings/projection/kernel',
      'embeddings/projection/bias',
    ]);
    tf.tidy(() => {
      const tokenIds = ids([1, 2, 3]);
      const before = small.apply(tokenIds, inference);
      expect(before.shape).toEqual([1, 3, 4]);
      const { grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(tf.square(small.apply(tokenIds, inference))), Object.values(large.trainable)); // prettier-ignore
      const reached = Object.entries(large.trainable).filter(([, variable]) => (grads[variable.name] ?? null) !== null);
      expect(reached.map(([path]) => path)).toEqual(Object.keys(large.trainable).filter((path) => path.startsWith('embeddings')));
      large.wordEmbedding.assign(tf.mul(large.wordEmbedding, -1));
      expect(far(small.apply(tokenIds, inference), before)).toBeGreaterThan(1e-4);
      small.dispose();
      expect(large.apply(tokenIds, inference).shape).toEqual([1, 3, 8]);
    });
    large.dispose();
  });

  test('must have the same shape', () => {
    const large = bert(size)(createRng(0));
    expect(() => bert({ ...size, width: 4 })(createRng(1), large)).toThrow(
      'bert: the shared word embedding must have shape [11, 4], vocabularySize and embeddingDim, got [11, 8]',
    );
    large.dispose();
  });
});
