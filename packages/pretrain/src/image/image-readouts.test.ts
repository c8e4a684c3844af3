import { createRng } from '@selfsup/core';
import { convNet, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../option-schema.ts';
import { patchesReadout, pyramidReadout, tokensReadout } from './image-readouts.ts';

const context = { input: {}, files: {} };
const images = () => tf.randomUniform<tf.Rank.R4>([3, 16, 16, 3], -1, 1, 'float32', 5);

describe('readouts of images', () => {
  it('pyramid reads the last three layers on grids of 8, 4 and 3, mirror image included', () => {
    tf.engine().startScope();
    const encoder = convNet({ widths: [4, 5, 6, 7] })(createRng(0));
    const read = (given: object) =>
      pyramidReadout.create(encoder, parseOptions(pyramidReadout.options, given, { who: 'pyramid' }), context);
    const batch = images();
    const [features, mirrored, plain] = [read({}).apply(batch, { training: false }), read({}).apply(tf.reverse(batch, 2), { training: false }), read({ flip: false }).apply(batch, { training: false })] as tf.Tensor2D[]; // prettier-ignore
    expect(features!.shape).toEqual([3, 64 * 5 + 16 * 6 + 9 * 7]);
    expect(tf.max(tf.abs(tf.sub(features!, mirrored!))).dataSync()[0]).toBeLessThan(1e-5);
    expect(tf.max(tf.abs(tf.sub(features!, plain!))).dataSync()[0]).toBeGreaterThan(1e-3);
    tf.engine().endScope();
    encoder.dispose();
  });

  it('patches is the mean over parts of the image that lie evenly, enlarged', () => {
    const encoder = convNet({ widths: [4, 5] })(createRng(0));
    tf.engine().startScope();
    const batch = images();
    const read = (given: object) =>
      patchesReadout
        .create(encoder, parseOptions(patchesReadout.options, given, { who: 'patches' }), context)
        .apply(batch, { training: false }) as tf.Tensor2D;
    const gap = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
    expect(gap(read({ grid: 1, area: 1 }), encoder.apply(batch, { training: false }))).toBeLessThan(1e-5);
    const of = (top: number, left: number) =>
      encoder.apply(tf.image.resizeBilinear(tf.slice(batch, [0, top, left, 0], [3, 8, 8, 3]), [16, 16], false, true), { training: false });
    const corners = [of(0, 0), of(0, 8), of(8, 0), of(8, 8)];
    expect(gap(read({ grid: 2 }), tf.div(tf.addN(corners), 4))).toBeLessThan(1e-5);
    const all = [0, 4, 8].flatMap((top) => [0, 4, 8].map((left) => of(top, left)));
    expect(gap(read({}), tf.div(tf.addN(all), 9))).toBeLessThan(1e-5);
    expect(gap(read({ grid: 1 }), of(4, 4))).toBeLessThan(1e-5);
    expect(gap(read({ flip: true }), read({}))).toBeGreaterThan(1e-5);
    tf.engine().endScope();
    encoder.dispose();
  });

  it('tokens puts the class token beside the mean of the patches', () => {
    const encoder = vit({ imageSize: 16, patchSize: 4, numLayers: 1, width: 8, numHeads: 2 })(createRng(0));
    tf.engine().startScope();
    const batch = images();
    const before = tf.memory().numTensors;
    const features = tokensReadout.create(encoder, {}, context).apply(batch, { training: false }) as tf.Tensor2D;
    expect(tf.memory().numTensors).toBe(before + 1);
    const [first, states] = [encoder.apply(batch, { training: false }), encoder.encode({ images: batch }, { training: false })];
    const mean = tf.mean(tf.slice(states, [0, 1, 0], [3, 16, 8]), 1);
    expect(tf.max(tf.abs(tf.sub(features, tf.concat([first, mean], 1)))).dataSync()[0]).toBeLessThan(1e-5);
    tf.engine().endScope();
    encoder.dispose();
  });
});
