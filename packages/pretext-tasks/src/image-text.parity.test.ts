import { readFileSync } from 'node:fs';
import type { AnyPretextTask } from '@selfsup/core';
import { linear, sequential, stateless } from '@selfsup/encoders';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { tokenStates } from '../fixtures/token-states.ts';
import { clip } from './clip.ts';
import { siglip } from './siglip.ts';

interface Run {
  task: 'clip' | 'siglip';
  rate: number;
  pooling: 'mean' | 'first';
  batches: { images: number[]; tokenIds: number[]; attentionMask: number[] }[];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  steps: { loss: number; accuracy: number; scale: number; after: Readonly<Record<string, number[]>> }[];
}
interface Fixture {
  meta: { torch: string };
  sizes: Readonly<Record<'rows' | 'side' | 'channels' | 'length' | 'words' | 'features' | 'width' | 'dim', number>>;
  runs: Run[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/image-text.json', import.meta.url), 'utf8')) as Fixture;
const { rows, side, channels, length, words, features, width, dim } = fixture.sizes;

const image = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1])),
  dense: linear({ inputDim: side * side * channels, outputDim: features }),
  tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
  projection: linear({ inputDim: features, outputDim: dim, bias: false }),
});

const text = tokenStates({ words, width, dim });

const taskOf = ({ task, pooling }: Run): AnyPretextTask => (task === 'clip' ? clip : siglip)({ image, text, pooling });

afterEach(async () => {
  await tf.setBackend('cpu');
});

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  it.each(fixture.runs.map((run) => [`${run.task} with ${run.pooling} tokens`, run] as const))(
    `%s takes three training steps as PyTorch ${fixture.meta.torch} does`,
    async (_, run) => {
      await tf.setBackend(backend);
      if (backend === 'wasm') await registerTrainingKernels();
      const { rate, batches, start, steps } = run;
      const trainer = createTrainer({ task: taskOf(run), optimizer: sgd({ learningRate: rate }), totalSteps: steps.length, seed: 0 });
      const variables = trainer.run.trainable;
      expect(Object.keys(variables).sort()).toEqual(Object.keys(start).sort());
      for (const [path, { shape, values }] of Object.entries(start)) {
        expect(variables[path]!.shape, path).toEqual(shape);
        tf.tidy(() => {
          variables[path]!.assign(tf.tensor(values, shape));
        });
      }
      for (const [step, expected] of steps.entries()) {
        const given = batches[step]!;
        const batch = {
          images: tf.tensor4d(given.images, [rows, side, side, channels]),
          tokenIds: tf.tensor2d(given.tokenIds, [rows, length], 'int32'),
          attentionMask: tf.tensor2d(given.attentionMask, [rows, length]),
        };
        const { loss, metrics } = await trainer.trainStep(batch);
        tf.dispose(batch);
        expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-4);
        expect(metrics['accuracy']).toBeCloseTo(expected.accuracy, 5);
        expect(Math.abs(metrics['scale']! / expected.scale - 1)).toBeLessThan(1e-4);
        for (const [path, values] of Object.entries(expected.after)) {
          const actual = variables[path]!.dataSync();
          const largest = Math.max(1e-2, ...values.map(Math.abs));
          values.forEach((value, i) => {
            expect(Math.abs(actual[i]! - value) / largest, `${path} after step ${step}`).toBeLessThan(1e-4);
          });
          if (step < 2) continue;
          const moved = Math.max(...values.map((value, i) => Math.abs(value - start[path]!.values[i]!)));
          expect(moved, `${path} moves`).toBeGreaterThan(1e-3);
        }
      }
      trainer.dispose();
    },
  );
});
