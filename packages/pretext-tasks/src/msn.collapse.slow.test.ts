import { maskPatches } from '@selfsup/augment';
import { createRng } from '@selfsup/core';
import { linear, prototypes, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { context, descend } from '../fixtures/tiny-networks.ts';
import { viewsOfKinds } from '../fixtures/views-of-kinds.ts';
import type { MsnOptions } from './masked-siamese.ts';
import { msn } from './msn.ts';

const [side, totalSteps] = [4, 150];
const numPrototypes = 8;

/** The use of the prototypes by the predictions of the last steps, between 0 and 1. */
function train(seed: number, options: Partial<MsnOptions>): number {
  const task = msn({
    backbone: vit({ imageSize: side, patchSize: 2, channels: 1, numLayers: 1, width: 8, numHeads: 2 }),
    projectionHead: linear({ inputDim: 8, outputDim: 6 }),
    prototypes: prototypes({ inputDim: 6, numPrototypes }),
    masking: maskPatches({ gridSize: 2, maskRatio: 0.25 }),
    momentum: 0.9,
    ...options,
  });
  const run = task.create({ rng: createRng(seed), totalSteps });
  let use = 0;
  for (let step = 0; step < totalSteps; step++) {
    const views = viewsOfKinds({ seed, step, side, kinds: 8, rows: 16, common: 2 });
    use = descend(run, { views }, { context: context({ step, totalSteps }), rate: 0.1 }).metrics['prototypeEntropy']!;
    tf.dispose(views);
  }
  run.dispose();
  return use;
}

it('uses its prototypes, and without the regularizer and the balance of the targets one takes all', () => {
  for (const seed of [0, 1, 2]) {
    expect(train(seed, {}), `seed ${seed}`).toBeGreaterThan(0.8);
    expect(train(seed, { iterations: 0 }), `seed ${seed}, the regularizer alone`).toBeGreaterThan(0.35);
    expect(train(seed, { iterations: 0, priorWeight: 0 }), `seed ${seed}, crippled`).toBeLessThan(0.2);
  }
}, 120_000);
