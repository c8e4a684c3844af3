import { maskPatches } from '@selfsup/augment';
import { createRng, drawNormal } from '@selfsup/core';
import { linear, prototypes, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { context, descend } from '../fixtures/tiny-networks.ts';
import type { MsnOptions } from './masked-siamese.ts';
import { msn } from './msn.ts';

const [side, kinds, rows, totalSteps] = [4, 8, 16, 150];
const numPrototypes = 8;

/** Two noisy views of images of eight kinds, which have more in common than what tells them apart. */
function viewsAt(seed: number, step: number): tf.Tensor4D[] {
  const rng = createRng(seed);
  const pixels = side * side;
  const patterns = Array.from({ length: kinds }, (_, kind) => drawNormal(rng.fold(kind), pixels));
  const common = drawNormal(rng.fold('common'), pixels);
  return [0, 1].map((view) => {
    const noise = drawNormal(rng.fold('noise').fold(step).fold(view), rows * pixels, { standardDeviation: 0.3 });
    const values = noise.map((x, i) => x + 2 * common[i % pixels]! + patterns[Math.floor(i / pixels) % kinds]![i % pixels]!);
    return tf.tensor4d(values, [rows, side, side, 1]);
  });
}

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
    const views = viewsAt(seed, step);
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
