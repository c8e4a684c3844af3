import { createRng, drawNormal } from '@selfsup/core';
import { convNet, conv2d, dinoHead, globalAveragePool, sequential, stateless, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { row, testRows } from '../fixtures/conformance-rows.ts';
import { dino } from './dino.ts';

const channels = 2;
/** Any image to features without normalization, so that ranks can be compared; smooth, so that central differences are exact. */
const tinyEncoder = sequential<tf.Tensor4D, tf.Tensor2D>({
  conv: conv2d({ inChannels: channels, filters: 6, kernelSize: 3, padding: 1 }),
  tanh: stateless((x: tf.Tensor4D) => tf.tanh(x)),
  pool: globalAveragePool(),
});
const tinyHead = dinoHead({ inputDim: 6, hiddenDim: 7, bottleneckDim: 4, outputDim: 5 });
const rows = 4;
/** Two global and two local crops, float32 `[rows, side, side, channels]`. */
const batchAt = (step: number) => ({
  views: [6, 6, 4, 4].map((side, v) =>
    tf.tensor4d(drawNormal(createRng(7).fold(step).fold(v), rows * side * side * channels), [rows, side, side, channels]),
  ),
});
const softer = { outputDim: 5, teacherTemperature: 0.2, studentTemperature: 0.5 };

testRows([
  row('dino', dino({ backbone: tinyEncoder, projectionHead: tinyHead, ...softer }), { batchAt }),
  row(
    'dino without centering, with learned gains, the last layer frozen at first',
    dino({
      backbone: tinyEncoder,
      projectionHead: dinoHead({ inputDim: 6, hiddenDim: 7, bottleneckDim: 4, outputDim: 5, normLastLayer: false }),
      ...softer,
      centering: false,
      freezeLastLayerSteps: 2,
    }),
    { batchAt },
  ),
  row(
    'dino on conv-net with batch normalization',
    dino({ backbone: convNet({ channels, widths: [4, 6] }), projectionHead: tinyHead, ...softer }),
    { batchAt, skip: { ranks: 'batch normalization takes its statistics per rank' } },
  ),
  row(
    'dino on vit with learned positions, its local crops of another size',
    dino({
      backbone: vit({ imageSize: 6, patchSize: 2, channels, numLayers: 1, width: 6, numHeads: 2, positions: 'learned' }),
      projectionHead: tinyHead,
      ...softer,
    }),
    { batchAt },
  ),
]);
