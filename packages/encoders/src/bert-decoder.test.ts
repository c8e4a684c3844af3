import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { bertDecoder, type BertDecoderOptions } from './bert-decoder.ts';
import { bert } from './bert.ts';

const [width, batch] = [8, 2];
const make = (options: BertDecoderOptions, dropoutRate = 0) => {
  const encoder = bert({ numLayers: 2, width, numHeads: 2, vocabularySize: 20, maxPositions: 8, dropoutRate })(createRng(0));
  const decoder = bertDecoder(options)(createRng(1), encoder);
  return {
    encoder,
    decoder,
    dispose: () => {
      for (const part of [encoder, decoder]) part.dispose();
    },
  };
};
const memoryOf = (keys: number, seed = 0) => tf.randomNormal<tf.Rank.R3>([batch, keys, width], 0, 1, 'float32', seed + 1);
const tokenIds = () => tf.tensor2d([[5, 6, 7, 8], [9, 10, 11, 12]], [batch, 4], 'int32'); // prettier-ignore
const inference = { training: false };
const gap = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

describe('bertDecoder', () => {
  it.each([
    { memory: 'sequence', tied: false },
    { memory: 'sequence', tied: true },
    { memory: 'vector', tied: true },
  ] as const)('sees tokens before each, and the memory: %j', (options) => {
    const { decoder, dispose } = make(options);
    tf.tidy(() => {
      const memory = memoryOf(options.memory === 'vector' ? 1 : 3);
      const states = decoder.decode({ tokenIds: tokenIds(), memory }, inference);
      expect(states.shape).toEqual([batch, 4, width]);
      const later = tf.tensor2d([[5, 6, 3, 3], [9, 10, 3, 3]], [batch, 4], 'int32'); // prettier-ignore
      const changed = decoder.decode({ tokenIds: later, memory }, inference);
      const part = (x: tf.Tensor3D, from: number) => tf.slice(x, [0, from, 0], [batch, 2, width]);
      expect(gap(part(states, 0), part(changed, 0))).toBeLessThan(1e-6);
      expect(gap(part(states, 2), part(changed, 2))).toBeGreaterThan(1e-3);
      const other = decoder.decode({ tokenIds: tokenIds(), memory: memoryOf(memory.shape[1], 5) }, inference);
      expect(gap(part(states, 0), part(other, 0))).toBeGreaterThan(1e-4);
    });
    dispose();
  });

  it('does not look at what the mask of the memory hides', () => {
    const { decoder, dispose } = make({});
    tf.tidy(() => {
      const [memory, other] = [memoryOf(3), memoryOf(3, 5)];
      const mixed = tf.concat<tf.Tensor3D>(
        [tf.slice(memory, [0, 0, 0], [batch, 2, width]), tf.slice(other, [0, 2, 0], [batch, 1, width])],
        1,
      );
      const memoryMask = tf.tensor2d([[1, 1, 0], [1, 1, 0]]); // prettier-ignore
      const decode = (given: tf.Tensor3D) => decoder.decode({ tokenIds: tokenIds(), memory: given, memoryMask }, inference);
      expect(gap(decode(memory), decode(mixed))).toBeLessThan(1e-6);
      expect(gap(decode(memory), decoder.decode({ tokenIds: tokenIds(), memory }, inference))).toBeGreaterThan(1e-5);
    });
    dispose();
  });

  it('has the variables that are its own', () => {
    const tied = make({ memory: 'vector', tied: true });
    expect(Object.keys(tied.decoder.trainable)).toHaveLength(2 * 6);
    expect(Object.keys(tied.decoder.trainable).every((path) => /^layer[01]\/crossAttention\/(value|output|norm)\//.test(path))).toBe(true);
    tied.dispose();
    const own = make({ numLayers: 1 });
    const paths = Object.keys(own.decoder.trainable);
    expect(paths).toEqual(expect.arrayContaining(['layer0/attention/query/kernel', 'layer0/crossAttention/key/bias', 'layer0/norm/scale']));
    expect(paths.some((path) => path.startsWith('layer1') || path.startsWith('embeddings'))).toBe(false);
    own.dispose();
  });

  it('says what is wrong', () => {
    expect(() => bertDecoder({ numLayers: 0 })).toThrow('bertDecoder: `numLayers` must be an integer >= 1, got 0');
    expect(() => bertDecoder({ tied: true, numLayers: 2 })).toThrow('bertDecoder: `numLayers` is for a decoder with blocks of its own');
    const { decoder, dispose } = make({ memory: 'vector' });
    tf.tidy(() => {
      expect(() => decoder.decode({ tokenIds: tokenIds(), memory: memoryOf(2) }, inference)).toThrow(
        'crossAttention: `memory` must have shape [2, 1, 8], got [2, 2, 8]',
      );
    });
    dispose();
  });
});
