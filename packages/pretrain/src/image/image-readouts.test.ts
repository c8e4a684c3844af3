import { createRng } from '@selfsup/core';
import { convNet, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../option-schema.ts';
import { pyramidReadout, tokensReadout } from './image-readouts.ts';

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
