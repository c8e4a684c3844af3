import { drawNormal, createRng } from '@selfsup/core';
import { dinoHead, linear, prototypes, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { channels, linearHead, projected, row, side, smoothEncoder, testRows } from '../fixtures/conformance-rows.ts';
import { deepClusterV2 } from './deep-cluster-v2.ts';
import { dinoV2 } from './dino-v2.ts';
import { ibot } from './ibot.ts';
import type { CropMasking } from './masked-crops.ts';
import { msn } from './msn.ts';
import type { PatchMasking } from './patch-masking.ts';

// The kit of @selfsup/testing over the tasks that distill class tokens and patches of a Vision Transformer into another one.
const [width, outputDim] = [4, 5];
const size = { imageSize: side, patchSize: 2, channels, numLayers: 1, width, numHeads: 1 };
const masked = vit({ ...size, maskToken: true });
const head = dinoHead({ inputDim: width, bottleneckDim: 4, outputDim, numLayers: 1 });
/** The same masks for every image, so that ranks can be compared: patches 1 and 2 of the first crop, patch 3 of the second. */
const masking: CropMasking = ({ count }) => ({ masked: Int32Array.from({ length: 4 * count }, (_, i) => [1, 2, 7, -1][i % 4]!) });
/** The same three patches of every image. */
const kept: PatchMasking = ({ count }) => ({
  keep: Int32Array.from({ length: 3 * count }, (_, i) => [0, 1, 3][i % 3]!),
  restore: new Int32Array(4 * count),
  mask: new Float32Array(4 * count),
});
/** Crops of random images with noise: float32 `[4, side, side, channels]` each. */
const cropsAt = (step: number, sides: readonly number[]) => {
  const rng = createRng(5).fold(step);
  const images = drawNormal(rng.fold('images'), 4 * channels);
  return {
    views: sides.map((height, v) => {
      const noise = drawNormal(rng.fold(v), 4 * height * height * channels, { standardDeviation: 0.5 });
      const shifted = noise.map((x, i) => x + images[Math.floor(i / (height * height * channels)) * channels + (i % channels)]!);
      return tf.tensor4d(shifted, [4, height, height, channels]);
    }),
  };
};
const heads = { projectionHead: head, patchHead: head, outputDim };
const options = { gradientSamples: 0, learningRate: 0.003, steps: 4 };

testRows([
  row(
    'deep-cluster-v2',
    deepClusterV2({
      backbone: smoothEncoder,
      projectionHead: linearHead,
      projectionDim: projected,
      numSamples: 4,
      clusterEverySteps: 2,
      numPrototypes: [3, 2],
    }),
    { batchAt: (step) => ({ ...cropsAt(step, [side, side]), indices: tf.tensor1d([2, 0, 3, 1], 'int32') }), gradientSamples: 1 },
  ),
  row('ibot with a patch head and a local crop', ibot({ backbone: masked, ...heads, masking, freezeLastLayerSteps: 2 }), {
    batchAt: (step) => cropsAt(step, [side, side, 2]),
    ...options,
  }),
  row('dino-v2', dinoV2({ backbone: masked, ...heads, masking }), {
    batchAt: (step) => cropsAt(step, [side, side]),
    ...options,
  }),
  row(
    'msn',
    msn({
      backbone: vit(size),
      projectionHead: linear({ inputDim: width, outputDim: 4 }),
      prototypes: prototypes({ inputDim: 4, numPrototypes: 5 }),
      masking: kept,
    }),
    {
      batchAt: (step) => cropsAt(step, [side, side, 2]),
      ...options,
      skip: { differences: 'the targets depend on the prototypes, but carry no gradient' },
    },
  ),
]);
