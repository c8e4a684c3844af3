import { createRng, drawNormal } from '@selfsup/core';
import { linear, prototypes, sequential, stateless } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { row, testRows } from '../fixtures/conformance-rows.ts';
import { nnclr } from './nnclr.ts';
import { swav } from './swav.ts';

// The kit of @selfsup/testing over the tasks that learn from clusters and neighbors.
const [channels, features, projected] = [3, 8, 6];
/** Pooled pixels to features without normalization, so that ranks can be compared; smooth, so that central differences are exact. */
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  pool: stateless((x: tf.Tensor4D) => tf.mean<tf.Tensor2D>(x, [1, 2])),
  dense: linear({ inputDim: channels, outputDim: features }),
  tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
});
const projectionHead = linear({ inputDim: features, outputDim: projected });
const predictionHead = linear({ inputDim: projected, outputDim: projected });
/** Views of random images with noise: float32 `[4, side, side, channels]` each. */
const viewsAt = (step: number, sides: readonly number[] = [3, 3]) => {
  const rng = createRng(5).fold(step);
  const images = drawNormal(rng.fold('images'), 4 * channels);
  return {
    views: sides.map((side, v) => {
      const noise = drawNormal(rng.fold(v), 4 * side * side * channels, { standardDeviation: 0.3 });
      const shifted = noise.map((x, i) => x + images[Math.floor(i / (side * side * channels)) * channels + (i % channels)]!);
      return tf.tensor4d(shifted, [4, side, side, channels]);
    }),
  };
};
const swavNetworks = { backbone, projectionHead, prototypes: prototypes({ inputDim: projected, numPrototypes: 5 }) };
const ofSwav = {
  afterStepWrites: ['prototypes/kernel'],
  skip: { differences: 'the codes depend on the weights, but carry no gradient' },
};
testRows([
  row('swav', swav({ ...swavNetworks, freezePrototypesSteps: 2 }), { batchAt: (step) => viewsAt(step, [3, 3, 2]), ...ofSwav }),
  row('swav with a queue', swav({ ...swavNetworks, queueSize: 10, freezePrototypesSteps: 0 }), {
    batchAt: (step) => viewsAt(step),
    ...ofSwav,
  }),
  row('nnclr', nnclr({ backbone, projectionHead, predictionHead, outputDim: projected, queueSize: 10 }), {
    batchAt: (step) => viewsAt(step),
  }),
]);
