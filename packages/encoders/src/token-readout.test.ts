import { createRng, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { bert } from './bert.ts';
import { tokenReadout, type TokenPart, type TokenReadoutOptions } from './token-readout.ts';
import type { TokenSequences } from './token-sequences.ts';

const [vocabularySize, embeddingDim, width] = [12, 4, 8];
const encoder = bert({ numLayers: 1, width, numHeads: 2, vocabularySize, embeddingDim, maxPositions: 8 })(createRng(5));
const tokenWeights = Float32Array.from({ length: vocabularySize }, (_, id) => (id < 3 ? 0 : 1 + id / 4));
const inference = { training: false };
/** Two texts, [CLS] … [SEP] and padding: 0 is [PAD], 1 [CLS], 2 [SEP]. */
const rows = [
  [1, 5, 9, 7, 2, 0, 0],
  [1, 4, 2, 0, 0, 0, 0],
];
const sequences = (ids: number[][] = rows): TokenSequences => ({
  tokenIds: tf.tensor2d(ids, [ids.length, ids[0]!.length], 'int32'),
  attentionMask: tf.tensor2d(ids.map((row) => row.map((id) => Math.sign(id)))),
});
const read = (options: TokenReadoutOptions, input = sequences) =>
  tf.tidy(() => {
    const features = tokenReadout(encoder, { specialIds: [0, 1, 2], ...options }).read(input(), inference);
    const values = features.dataSync();
    const [count, columns] = features.shape;
    return Array.from({ length: count }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
  });
const table = encoder.wordEmbedding.dataSync();
const states = tf.tidy(() => encoder.encode(sequences(), inference).dataSync());
const wordOf = (id: number) => [...table.subarray(id * embeddingDim, (id + 1) * embeddingDim)];
const stateOf = (row: number, place: number) => [...states.subarray((row * 7 + place) * width, (row * 7 + place + 1) * width)];
/** The direction of a weighted sum, after `center` is subtracted. */
const direction = (terms: readonly (readonly [number, readonly number[]])[], center: readonly number[] = []) => {
  const total = terms.reduce((sum, [weight]) => sum + weight, 0);
  const mean = terms[0]![1].map((_, k) => terms.reduce((sum, [weight, values]) => sum + weight * values[k]!, 0) / total - (center[k] ?? 0));
  const norm = Math.hypot(...mean);
  return mean.map((value) => value / norm);
};
const expectClose = (got: readonly number[] | undefined, expected: readonly number[]) => {
  expect(got).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(got![i]).toBeCloseTo(value, 5);
};
const messageOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (isSelfsupError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing thrown';
};

describe('the parts of a readout, by hand', () => {
  test('the embeddings: plain, by weights of tokens and places, and of the first token; special ones left out', () => {
    const words = [5, 9, 7].map(wordOf);
    expectClose(read({ parts: ['embedding/mean'] })[0], direction(words.map((word) => [1, word])));
    expectClose(
      read({ parts: ['embedding/weighted'], tokenWeights })[0],
      direction([5, 9, 7].map((id) => [tokenWeights[id]!, wordOf(id)])),
    );
    const placeWeights = Float32Array.of(4, 2);
    expectClose(read({ parts: ['embedding/weighted'], placeWeights })[0], direction(words.map((word, place) => [[4, 2, 1][place]!, word])));
    const both = [5, 9, 7].map((id, place) => [tokenWeights[id]! * [4, 2, 1][place]!, wordOf(id)] as const);
    expectClose(read({ parts: ['embedding/weighted'], tokenWeights, placeWeights })[0], direction(both));
    expectClose(read({ parts: ['embedding/weighted'] })[0], direction(words.map((word) => [1, word])));
    expectClose(read({ parts: ['embedding/first'] })[1], direction([[1, wordOf(1)]]));
    expectClose(read({ parts: ['embedding/mean'] })[1], direction([[1, wordOf(4)]]));
  });

  test('the top layer, in which all tokens count where none is special', () => {
    const inside = [1, 2, 3].map((place) => [1, stateOf(0, place)] as const);
    const all = [0, 1, 2, 3, 4].map((place) => [1, stateOf(0, place)] as const);
    expectClose(read({ parts: ['top/mean'] })[0], direction(inside));
    expectClose(read({ parts: ['top/mean'], specialIds: [] })[0], direction(all));
    expectClose(read({ parts: ['top/first'] })[0], direction([[1, stateOf(0, 0)]]));
    expectClose(
      read({ parts: ['top/weighted'], tokenWeights })[0],
      direction([5, 9, 7].map((id, i) => [tokenWeights[id]!, stateOf(0, i + 1)])),
    );
  });

  test('lie in a row, each of length 1, by default weighted embeddings and the mean of the top', () => {
    const [both] = read({ tokenWeights });
    expect(both).toHaveLength(embeddingDim + width);
    expectClose(both!.slice(0, embeddingDim), read({ parts: ['embedding/weighted'], tokenWeights })[0]!);
    expectClose(both!.slice(embeddingDim), read({ parts: ['top/mean'] })[0]!);
  });

  test('of embeddings what all text has in common is subtracted, as its tokens are weighted; special ones left out', () => {
    const unigram = Float32Array.from({ length: 12 }, (_, id) => (id + 1) / 78);
    const common = (weightOf: (id: number) => number) => {
      const own = Array.from({ length: 12 }, (_, id) => (id < 3 ? 0 : unigram[id]! * weightOf(id)));
      const sum = own.reduce((total, part) => total + part, 0);
      return Array.from({ length: embeddingDim }, (_, k) => own.reduce((total, part, id) => total + (part / sum) * wordOf(id)[k]!, 0));
    };
    const weighted = [5, 9, 7].map((id) => [tokenWeights[id]!, wordOf(id)] as const);
    expectClose(
      read({ parts: ['embedding/weighted'], tokenWeights, unigram })[0],
      direction(
        weighted,
        common((id) => tokenWeights[id]!),
      ),
    );
    const plain = [5, 9, 7].map((id) => [1, wordOf(id)] as const);
    expectClose(
      read({ parts: ['embedding/mean'], unigram })[0],
      direction(
        plain,
        common(() => 1),
      ),
    );
    for (const part of ['embedding/first', 'top/mean'] as const)
      expectClose(read({ parts: [part], unigram })[0], read({ parts: [part] })[0]!);
  });
});

describe('a readout', () => {
  test.each<TokenPart>(['embedding/mean', 'embedding/weighted', 'top/mean', 'top/weighted'])(
    '%s does not depend on how long the filling is',
    (part) => {
      const longer = () => sequences(rows.map((row) => [...row, 0]));
      for (const [i, row] of read({ parts: [part], tokenWeights, placeWeights: Float32Array.of(3, 2) }, longer).entries())
        expectClose(row, read({ parts: [part], tokenWeights, placeWeights: Float32Array.of(3, 2) })[i]!);
    },
  );

  test('takes a mask by query and key, and no mask', () => {
    const causal = () => ({
      ...sequences(),
      attentionMask: tf.tensor3d(rows.map((row) => row.map((_, q) => row.map((id, k) => (id > 0 && k <= q ? 1 : 0))))),
    });
    expectClose(read({ parts: ['embedding/mean'], specialIds: [] }, causal)[0], read({ parts: ['embedding/mean'], specialIds: [] })[0]!);
    const unmasked = () => ({ tokenIds: sequences().tokenIds });
    expectClose(read({ parts: ['embedding/mean'] }, unmasked)[0], read({ parts: ['embedding/mean'] })[0]!); // padding is special there
  });

  test('gives zeros for a text without a token that counts', () => {
    const empty = () => sequences([[1, 2, 0, 0, 0, 0, 0]]);
    expect(read({ parts: ['embedding/weighted', 'embedding/mean'], tokenWeights }, empty)).toEqual([Array(8).fill(0)]);
  });

  test('shares the variables, disposes nothing, leaves one tensor, and has finite gradients', () => {
    const readout = tokenReadout(encoder, {
      parts: ['embedding/weighted', 'embedding/mean', 'top/mean'],
      tokenWeights,
      specialIds: [0, 1, 2],
    });
    expect(readout.trainable).toBe(encoder.trainable);
    expect(readout.buffers).toBe(encoder.buffers);
    const input = sequences();
    const before = tf.memory().numTensors;
    const features = readout.read(input, inference);
    expect(tf.memory().numTensors).toBe(before + 1);
    const target = tf.ones<tf.Rank.R2>(features.shape);
    const { value, grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(tf.mul(readout.read(input, inference), target)));
    const gradient = grads[encoder.wordEmbedding.name]!.dataSync();
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(gradient.subarray(5 * embeddingDim, 6 * embeddingDim).some((slope) => slope !== 0)).toBe(true);
    expect(gradient.subarray(11 * embeddingDim).every((slope) => slope === 0)).toBe(true); // token 11 is not there
    readout.dispose();
    expect(encoder.wordEmbedding.isDisposed).toBe(false);
    tf.dispose([input.tokenIds, input.attentionMask!, features, target, value, grads]);
  });

  test('`apply` is `read` of ids alone', () => {
    const readout = tokenReadout(encoder, { tokenWeights });
    tf.tidy(() => {
      const { tokenIds } = sequences();
      expect([...readout.apply(tokenIds, inference).dataSync()]).toEqual([...readout.read({ tokenIds }, inference).dataSync()]);
    });
  });

  test('says what does not fit', () => {
    const make = (options: TokenReadoutOptions) => () => {
      tokenReadout(encoder, options);
    };
    expect(messageOf(make({ parts: [] }))).toMatch(/`parts` must have at least one part, got none/);
    expect(messageOf(make({ parts: ['top/last' as 'top/first'] }))).toMatch(
      /must be embedding or top, a slash, and mean, weighted, first, got "top\/last"/,
    );
    expect(messageOf(make({ tokenWeights: new Float32Array(3) }))).toMatch(
      /`tokenWeights` must have 12 values, the size of the vocabulary, got 3/,
    );
    expect(messageOf(make({ tokenWeights: tokenWeights.map(() => -1) }))).toMatch(/`tokenWeights` must have finite values >= 0, got -1/);
    expect(messageOf(make({ tokenWeights, specialIds: [12] }))).toMatch(/`specialIds` must be integers in \[0, 12\), got 12/);
    expect(messageOf(make({ placeWeights: Float32Array.of(1, NaN) }))).toMatch(/`placeWeights` must have finite values >= 0, got NaN/);
    expect(messageOf(make({ unigram: new Float32Array(3) }))).toMatch(/`unigram` must have 12 values, the size of the vocabulary, got 3/);
  });
});
