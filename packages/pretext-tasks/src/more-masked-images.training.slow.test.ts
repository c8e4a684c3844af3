import { hogFeatures, jepaBlocks, maskPatches } from '@selfsup/augment';
import { createRng, drawNormal, drawUniform, type AnyPretextTask } from '@selfsup/core';
import { convNet, inpaintingDecoder, jepaPredictor, linear, residualMlp, vit } from '@selfsup/encoders';
import { adamW } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aim } from './aim.ts';
import { beit, codebookTokenizer } from './beit.ts';
import { data2vec } from './data2vec.ts';
import { iJepa } from './i-jepa.ts';
import { inpainting } from './inpainting.ts';
import { maskFeat } from './maskfeat.ts';

const size = { imageSize: 8, patchSize: 2, numLayers: 2, width: 32, numHeads: 2 };
const masking = maskPatches({ gridSize: 4, maskRatio: 0.5 });
const backbone = vit({ ...size, maskToken: true });
const bare = vit({ ...size, classToken: false });
const predictor = jepaPredictor({ inputDim: 32, gridSize: 4, width: 16, numLayers: 1, numHeads: 2 });
const jepa = (momentum: number) => iJepa({ backbone: bare, predictor, masking: jepaBlocks({ gridSize: 4 }), momentum });

beforeEach(async () => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
});
afterEach(async () => {
  await tf.setBackend('cpu');
});

/** Trains on ramps whose slope differs by channel, of which any patch tells all others; the mean of loss and metrics over the first and the last ten steps. */
async function train(task: unknown, steps: number) {
  const trainer = createTrainer({ task: task as AnyPretextTask, optimizer: adamW({ learningRate: 0.003 }), totalSteps: steps, seed: 0 });
  const all: { loss: number; targetStd: number; accuracy: number }[] = [];
  for (let step = 0; step < steps; step++) {
    const images = tf.tidy(() => {
      const slopes = tf.tensor(drawUniform(createRng(step), 16 * 3, { min: -1, max: 1 }), [16, 1, 1, 3]);
      return tf.mul<tf.Tensor4D>(tf.mul(slopes, tf.reshape(tf.linspace(-2, 2, 8), [1, 8, 1, 1])), tf.ones([1, 1, 8, 1]));
    });
    const { loss, metrics } = await trainer.trainStep({ images });
    images.dispose();
    all.push({ loss, targetStd: metrics['targetStd'] ?? 0, accuracy: metrics['accuracy'] ?? 0 });
  }
  trainer.dispose();
  const mean = (some: typeof all, name: keyof (typeof all)[number]) => some.reduce((sum, one) => sum + one[name], 0) / some.length;
  const of = (some: typeof all) => ({ loss: mean(some, 'loss'), targetStd: mean(some, 'targetStd'), accuracy: mean(some, 'accuracy') });
  return { first: of(all.slice(0, 10)), last: of(all.slice(-10)) };
}

const head = (outputDim: number) => linear({ inputDim: 32, outputDim });
const tokenizer = codebookTokenizer({ codebook: drawNormal(createRng(3), 8 * 12), vocabularySize: 8 });
it.each([
  ['maskfeat', maskFeat({ backbone, head: head(27), masking, features: hogFeatures({ cellSize: 2 }) })],
  ['beit', beit({ backbone, head: head(8), masking, tokenizer })],
  ['aim', aim({ backbone: bare, head: residualMlp({ inputDim: 32, outputDim: 12, numLayers: 1 }), normalizePixels: false })],
  [
    'inpainting',
    inpainting({
      backbone: convNet({ widths: [16, 32] }),
      decoder: inpaintingDecoder({ inputDim: 32, outputSize: 4, width: 16 }),
      regionSize: [4, 4],
    }),
  ],
])('%s learns what the other patches tell', async (name, task) => {
  const { first, last } = await train(task, 150);
  expect(last.loss).toBeLessThan(0.4 * first.loss);
  if (name === 'beit') expect(last.accuracy).toBeGreaterThan(0.8);
});

it('data2vec learns to predict states that stay different', async () => {
  const { first, last } = await train(data2vec({ backbone, head: head(32), masking, topBlocks: 2, momentum: 0.99 }), 200);
  expect(last.loss).toBeLessThan(0.2 * first.loss);
  expect(last.targetStd).toBeGreaterThan(0.5 / Math.sqrt(32));
});

it('i-jepa learns to predict states that stay different; with itself as the target it collapses', async () => {
  const [slow, itself] = [await train(jepa(0.99), 300), await train(jepa(0), 300)];
  expect(slow.last.loss).toBeLessThan(0.3 * slow.first.loss);
  expect(slow.last.targetStd).toBeGreaterThan(0.5 / Math.sqrt(32));
  expect(itself.last.targetStd).toBeLessThan(0.2 / Math.sqrt(32));
});
