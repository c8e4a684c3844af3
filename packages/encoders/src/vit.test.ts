import { createRng, drawNormal, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { interpolatePositions } from './layers/interpolate-positions.ts';
import { sinCosPositions } from './layers/patch-positions.ts';
import { vitBase, vitSmall, vitTiny } from './vit-sizes.ts';
import { vit, type VitEncoder, type VitOptions } from './vit.ts';

const size = { imageSize: 8, patchSize: 2, numLayers: 2, width: 8, numHeads: 2 };
const length = 16;
const makeImages = (n: number, seed = 1) => tf.tensor4d(drawNormal(createRng(seed), n * 8 * 8 * 3), [n, 8, 8, 3]);
function withEncoder(options: VitOptions, use: (encoder: VitEncoder) => void): void {
  const encoder = vit({ ...size, ...options })(createRng(0));
  tf.tidy(() => {
    use(encoder);
  });
  encoder.dispose();
}
const values = (x: tf.Tensor) => [...x.dataSync()];
const expectClose = (a: tf.Tensor, b: tf.Tensor) => {
  expect(a.shape).toEqual(b.shape);
  expect(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]).toBeLessThan(1e-5);
};

describe('vit', () => {
  it('has the published sizes', () => {
    expect([vitTiny, vitSmall, vitBase].map((make) => make().outputDim)).toEqual([192, 384, 768]);
    const factory = vitTiny({ imageSize: 32, patchSize: 16 });
    expect([factory.patchSize, factory.gridSize, factory.channels]).toEqual([16, 2, 3]);
    const encoder = factory(createRng(0));
    expect(Object.values(encoder.trainable).reduce((sum, v) => sum + v.size, 0)).toBe(5_486_592);
    encoder.dispose();
  });

  it('starts Xavier-uniform with biases of 0, tokens of deviation 0.02, and from the seed', () => {
    const encoder = vit({ ...size, width: 192, numHeads: 3, positions: 'learned', maskToken: true })(createRng(0));
    const of = (path: string) => values(encoder.trainable[path]!);
    const deviation = (xs: number[]) => Math.sqrt(xs.reduce((sum, x) => sum + x * x, 0) / xs.length);
    const bound = Math.sqrt(6 / (192 + 192));
    expect(of('block2/attention/value/kernel').every((x) => Math.abs(x) <= bound + 1e-7)).toBe(true);
    expect(deviation(of('block2/attention/value/kernel'))).toBeCloseTo(bound / Math.sqrt(3), 3);
    expect(of('block1/mlp/linear2/bias').every((x) => x === 0)).toBe(true);
    for (const path of ['positions', 'classToken', 'maskToken']) expect(Math.abs(deviation(of(path)) - 0.02)).toBeLessThan(0.003);
    expect(of('block1/attention/query/kernel')).not.toEqual(of('block2/attention/query/kernel'));
    encoder.dispose();
  });

  it('pools the class token or the mean of the patches', () => {
    for (const pooling of ['class-token', 'mean'] as const)
      withEncoder({ pooling }, (encoder) => {
        const images = makeImages(3);
        const states = encoder.encode({ images }, { training: false });
        expect(states.shape).toEqual([3, 1 + length, 8]);
        const expected =
          pooling === 'mean' ? tf.mean(tf.slice(states, [0, 1], [3, length]), 1) : tf.squeeze(tf.slice(states, [0, 0], [3, 1]), [1]);
        expectClose(encoder.apply(images, { training: false }), expected);
      });
  });

  it('sees the kept patches alone, whatever their order, each at its own position', () => {
    withEncoder({}, (encoder) => {
      const images = makeImages(2);
      const encode = (keep: number[]) =>
        encoder.encode({ images, keep: tf.tensor2d(keep, [2, keep.length / 2], 'int32') }, { training: false });
      const all = Array.from({ length }, (_, i) => i);
      expectClose(encode([...all, ...all]), encoder.encode({ images }, { training: false }));
      const [forward, backward] = [encode([3, 9, 14, 0, 1, 2]), encode([14, 9, 3, 2, 1, 0])];
      expect(forward.shape).toEqual([2, 4, 8]);
      expectClose(tf.slice(forward, [0, 0], [2, 1]), tf.slice(backward, [0, 0], [2, 1]));
      expectClose(tf.slice(forward, [0, 1], [2, 3]), tf.reverse(tf.slice(backward, [0, 1], [2, 3]), 1));
      const elsewhere = encode([4, 9, 14, 0, 1, 2]);
      expect(tf.max(tf.abs(tf.sub(tf.slice(elsewhere, [0, 0], [1, 1]), tf.slice(forward, [0, 0], [1, 1])))).dataSync()[0]).toBeGreaterThan(
        1e-3,
      );
      // a patch that is not kept has no influence: the pixels at the bottom right are of patch 15
      const changed = tf.add<tf.Tensor4D>(
        images,
        tf.pad(tf.ones([2, 2, 2, 3]), [
          [0, 0],
          [6, 0],
          [6, 0],
          [0, 0],
        ]),
      );
      const keep = tf.tensor2d([3, 9, 14, 0, 1, 2], [2, 3], 'int32');
      expectClose(encoder.encode({ images: changed, keep }, { training: false }), forward);
    });
  });

  it('puts the mask token in the place of masked patches', () => {
    withEncoder({ maskToken: true }, (encoder) => {
      const images = makeImages(1);
      const changed = tf.add<tf.Tensor4D>(
        images,
        tf.pad(tf.ones([1, 2, 2, 3]), [
          [0, 0],
          [6, 0],
          [6, 0],
          [0, 0],
        ]),
      );
      const mask = (at: number) => tf.cast(tf.oneHot(tf.tensor1d([at], 'int32'), length), 'float32') as tf.Tensor2D;
      const hidden = encoder.encode({ images, mask: mask(15) }, { training: false });
      expectClose(encoder.encode({ images: changed, mask: mask(15) }, { training: false }), hidden);
      const apart = tf.sub(encoder.encode({ images: changed, mask: mask(0) }, { training: false }), hidden);
      expect(tf.max(tf.abs(apart)).dataSync()[0]).toBeGreaterThan(1e-3);
    });
  });

  it('takes images of other sizes, whose positions it interpolates, and leaves those of its own as they are', () => {
    for (const positions of ['sin-cos', 'learned'] as const)
      withEncoder({ positions, pooling: 'mean' }, (encoder) => {
        const run = (height: number, width: number) => {
          const images = tf.tensor4d(drawNormal(createRng(2), 2 * height * width * 3), [2, height, width, 3]);
          expect(encoder.encode({ images }, { training: false }).shape).toEqual([2, 1 + (height * width) / 4, 8]);
          return encoder.apply(images, { training: false });
        };
        for (const [height, width] of [[4, 4], [6, 10], [2, 2], [12, 12]] as const) expect(run(height, width).shape).toEqual([2, 8]); // prettier-ignore
      });
    tf.tidy(() => {
      const places = tf.tensor2d(drawNormal(createRng(3), 32), [16, 2]);
      expect(interpolatePositions(places, { from: [4, 4], to: [4, 4] })).toBe(places);
      const constant = interpolatePositions(tf.fill([16, 2], 0.7), { from: [4, 4], to: [3, 9] });
      for (const value of values(constant)) expect(value).toBeCloseTo(0.7, 6);
      const turned = (x: tf.Tensor, rows: number, columns: number) =>
        tf.reshape<tf.Rank.R2>(tf.transpose(tf.reshape(x, [rows, columns, 2]), [1, 0, 2]), [rows * columns, 2]);
      const wide = interpolatePositions(places, { from: [4, 4], to: [2, 7] });
      expectClose(interpolatePositions(turned(places, 4, 4), { from: [4, 4], to: [7, 2] }), turned(wide, 2, 7));
    });
  });

  it('has positions for images that are not square: in part those of a square', () => {
    for (const positions of ['sin-cos', 'learned'] as const)
      withEncoder({ imageSize: [4, 10], positions, maskToken: true }, (encoder) => {
        if (positions === 'learned') expect(encoder.trainable['positions']!.shape).toEqual([11, 8]);
        const images = tf.tensor4d(drawNormal(createRng(2), 2 * 4 * 10 * 3), [2, 4, 10, 3]);
        const states = encoder.encode({ images, keep: tf.tensor2d([9, 0, 3, 1], [2, 2], 'int32') }, { training: false });
        expect(states.shape).toEqual([2, 3, 8]);
        expect(encoder.encode({ images, mask: tf.zeros([2, 10]) }, { training: false }).shape).toEqual([2, 11, 8]);
        expect(encoder.maps(images, { layers: ['block2'], training: false })['block2']!.shape).toEqual([2, 2, 5, 8]);
        expect(() => encoder.encode({ images: tf.zeros([2, 10, 4, 3]), mask: tf.zeros([2, 10]) }, { training: false })).toThrow('[n >= 1, 4, 10, 3] to go with `mask`'); // prettier-ignore
      });
    expect(vit({ ...size, imageSize: [4, 10] }).gridSize).toEqual([2, 5]);
    expect(() => vit({ ...size, imageSize: [4, 9] })).toThrow('`imageSize` must be a multiple of the patch size 2, got 9');
    const [square, wide] = [sinCosPositions(5, 8), sinCosPositions([2, 5], 8)];
    expect(wide).toEqual(square.slice(0, 11 * 8)); // the class token and the first two rows
    const tall = sinCosPositions([5, 2], 8);
    for (let row = 0; row < 5; row++) expect(tall.slice((1 + 2 * row) * 8, (3 + 2 * row) * 8)).toEqual(square.slice((1 + 5 * row) * 8, (3 + 5 * row) * 8)); // prettier-ignore
  });

  it('keeps registers and the class token to itself, or has none', () => {
    withEncoder({ numRegisters: 3, layerScale: 0.1, positions: 'learned', classPosition: false }, (encoder) => {
      expect(encoder.hasClassToken).toBe(true);
      expect(encoder.trainable['positions']!.shape).toEqual([length, 8]);
      expect(values(encoder.trainable['block2/layerScale2/scale']!)).toEqual(Array<number>(8).fill(Math.fround(0.1)));
      const images = makeImages(2);
      const states = encoder.encode({ images }, { training: false });
      expect(states.shape).toEqual([2, 1 + length, 8]);
      const map = encoder.maps(images, { training: false, layers: ['block2'] })['block2']!;
      expectClose(tf.reshape(map, [2, length, 8]), tf.slice(states, [0, 1, 0], [2, length, 8]));
      encoder.trainable['registers']!.assign(tf.ones([3, 8]));
      expect(tf.max(tf.abs(tf.sub(encoder.encode({ images }, { training: false }), states))).dataSync()[0]).toBeGreaterThan(1e-3);
      encoder.trainable['block2/layerScale1/scale']!.assign(tf.zeros([8]));
      encoder.trainable['block2/layerScale2/scale']!.assign(tf.zeros([8]));
      const maps = encoder.maps(images, { training: false });
      expectClose(maps['block1']!, maps['block2']!); // a block whose branches count nothing
    });
    for (const positions of ['sin-cos', 'learned'] as const)
      withEncoder({ classToken: false, positions }, (encoder) => {
        expect(encoder.hasClassToken).toBe(false);
        expect('classToken' in encoder.trainable).toBe(false);
        const images = makeImages(2);
        const states = encoder.encode({ images }, { training: false });
        expect(states.shape).toEqual([2, length, 8]);
        expectClose(encoder.apply(images, { training: false }), tf.mean(states, 1));
        const keep = tf.tensor2d([3, 9, 14, 0], [2, 2], 'int32');
        expect(encoder.encode({ images, keep }, { training: false }).shape).toEqual([2, 2, 8]);
      });
  });

  it('leaves out branches while training only, by its stream', () => {
    withEncoder({ dropPathRate: 0.5 }, (encoder) => {
      const images = makeImages(8);
      const features = (seed: number, training = true) => values(encoder.apply(images, { training, rng: createRng(seed) }));
      expect(features(0, false)).toEqual(features(1, false));
      expect(features(0)).toEqual(features(0));
      expect(features(0)).not.toEqual(features(1));
      expect(values(encoder.apply(images, { training: true, drops: false }))).toEqual(features(0, false));
      expect(() => encoder.apply(images, { training: true })).toThrow('preNormBlock: `rng` must be given');
    });
  });

  it('attends where an attention mask lets it', () => {
    withEncoder({ classToken: false }, (encoder) => {
      const [images, others] = [makeImages(2), makeImages(2, 2)];
      const causal = tf.tensor3d(
        Array.from({ length: length ** 2 }, (_, i) => (i % length <= Math.floor(i / length) ? 1 : 0)),
        [1, length, length],
      );
      // the last row of patches is of another image: nothing before it can tell
      const changed = tf.concat<tf.Tensor4D>([tf.slice(images, [0, 0], [2, 6]), tf.slice(others, [0, 6], [2, 2])], 1);
      const before = (input: tf.Tensor4D, attentionMask: tf.Tensor3D) =>
        tf.slice(encoder.encode({ images: input, attentionMask }, { training: false }), [0, 0], [2, 12]);
      expectClose(before(images, causal), before(changed, tf.tile(causal, [2, 1, 1])));
      const all = tf.ones<tf.Rank.R3>([1, length, length]);
      expectClose(before(images, all), tf.slice(encoder.encode({ images }, { training: false }), [0, 0], [2, 12]));
      expect(tf.max(tf.abs(tf.sub(before(images, all), before(changed, all)))).dataSync()[0]).toBeGreaterThan(1e-3);
      expect(() => encoder.encode({ images, attentionMask: tf.ones([2, 3, 3]) }, { training: false })).toThrow(
        'vit: `attentionMask` must have shape [1 or 2, 16, 16], got [2, 3, 3]',
      );
    });
  });

  it('shows the states of its last blocks, and what their linear layers add', () => {
    withEncoder({ numRegisters: 1 }, (encoder) => {
      const images = makeImages(2);
      const blocks = (topBlocks: number, part?: 'block' | 'feed-forward') =>
        encoder.encodeBlocks({ images }, { training: false, topBlocks, ...(part && { part }) });
      const maps = encoder.maps(images, { training: false, layers: ['block1', 'block2'] });
      const normalized = (x: tf.Tensor) => tf.div(tf.sub(x, tf.mean(x, -1, true)), tf.sqrt(tf.add(tf.moments(x, -1, true).variance, 1e-6)));
      for (const [i, states] of blocks(2).entries()) {
        expect(states.shape).toEqual([2, 1 + length, 8]);
        const patches = tf.reshape(tf.slice(states, [0, 1, 0], [2, length, 8]), [2, 4, 4, 8]);
        expectClose(normalized(patches), maps[`block${i + 1}`]!);
      }
      // a block whose linear layers add nothing says what its attention says
      const zeroed = [encoder.trainable['block2/mlp/linear2/kernel']!, encoder.trainable['block2/mlp/linear2/bias']!];
      const [whole, added] = [blocks(1)[0]!, blocks(1, 'feed-forward')[0]!];
      for (const variable of zeroed) variable.assign(tf.zerosLike(variable));
      expectClose(tf.sub(whole, blocks(1)[0]!), added);
      expect(() => blocks(3)).toThrow('vit: `topBlocks` must be an integer in [1, 2], the number of blocks, got 3');
      expect(() => blocks(1, 'mlp' as 'block')).toThrow("vit: `part` must be 'block' or 'feed-forward', got 'mlp'");
    });
  });

  it('says what is wrong', () => {
    const failures: [string, string, () => unknown][] = [
      ['SELFSUP_OPTION', 'vitTiny: `imageSize` must be a multiple of the patch size 16, got 20', () => vitTiny({ imageSize: 20 })],
      ['SELFSUP_OPTION', 'vit: `width` must be a multiple of 4 for sin-cos positions, got 6', () => vit({ ...size, width: 6 })],
      ['SELFSUP_OPTION', 'vit: `dropPathRate` must be in [0, 1), got 1', () => vit({ ...size, dropPathRate: 1 })],
      ['SELFSUP_OPTION', 'vit: `pooling` must be one of class-token, mean, got max', () => vit({ ...size, pooling: 'max' as 'mean' })],
      ['SELFSUP_OPTION', 'vit: `layerScale` must be > 0, got 0', () => vit({ ...size, layerScale: 0 })],
      ['SELFSUP_OPTION', 'vit: `numRegisters` must be an integer >= 0, got -1', () => vit({ ...size, numRegisters: -1 })],
      ['SELFSUP_OPTION', 'vit: `pooling` must be mean without a class token, got class-token', () => vit({ ...size, classToken: false, pooling: 'class-token' })], // prettier-ignore
    ];
    withEncoder({}, (encoder) => {
      const images = makeImages(2);
      const run = (input: object) => () => encoder.encode({ images, ...input }, { training: false });
      failures.push(
        [
          'SELFSUP_SHAPE',
          'vit: `images` must have shape [n >= 1, height, width, 3] with sides that are multiples of the patch size 2, got [2, 8, 8, 1]',
          run({ images: tf.zeros([2, 8, 8, 1]) }),
        ],
        ['SELFSUP_SHAPE', 'multiples of the patch size 2, got [2, 8, 7, 3]', run({ images: tf.zeros([2, 8, 7, 3]) })],
        [
          'SELFSUP_SHAPE',
          'vit: `images` must have shape [n >= 1, 8, 8, 3] to go with `keep`, got [2, 6, 6, 3]',
          run({ images: tf.zeros([2, 6, 6, 3]), keep: tf.zeros([2, 4], 'int32') }),
        ],
        [
          'SELFSUP_SHAPE',
          'vit: `images` must have shape [n >= 1, 8, 8, 3] to go with `mask`, got [2, 6, 6, 3]',
          run({ images: tf.zeros([2, 6, 6, 3]), mask: tf.zeros([2, 9]) }),
        ],
        ['SELFSUP_SHAPE', 'vit: `keep` must have shape [2, kept >= 1], got [3, 4]', run({ keep: tf.zeros([3, 4], 'int32') })],
        ['SELFSUP_DTYPE', 'vit: `keep` must be int32, got float32', run({ keep: tf.zeros([2, 4]) })],
        ['SELFSUP_SHAPE', 'vit: `mask` must have shape [2, 16], got [2, 15]', run({ mask: tf.zeros([2, 15]) })],
        ['SELFSUP_OPTION', 'vit: `maskToken` must be true to encode with a `mask`, got false', run({ mask: tf.zeros([2, 16]) })],
      );
      for (const [code, message, call] of failures)
        try {
          call();
          expect.unreachable();
        } catch (error) {
          expect(isSelfsupError(error) && error.code).toBe(code);
          expect((error as Error).message).toContain(message);
        }
    });
  });
});
