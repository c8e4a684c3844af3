import { readFileSync } from 'node:fs';
import type { Rng } from '@selfsup/core';
import { linear, sequential } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkSteps, type ReferenceStep } from '../fixtures/check-steps.ts';
import { mappedNetwork } from '../fixtures/mapped-network.ts';
import { distillation, type DistillationOptions } from './distillation.ts';

type Stored = Readonly<Record<string, { shape: number[]; values: number[] }>>;
interface Fixture extends Record<'rate' | 'queueSize' | 'size' | 'channels' | 'width' | 'dim', number> {
  meta: { torch: string };
  images: NonNullable<DistillationOptions['images']>;
  start: Stored;
  teacher: Stored;
  batches: number[][];
  runs: Readonly<Record<string, { options: Partial<DistillationOptions>; steps: ReferenceStep[] }>>;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/distillation.json', import.meta.url), 'utf8')) as Fixture;
const { rate, queueSize, size, channels, width, dim, images, batches } = fixture;

const untaught = mappedNetwork({ channels, width: dim, norm: false });
const teacher = Object.assign(
  (rng: Rng) => {
    const module = untaught(rng);
    for (const [path, { shape, values }] of Object.entries(fixture.teacher))
      tf.tidy(() => {
        module.trainable[path]!.assign(tf.tensor(values, shape));
      });
    return module;
  },
  { outputDim: dim },
);
const head = sequential<tf.Tensor2D, tf.Tensor2D>({ linear: linear({ inputDim: width, outputDim: dim }) });

it.each(Object.entries(fixture.runs))(
  `takes three training steps as PyTorch ${fixture.meta.torch} does: %s`,
  async (_, { options, steps }) => {
    const backbone = mappedNetwork({ channels, width, norm: true });
    const task = distillation({ backbone, teacher, projectionHead: head, patchHead: head, images, queueSize, ...options });
    const start = Object.fromEntries(Object.entries(fixture.start).filter(([path]) => path in steps[0]!.values!));
    const metrics = await checkSteps({ task, rate, start, steps }, (step) => ({
      views: [tf.tensor4d(batches[step]!, [batches[step]!.length / (size * size * channels), size, size, channels])],
    }));
    expect(Object.keys(metrics[0]!).length).toBeGreaterThan(0);
  },
);
