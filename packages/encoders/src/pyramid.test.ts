import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { convNet } from './conv-net.ts';
import type { MappedEncoder } from './mapped-encoder.ts';
import { hashedValues } from './parity/hashed-values.ts';
import { pyramid } from './pyramid.ts';
import { resnet18 } from './resnet.ts';
import { vit } from './vit.ts';

const images = () => tf.tensor4d(hashedValues(0, 'images', 2 * 16 * 24 * 3), [2, 16, 24, 3]);
const shapesOf = (encoder: MappedEncoder) =>
  tf.tidy(() => Object.entries(encoder.maps(images(), { training: false })).map(([name, map]) => [name, map.shape]));

describe('maps', () => {
  it('are those of the documented layers, finest first', () => {
    const encoders = {
      stride: convNet({ widths: [4, 6] })(createRng(0)),
      pool: convNet({ widths: [4, 6, 8], downsampling: 'pool', kernelSizes: [5, 3, 1] })(createRng(0)),
      resnet: resnet18()(createRng(0)),
      vit: vit({ imageSize: 16, patchSize: 4, width: 8, numHeads: 2, numLayers: 2 })(createRng(0)),
    };
    expect(shapesOf(encoders.stride)).toEqual([
      ['layer1', [2, 16, 24, 4]],
      ['layer2', [2, 8, 12, 6]],
    ]);
    expect(shapesOf(encoders.pool)).toEqual([
      ['layer1', [2, 16, 24, 4]],
      ['layer2', [2, 8, 12, 6]],
      ['layer3', [2, 4, 6, 8]],
    ]);
    expect(shapesOf(encoders.resnet)).toEqual([
      ['stem', [2, 8, 12, 64]],
      ['stage1', [2, 4, 6, 64]],
      ['stage2', [2, 2, 3, 128]],
      ['stage3', [2, 1, 2, 256]],
      ['stage4', [2, 1, 1, 512]],
    ]);
    expect(shapesOf(encoders.vit)).toEqual([
      ['block1', [2, 4, 6, 8]],
      ['block2', [2, 4, 6, 8]],
    ]);
    for (const encoder of Object.values(encoders)) {
      expect(Object.entries(encoder.mapChannels)).toEqual(shapesOf(encoder).map(([name, shape]) => [name, (shape as number[])[3]]));
      encoder.dispose();
    }
  });

  it('end in what apply averages, and in the states that encode gives', () => {
    const network = convNet({ widths: [4, 6], input: 'local-contrast' })(createRng(1));
    const transformer = vit({ imageSize: 16, patchSize: 8, width: 8, numHeads: 2, numLayers: 2 })(createRng(1));
    tf.tidy(() => {
      const x = tf.slice(images(), [0, 0, 0, 0], [2, 16, 16, 3]);
      const { layer2 } = network.maps(x, { training: false, layers: ['layer2'] });
      expect([...tf.mean(layer2!, [1, 2]).dataSync()]).toEqual([...network.apply(x, { training: false }).dataSync()]);
      const { block2 } = transformer.maps(x, { training: false });
      const states = tf.slice(transformer.encode({ images: x }, { training: false }), [0, 1, 0], [2, 4, 8]);
      expect([...block2!.dataSync()]).toEqual([...states.dataSync()]);
    });
    network.dispose();
    transformer.dispose();
  });

  it('leave nothing but themselves, run no layer that is not needed, and refuse unknown ones', () => {
    const encoder = convNet({ widths: [4, 6, 8] })(createRng(0));
    const x = images();
    const before = tf.memory().numTensors;
    const maps = encoder.maps(x, { training: true, layers: ['layer2', 'layer1'] });
    expect(Object.keys(maps)).toEqual(['layer1', 'layer2']);
    expect(tf.memory().numTensors).toBe(before + 2);
    expect([...encoder.buffers['norm2/variance']!.dataSync()]).not.toEqual(Array(6).fill(1));
    expect([...encoder.buffers['norm3/variance']!.dataSync()]).toEqual(Array(8).fill(1));
    expect(() => encoder.maps(x, { training: false, layers: ['layer4'] })).toThrow(
      'convNet: every layer must be one of layer1, layer2, layer3, got "layer4"',
    );
    tf.tidy(() => {
      expect(() => encoder.maps(tf.zeros([2, 8, 8, 1]), { training: false })).toThrow('[batch, height, width, 3]');
    });
    tf.dispose([x, ...Object.values(maps)]);
    encoder.dispose();
  });
});

describe('pyramid', () => {
  const levels = [
    { layer: 'layer2', grid: 3 },
    { layer: 'layer1', grid: 2 },
  ];

  it('averages bins by hand, in the order of the levels', () => {
    const encoder = convNet({ widths: [2, 3], downsampling: 'pool' })(createRng(2));
    const readout = pyramid(encoder, { levels });
    expect(readout.outputDim).toBe(9 * 3 + 4 * 2);
    tf.tidy(() => {
      const x = tf.slice(images(), [0, 0, 0, 0], [1, 10, 8, 3]);
      const { layer1, layer2 } = encoder.maps(x, { training: false });
      const [fine, coarse] = [layer1!.arraySync()[0]!, layer2!.arraySync()[0]!]; // [10, 8, 2] and [5, 4, 3]
      const bin = (map: number[][][], [top, bottom, left, right]: number[], channel: number) => {
        const values = map.slice(top, bottom).flatMap((row) => row.slice(left, right).map((pixel) => pixel[channel]!));
        return Math.sqrt(values.reduce((sum, value) => sum + value, 0) / values.length);
      };
      const got = [...readout.apply(x, { training: false }).dataSync()];
      // 5 rows in 3 bins: 0–1, 1–3, 3–4; 4 columns: 0–1, 1–2, 2–3
      const [rows, columns] = [
        [0, 2, 1, 4, 3, 5],
        [0, 2, 1, 3, 2, 4],
      ] as const;
      const expected: number[] = [];
      for (let r = 0; r < 3; r++)
        for (let c = 0; c < 3; c++)
          for (let channel = 0; channel < 3; channel++)
            expected.push(bin(coarse, [rows[2 * r]!, rows[2 * r + 1]!, columns[2 * c]!, columns[2 * c + 1]!], channel));
      for (const [top, bottom] of [
        [0, 5],
        [5, 10],
      ])
        for (const [left, right] of [
          [0, 4],
          [4, 8],
        ])
          for (let channel = 0; channel < 2; channel++) expected.push(bin(fine, [top!, bottom!, left!, right!], channel));
      expect(got).toHaveLength(expected.length);
      for (const [i, value] of expected.entries()) expect(got[i]).toBeCloseTo(value, 5);
    });
    encoder.dispose();
  });

  it('with flip says the same of an image and of its mirror image', () => {
    const encoder = convNet({ widths: [4, 6] })(createRng(3));
    const readout = pyramid(encoder, { levels, flip: true });
    tf.tidy(() => {
      const [a, b] = [images(), tf.reverse(images(), 2)].map((x) => readout.apply(x, { training: false }).dataSync());
      for (const [i, value] of a!.entries()) expect(b![i]).toBeCloseTo(value, 6);
    });
    encoder.dispose();
  });

  it('shares the variables, disposes nothing, leaves one tensor, and has finite gradients where a map is 0', () => {
    const encoder = convNet({ widths: [4, 6] })(createRng(4));
    tf.tidy(() => {
      encoder.trainable['norm2/offset']!.assign(tf.fill([6], -100)); // the second map is 0 everywhere
    });
    const readout = pyramid(encoder, { levels });
    expect(readout.trainable).toBe(encoder.trainable);
    expect(readout.buffers).toBe(encoder.buffers);
    const x = images();
    const before = tf.memory().numTensors;
    const features = readout.apply(x, { training: true });
    expect(tf.memory().numTensors).toBe(before + 1);
    const { value, grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(readout.apply(x, { training: true })));
    for (const gradient of Object.values(grads)) expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
    readout.dispose();
    encoder.apply(x, { training: false }).dispose();
    tf.dispose([x, features, value, grads]);
    encoder.dispose();
  });

  it('refuses what does not fit', () => {
    const encoder = convNet({ widths: [4] })(createRng(0));
    const refusal = (options: Parameters<typeof pyramid>[1]) => () => pyramid(encoder, options);
    expect(refusal({ levels: [] })).toThrow('pyramid: `levels` must hold at least one level, got none');
    expect(refusal({ levels })).toThrow('pyramid: every layer must be one of layer1, got "layer2"');
    expect(refusal({ levels: [{ layer: 'layer1', grid: 0 }] })).toThrow('pyramid: `levels[0].grid` must be an integer >= 1, got 0');
    expect(refusal({ levels: [{ layer: 'layer1', grid: 1 }], power: 2 })).toThrow('pyramid: `power` must be in (0, 1], got 2');
    encoder.dispose();
  });
});
