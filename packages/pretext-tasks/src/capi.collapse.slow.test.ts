import { maskPatches } from '@selfsup/augment';
import { createRng, drawNormal } from '@selfsup/core';
import { crossPredictor, linear, prototypes, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { context, descend } from '../fixtures/tiny-networks.ts';
import { capi, type CapiOptions } from './capi.ts';

const [side, patchSize, kinds, rows, totalSteps, numClusters] = [6, 2, 8, 16, 120, 8];

/** Noisy images of eight kinds. */
function imagesAt(seed: number, step: number): tf.Tensor4D {
  const rng = createRng(seed);
  const pixels = side * side;
  const patterns = Array.from({ length: kinds }, (_, kind) => drawNormal(rng.fold(kind), pixels, { standardDeviation: 2 }));
  const noise = drawNormal(rng.fold('noise').fold(step), rows * pixels, { standardDeviation: 0.3 });
  const values = noise.map((x, i) => x + patterns[Math.floor(i / pixels) % kinds]![i % pixels]!);
  return tf.tensor4d(values, [rows, side, side, 1]);
}

/** The metrics of the last step. */
function train(seed: number, options: Partial<CapiOptions>): Record<string, number> {
  const task = capi({
    backbone: vit({ imageSize: side, patchSize, channels: 1, numLayers: 1, width: 8, numHeads: 2 }),
    predictor: crossPredictor({ inputDim: 8, gridSize: side / patchSize, width: 8, numLayers: 1, numHeads: 2 }),
    head: prototypes({ inputDim: 8, numPrototypes: numClusters }),
    clustering: linear({ inputDim: 8, outputDim: numClusters }),
    masking: maskPatches({ gridSize: side / patchSize, maskRatio: 0.65, kind: 'inverse-block' }),
    momentum: 0.9,
    ...options,
  });
  const run = task.create({ rng: createRng(seed), totalSteps });
  let last: Record<string, number> = {};
  for (let step = 0; step < totalSteps; step++) {
    const images = imagesAt(seed, step);
    last = descend(run, { images }, { context: context({ step, totalSteps }), rate: 0.1 }).metrics;
    images.dispose();
  }
  run.dispose();
  return last;
}

it('tells patches apart by all clusters, and without the balance one to three of eight take all', () => {
  for (const seed of [0, 2]) {
    const healthy = train(seed, {});
    expect(healthy['prototypeEntropy'], `seed ${seed}`).toBeGreaterThan(0.9);
    // of assignments that use all clusters alike log numClusters is the loss of clusters that say nothing
    expect(healthy['clusteringLoss'], `seed ${seed}`).toBeLessThan(0.8 * Math.log(numClusters));
    const crippled = train(seed, { iterations: 0 });
    expect(crippled['prototypeEntropy'], `seed ${seed}, crippled`).toBeLessThan(Math.log(3.3) / Math.log(numClusters));
  }
}, 120_000);
