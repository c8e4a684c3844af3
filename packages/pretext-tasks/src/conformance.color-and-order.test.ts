import { colorCodes } from '@selfsup/augment';
import { createRng, drawNormal, drawUniform } from '@selfsup/core';
import { colorizationHead, linear, sequential, stateless } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { row, testRows } from '../fixtures/conformance-rows.ts';
import { colorization } from './colorization.ts';
import { frameOrder, frameOrders } from './frame-order.ts';
import { framePrediction } from './frame-prediction.ts';
import { timeContrastive } from './time-contrastive.ts';

const [size, channels, features, rows] = [4, 3, 5, 4];
/** Pixels to features without normalization, so that ranks can be compared; smooth, so that central differences are exact. */
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1])),
  dense: linear({ inputDim: size * size * channels, outputDim: features }),
  tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
});
const gridStep = 60;
const numBins = colorCodes({ outputSize: 2, gridStep }).bins.length;
const weights = Array.from({ length: numBins }, (_, bin) => 0.5 + bin / numBins);
const coding = colorCodes({ outputSize: 2, gridStep, sigma: 30, weights });
const imagesAt = (step: number) => ({
  images: tf.tensor4d(drawUniform(createRng(6).fold(step), rows * size * size * channels), [rows, size, size, channels]),
});
const framesAt = (step: number) => ({
  frames: tf.tensor5d(drawNormal(createRng(7).fold(step), rows * 3 * size * size * channels), [rows, 3, size, size, channels]),
});
const orderOf = (reversed: 'merged' | 'distinct') => {
  const head = linear({ inputDim: 3 * features, outputDim: frameOrders({ numFrames: 3, reversed }).length });
  return frameOrder({ backbone, head, numFrames: 3, reversed });
};
const painter = sequential<tf.Tensor2D, tf.Tensor4D>({
  linear: linear({ inputDim: 2 * features, outputDim: size * size * channels }),
  frame: stateless((x: tf.Tensor2D) => tf.reshape<tf.Rank.R4>(x, [-1, size, size, channels])),
});

testRows([
  row(
    'colorization with weights',
    colorization({ backbone, head: colorizationHead({ inputDim: features, outputSize: 2, numBins, width: 3 }), coding }),
    { batchAt: imagesAt },
  ),
  row('time-contrastive', timeContrastive({ backbone, projectionHead: linear({ inputDim: features, outputDim: 4 }), negativeWindow: 1 }), {
    batchAt: framesAt,
  }),
  row('frame-prediction', framePrediction({ backbone, decoder: painter, predict: 'between', distance: 'squared' }), { batchAt: framesAt }),
  row('frame-order', orderOf('merged'), { batchAt: framesAt }),
  row('frame-order, a clip and its reverse are two', orderOf('distinct'), { batchAt: framesAt }),
]);
