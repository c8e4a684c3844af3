import { createRng, drawNormal } from '@selfsup/core';
import * as tfl from '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { convNet } from '../conv-net.ts';
import { fromLayersModel } from '../from-layers-model.ts';
import { projectionHead } from '../projection-head.ts';
import { resnet18 } from '../resnet.ts';

const draw = (shape: number[]) =>
  tf.tensor(
    drawNormal(
      createRng(1),
      shape.reduce((a, b) => a * b),
    ),
    shape,
  );

test.each([
  ['convNet', convNet({ channels: 3, widths: [4, 8] }), [4, 8, 8, 3]],
  ['convNet with split batches', convNet({ channels: 3, widths: [4, 8], norm: 'split-batch', numSplits: 2 }), [4, 8, 8, 3]],
  ['resnet18', resnet18({ stem: 'cifar' }), [4, 8, 8, 3]],
  ['projectionHead', projectionHead({ inputDim: 6, hiddenDim: 5, outputDim: 4, batchNorm: true }), [4, 6]],
  [
    'fromLayersModel',
    fromLayersModel(() =>
      tfl.sequential({
        layers: [
          tfl.layers.conv2d({
            inputShape: [8, 8, 3],
            filters: 4,
            kernelSize: 3,
            kernelInitializer: tfl.initializers.glorotNormal({ seed: 1 }),
          }),
          tfl.layers.batchNormalization(),
          tfl.layers.globalAveragePooling2d({}),
        ],
      }),
    ),
    [4, 8, 8, 3],
  ],
])('%s trains on the statistics of the batch and leaves the running ones alone when it is told to', (_, make, shape) => {
  const module = make(createRng(0));
  tf.tidy(() => {
    const x = draw(shape) as never;
    const values = () => Object.values(module.buffers).map((buffer) => [...buffer.dataSync()]);
    const before = values();
    expect(before.length).toBeGreaterThan(0);
    const quiet = module.apply(x, { training: true, updateStatistics: false });
    expect(values()).toEqual(before);
    const loud = module.apply(x, { training: true });
    values().forEach((value, i) => {
      expect(value).not.toEqual(before[i]);
    });
    expect([...quiet.dataSync()]).toEqual([...loud.dataSync()]);
  });
  module.dispose();
});
