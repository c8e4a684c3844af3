import { readFileSync } from 'node:fs';
import { bert, linear, maskedLanguageHead, sequential, stateless } from '@selfsup/encoders';
import { adamW, type AdamWOptions, chain, clipByGlobalNorm, noDecayOnNorms } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { maskedLanguage } from './masked-language.ts';

type Named = Readonly<Record<string, number[]>>;
interface Fixture {
  meta: { versions: string };
  config: { numLayers: number; width: number; numHeads: number; vocabularySize: number; maxPositions: number };
  shape: [number, number];
  rates: number[];
  weightDecay: number;
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  batches: Readonly<Record<'tokenIds' | 'attentionMask' | 'segmentIds' | 'nextSentence' | 'masked' | 'positions' | 'labels', number[]>>[];
  runs: Readonly<Record<'adamW' | 'bert', { maskedLoss: number; nextSentenceLoss: number; weights: Named; gradients?: Named }[]>>;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/masked-language.json', import.meta.url), 'utf8')) as Fixture;
const { config, shape, rates, batches, start } = fixture;
const { width } = config;

function makeTrainer(variant: 'adamW' | 'bert', onGradients: (gradients: Readonly<Record<string, tf.Tensor | null>>) => void) {
  let drawn = 0; // masks of the fixture, one for each step
  const task = maskedLanguage({
    backbone: bert({ ...config, dropoutRate: 0, attentionDropoutRate: 0 }),
    head: maskedLanguageHead(config),
    nextSentenceHead: sequential({
      pooler: linear({ inputDim: width, outputDim: width }),
      tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
      output: linear({ inputDim: width, outputDim: 2 }),
    }),
    masking: ({ tokenIds, length }) => {
      const { tokenIds: before, masked, positions, labels } = batches[drawn++]!;
      expect([[...tokenIds], length]).toEqual([before, shape[1]]);
      return {
        tokenIds: Int32Array.from(masked),
        positions: Int32Array.from(positions),
        labels: Int32Array.from(labels),
        weights: new Float32Array(positions.length).fill(1),
      };
    },
  });
  const variants: Record<typeof variant, Partial<AdamWOptions>> = { adamW: {}, bert: { epsilon: 1e-6, biasCorrection: false } };
  const optimizer = adamW({
    learningRate: (step) => rates[step]!,
    weightDecay: fixture.weightDecay,
    mask: noDecayOnNorms,
    ...variants[variant],
  });
  const watched: typeof task = {
    ...task,
    create: (ctx) => ({
      ...task.create(ctx),
      transformGradients(gradients) {
        onGradients(gradients);
        return gradients;
      },
    }),
  };
  const trainer = createTrainer({ task: watched, optimizer: chain(clipByGlobalNorm(1), optimizer), totalSteps: 3, seed: 0 });
  expect(Object.keys(trainer.run.trainable).sort()).toEqual(Object.keys(start).sort());
  for (const [path, { shape: expected, values }] of Object.entries(start)) {
    const variable = trainer.run.trainable[path]!;
    expect(variable.shape, path).toEqual(expected);
    tf.tidy(() => {
      variable.assign(tf.tensor(values, expected));
    });
  }
  return trainer;
}
const far = (actual: ArrayLike<number>, expected: readonly number[]) =>
  expected.reduce((worst, value, i) => Math.max(worst, Math.abs(actual[i]! - value)), actual.length === expected.length ? 0 : Infinity);

afterEach(async () => {
  await tf.setBackend('cpu');
});

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  it.each(['adamW', 'bert'] as const)(
    `takes three training steps as Hugging Face's BertForPreTraining with %s does (${fixture.meta.versions})`,
    async (variant) => {
      await tf.setBackend(backend);
      if (backend === 'wasm') await registerTrainingKernels();
      let gradients: Record<string, number[]> = {};
      const trainer = makeTrainer(variant, (given) => {
        gradients = Object.fromEntries(Object.entries(given).map(([path, gradient]) => [path, [...gradient!.dataSync()]]));
      });
      for (const [step, expected] of fixture.runs[variant].entries()) {
        const source = batches[step]!;
        const batch = {
          tokenIds: tf.tensor2d(source.tokenIds, shape, 'int32'),
          attentionMask: tf.tensor2d(source.attentionMask, shape, 'int32'),
          segmentIds: tf.tensor2d(source.segmentIds, shape, 'int32'),
          nextSentence: tf.tensor1d(source.nextSentence, 'int32'),
        };
        const { loss, metrics } = await trainer.trainStep(batch);
        tf.dispose(batch);
        expect(Math.abs(metrics['maskedLoss']! - expected.maskedLoss)).toBeLessThan(1e-4);
        expect(Math.abs(metrics['nextSentenceLoss']! - expected.nextSentenceLoss)).toBeLessThan(1e-4);
        expect(Math.abs(loss - expected.maskedLoss - expected.nextSentenceLoss)).toBeLessThan(1e-4);
        for (const [path, values] of Object.entries(expected.gradients ?? {}))
          expect(far(gradients[path]!, values), path).toBeLessThan(1e-4);
        for (const [path, values] of Object.entries(expected.weights)) {
          // a constant added to all scores of a row changes nothing: the gradient of the key's bias is rounding noise, and Adam makes steps of it
          const noise = path.endsWith('key/bias') ? rates.slice(0, step + 1).reduce((sum, rate) => sum + 8 * rate, 0) : 0;
          expect(far(trainer.run.trainable[path]!.dataSync(), values), `${path} after step ${step}`).toBeLessThan(1e-4 + noise);
          if (step === 2 && noise === 0) expect(far(values, start[path]!.values), `${path} moves`).toBeGreaterThan(1e-3);
        }
      }
      trainer.dispose();
    },
  );
});
