import { createRng, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { bert } from './bert.ts';
import { convNet } from './conv-net.ts';
import { projected } from './projected.ts';
import { vit } from './vit.ts';

const inference = { training: false };

it('projects the features of images, and leaves maps and weights as they are', () => {
  const backbone = vit({ imageSize: 4, patchSize: 2, channels: 1, numLayers: 1, width: 8, numHeads: 2 });
  const factory = projected(backbone, { outputDim: 3 });
  expect([factory.outputDim, factory.patchSize]).toEqual([3, 2]);
  const [encoder, plain] = [factory(createRng(0)), backbone(createRng(0))];
  expect(Object.keys(encoder.trainable)).toEqual([...Object.keys(plain.trainable), 'projection/kernel']);
  tf.tidy(() => {
    const images = tf.randomNormal<tf.Rank.R4>([2, 4, 4, 1], 0, 1, 'float32', 1);
    const kernel = encoder.trainable['projection/kernel'] as tf.Variable<tf.Rank.R2>;
    const expected = tf.matMul(plain.apply(images, inference), kernel);
    expect(tf.max(tf.abs(tf.sub(encoder.apply(images, inference), expected))).dataSync()[0]).toBeLessThan(1e-6);
    expect(encoder.maps(images, inference)['block1']!.shape).toEqual([2, 2, 2, 8]);
    expect(encoder.encode({ images }, inference).shape).toEqual([2, 5, 8]);
  });
  encoder.dispose();
  plain.dispose();
});

it('projects the states of tokens, whose mean is the projection of their mean', () => {
  const backbone = bert({
    numLayers: 1,
    width: 8,
    numHeads: 2,
    vocabularySize: 5,
    maxPositions: 4,
    dropoutRate: 0,
    attentionDropoutRate: 0,
  });
  const factory = projected(backbone, { outputDim: 3 });
  expect([factory.outputDim, factory.embeddingDim, factory.vocabularySize]).toEqual([3, 8, 5]);
  const [encoder, plain] = [factory(createRng(0)), backbone(createRng(0))];
  tf.tidy(() => {
    const tokenIds = tf.tensor2d([1, 2, 3, 4, 3, 2], [2, 3], 'int32');
    const states = encoder.apply(tokenIds, inference);
    expect(states.shape).toEqual([2, 3, 3]);
    const kernel = encoder.trainable['projection/kernel'] as tf.Variable<tf.Rank.R2>;
    const expected = tf.matMul(tf.mean<tf.Tensor2D>(plain.encode({ tokenIds }, inference), 1), kernel);
    expect(tf.max(tf.abs(tf.sub(tf.mean(states, 1), expected))).dataSync()[0]).toBeLessThan(1e-5);
  });
  encoder.dispose();
  plain.dispose();
});

it('refuses a projection to nothing', () => {
  const attempt = () => projected(convNet({ channels: 1 }), { outputDim: 0 });
  expect(attempt).toThrow('projected: `outputDim` must be an integer >= 1, got 0');
  expect(() => attempt()).toThrow(expect.toSatisfy(isSelfsupError));
});
