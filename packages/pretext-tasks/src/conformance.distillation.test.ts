import { createRng, drawNormal } from '@selfsup/core';
import { convNet, conv2d, dinoHead, globalAveragePool, sequential, stateless, vit } from '@selfsup/encoders';
import { conformanceChecks, type ConformanceOptions } from '@selfsup/testing';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { dino, type DinoBatch, type DinoTargets } from './dino.ts';

const channels = 2;
/** Any image to features without normalization, so that ranks can be compared; smooth, so that central differences are exact. */
const tinyEncoder = sequential<tf.Tensor4D, tf.Tensor2D>({
  conv: conv2d({ inChannels: channels, filters: 6, kernelSize: 3, padding: 1 }),
  tanh: stateless((x: tf.Tensor4D) => tf.tanh(x)),
  pool: globalAveragePool(),
});
const tinyHead = dinoHead({ inputDim: 6, hiddenDim: 7, bottleneckDim: 4, outputDim: 5 });
/** Two global and two local crops, float32 `[rows, side, side, channels]`. */
const cropsAt = (step: number, rows = 4): { views: tf.Tensor4D[] } => ({
  views: [6, 6, 4, 4].map((side, v) =>
    tf.tensor4d(drawNormal(createRng(7).fold(step).fold(v), rows * side * side * channels), [rows, side, side, channels]),
  ),
});
type Options = Omit<ConformanceOptions<DinoBatch, DinoTargets>, 'batchAt'>;
const row = (name: string, options: Options): [string, ConformanceOptions] => [
  name,
  { gradientSamples: 1, batchAt: (step: number) => cropsAt(step), ...options } as unknown as ConformanceOptions,
];
const softer = { outputDim: 5, teacherTemperature: 0.2, studentTemperature: 0.5 };
const tasks = [
  row('dino', { task: dino({ backbone: tinyEncoder, projectionHead: tinyHead, ...softer }) }),
  row('dino without centering, with learned gains, the last layer frozen at first', {
    task: dino({
      backbone: tinyEncoder,
      projectionHead: dinoHead({ inputDim: 6, hiddenDim: 7, bottleneckDim: 4, outputDim: 5, normLastLayer: false }),
      ...softer,
      centering: false,
      freezeLastLayerSteps: 2,
    }),
  }),
  row('dino on conv-net with batch normalization', {
    task: dino({ backbone: convNet({ channels, widths: [4, 6] }), projectionHead: tinyHead, ...softer }),
    skip: { ranks: 'batch normalization takes its statistics per rank' },
  }),
  row('dino on vit with learned positions, its local crops of another size', {
    task: dino({
      backbone: vit({ imageSize: 6, patchSize: 2, channels, numLayers: 1, width: 6, numHeads: 2, positions: 'learned' }),
      projectionHead: tinyHead,
      ...softer,
    }),
  }),
];

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
  await tf.setBackend('cpu');
});

describe.each(tasks)('%s', (_, options) => {
  for (const { name, run, skipped } of conformanceChecks(options)) it.skipIf(skipped !== undefined)(name, run);
});
