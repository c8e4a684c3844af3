import type { AnyPretextTask, AnyPretextTaskRun } from '@selfsup/core';
import { dinoHead, linear, projectionHead as perceptron, sequential, stateless, vit } from '@selfsup/encoders';
import { embeddingStd } from '@selfsup/losses';
import { adamW } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { context } from '../fixtures/tiny-networks.ts';
import { viewsOfKinds } from '../fixtures/views-of-kinds.ts';
import { byol } from './byol.ts';
import { dinoV2 } from './dino-v2.ts';
import { fastSiam } from './fast-siam.ts';
import { ibot } from './ibot.ts';
import { lejepa } from './lejepa.ts';
import type { CropMasking } from './masked-crops.ts';
import { tico } from './tico.ts';
import { vibcreg } from './vibcreg.ts';
import { vicreg } from './vicreg.ts';
import { visreg } from './visreg.ts';
import { wMse } from './w-mse.ts';

// What keeps a method from giving one output for everything is taken away: then it must collapse. With it, it must not.
const [side, features, outputDim, totalSteps] = [4, 16, 6, 200];
const pixels = side * side;

const viewsAt = (step: number, count: number) => viewsOfKinds({ seed: 0, step, side, kinds: 8, rows: 16, count, common: 1 });

/**
 * The mean deviation per dimension of the projections of a view that training has not seen; of the unit projections, as a share of 1/√outputDim; and in how many
 * dimensions they lie: the square of their number by the sum of squares of their correlations.
 */
function spread(run: AnyPretextTaskRun, numViews: number): { raw: number; unit: number; dimensions: number } {
  return tf.tidy(() => {
    const batch = { views: viewsAt(totalSteps, numViews) };
    const at = context({ step: totalSteps - 1, totalSteps });
    const { projections } = run.embed!(batch, run.targets?.(batch, at) ?? {}, at) as { projections: tf.Tensor2D[] };
    const { mean, variance } = tf.moments(projections[0]!, 0);
    const centered = tf.div<tf.Tensor2D>(tf.sub(projections[0]!, mean), tf.sqrt(tf.add(variance, 1e-12)));
    const correlations = tf.matMul(centered, centered, true);
    const dimensions = tf.div(tf.square(tf.sum(tf.square(centered))), tf.sum(tf.square(correlations))).dataSync()[0]!;
    const unit = embeddingStd(projections[0]!).dataSync()[0]! * Math.sqrt(outputDim);
    return { raw: tf.mean(tf.sqrt(variance)).dataSync()[0]!, unit, dimensions };
  });
}

/** Trains on views of the kinds above; what `measure` finds at the end, and the metrics of the last step. */
async function train<T>(
  task: unknown,
  { numViews = 2, measure }: { numViews?: number; measure: (run: AnyPretextTaskRun, numViews: number) => T },
) {
  const trainer = createTrainer({ task: task as AnyPretextTask, optimizer: adamW({ learningRate: 0.01 }), totalSteps, seed: 0 });
  let metrics: Readonly<Record<string, number>> = {};
  for (let step = 0; step < totalSteps; step++) {
    const views = viewsAt(step, numViews);
    ({ metrics } = await trainer.trainStep({ views }));
    tf.dispose(views);
  }
  const found = measure(trainer.run, numViews);
  trainer.dispose();
  return { ...found, metrics };
}

const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape(x, [x.shape[0], pixels])),
  linear: linear({ inputDim: pixels, outputDim: features }),
});
const projectionHead = perceptron({ inputDim: features, hiddenDim: 16, outputDim });
const networks = { backbone, projectionHead };
const normalized = { backbone, projectionHead: perceptron({ inputDim: features, hiddenDim: 16, outputDim, batchNorm: true }) };

describe('without the term that spreads projections they shrink to a point', () => {
  const none = { varianceWeight: 0, covarianceWeight: 0 };
  const [sliced, alone] = [{ numSlices: 16 }, { numSlices: 16, regularizationWeight: 0 }];
  it.each([
    ['vicreg', vicreg(networks), vicreg({ ...networks, ...none })],
    ['vibcreg', vibcreg({ ...networks, covarianceWeight: 25 }), vibcreg({ ...networks, ...none })],
    ['lejepa', lejepa({ ...networks, ...sliced }), lejepa({ ...networks, ...alone })],
    ['visreg', visreg({ ...normalized, ...sliced }), visreg({ ...normalized, ...alone })],
  ])('%s', async (_, healthy, crippled) => {
    expect((await train(healthy, { measure: spread })).raw).toBeGreaterThan(0.2);
    expect((await train(crippled, { measure: spread })).raw).toBeLessThan(0.02);
  });
});

it('where the unit matrix outweighs the covariance, w-mse does not whiten, and all projections come to lie on a line', async () => {
  expect((await train(wMse(networks), { measure: spread })).dimensions).toBeGreaterThan(2);
  expect((await train(wMse({ ...networks, epsilon: 0.9 }), { measure: spread })).dimensions).toBeLessThan(1.1);
});

describe('without a predictor and a slow copy, without a predictor, or without the second moments all projections come to point one way', () => {
  const predictionHead = perceptron({ inputDim: outputDim, hiddenDim: 4, outputDim, batchNorm: true });
  const identity = stateless((x: tf.Tensor2D) => tf.clone(x));
  const moving = { ...networks, outputDim, momentum: 0.9 };
  it.each([
    ['byol', byol({ ...normalized, predictionHead, momentum: 0.9 }), byol({ ...normalized, predictionHead: identity, momentum: 0 }), 2],
    ['fast-siam', fastSiam({ ...normalized, predictionHead }), fastSiam({ ...normalized, predictionHead: identity }), 3],
    ['tico', tico(moving), tico({ ...moving, covarianceWeight: 0 }), 2],
  ])('%s', async (_, healthy, crippled, numViews) => {
    expect((await train(healthy, { numViews, measure: spread })).unit).toBeGreaterThan(0.8);
    expect((await train(crippled, { numViews, measure: spread })).unit).toBeLessThan(0.4);
  });
});

describe('without centering targets use one output, or a few', () => {
  const width = 8;
  const head = dinoHead({ inputDim: width, bottleneckDim: 8, outputDim: 8, numLayers: 1 });
  const masking: CropMasking = ({ count }) => ({ masked: Int32Array.from({ length: 4 * count }, (_, i) => [1, 2, 7, -1][i % 4]!) });
  const parts = {
    backbone: vit({ imageSize: side, patchSize: 2, channels: 1, numLayers: 1, width, numHeads: 2, maskToken: true }),
    projectionHead: head,
    patchHead: head,
    outputDim: 8,
    masking,
    momentum: 0.9,
  };
  const usage = async (task: unknown) => (await train(task, { measure: () => ({}) })).metrics['usageEntropy']! / Math.log(8);
  it('ibot', async () => {
    expect(await usage(ibot(parts))).toBeGreaterThan(0.2);
    expect(await usage(ibot({ ...parts, centerMomentum: 1 }))).toBeLessThan(0.01);
  });

  it('dino-v2', async () => {
    expect(await usage(dinoV2({ ...parts, koLeoWeight: 0 }))).toBeGreaterThan(0.9);
    expect(await usage(dinoV2({ ...parts, koLeoWeight: 0, centering: 'center', centerMomentum: 1 }))).toBeLessThan(0.6);
  });
}, 120_000);
