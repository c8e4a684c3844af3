import { maskPatches } from '@selfsup/augment';
import type { AnyPretextTask, Batch } from '@selfsup/core';
import { convNet, linear, resnet18, vit } from '@selfsup/encoders';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imagesAt } from '../fixtures/conformance-rows.ts';
import { tinyBatch, tinyBert, tinyHead, tinyMasking } from '../fixtures/tiny-text.ts';
import { maskedLanguage } from './masked-language.ts';
import { simMim } from './sim-mim.ts';
import { simclr } from './simclr.ts';

const transformer = vit({ imageSize: 8, patchSize: 2, numLayers: 3, width: 16, numHeads: 2, dropPathRate: 0.3, maskToken: true });
const images = (step: number) => imagesAt(step, { rows: 4, size: 8 });

/** Networks whose blocks draw (dropout of rows and of whole branches), take masks, or keep running statistics. */
const cases: readonly (readonly [string, AnyPretextTask<never>, (step: number) => Batch])[] = [
  ...(['pixels', 'local-contrast'] as const).map((input): (typeof cases)[number] => [
    `simclr, a small ConvNet on ${input}`,
    simclr({ backbone: convNet({ widths: [4, 6, 8], input }), projectionHead: linear({ inputDim: 8, outputDim: 6 }) }),
    (step) => ({ views: [images(step), images(step + 7)] }),
  ]),
  [
    'simclr, a ResNet with batch normalization, in two micro-batches',
    simclr({ backbone: resnet18({ stem: 'cifar' }), projectionHead: linear({ inputDim: 512, outputDim: 6 }) }),
    (step) => ({ views: [images(step), images(step + 7)] }),
  ],
  [
    'sim-mim, a Vision Transformer with stochastic depth',
    simMim({
      backbone: transformer,
      head: linear({ inputDim: 16, outputDim: 12 }),
      masking: maskPatches({ gridSize: transformer.gridSize, maskRatio: 0.5 }),
    }),
    (step) => ({ images: images(step) }),
  ],
  [
    'masked-language, BERT with dropout and padded sequences',
    maskedLanguage({ backbone: tinyBert(), head: tinyHead, masking: tinyMasking }),
    (step) => {
      const { tokenIds, attentionMask, segmentIds, nextSentence } = tinyBatch(step);
      nextSentence.dispose();
      return { tokenIds, attentionMask, segmentIds };
    },
  ],
];

describe.each(['cpu', 'wasm'])('gradient checkpointing on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
  });
  afterAll(async () => {
    await tf.setBackend('cpu');
  });

  // plain JavaScript takes seconds for a ResNet
  it.each(cases.filter(([name]) => backend === 'wasm' || !name.includes('ResNet')))('changes no bit: %s', async (name, task, batchAt) => {
    const train = async (gradientCheckpointing: boolean) => {
      const optimizer = sgd({ learningRate: 0.05, momentum: 0.9 });
      const trainer = createTrainer({ task, optimizer, totalSteps: 2, seed: 1, gradientCheckpointing });
      for (let step = 0; step < 2; step++) {
        const batches = Array.from({ length: name.includes('micro-batches') ? 2 : 1 }, (_, i) => batchAt(2 * step + i));
        await trainer.trainStep(batches as never[]);
        tf.dispose(batches as unknown as tf.TensorContainer);
      }
      const bytes = await trainer.save();
      trainer.dispose();
      return bytes;
    };
    const [saving, keeping] = [await train(true), await train(false)];
    expect(Buffer.compare(saving, keeping)).toBe(0);
  });
});
