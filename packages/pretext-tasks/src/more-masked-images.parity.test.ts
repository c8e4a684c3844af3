import { readFileSync } from 'node:fs';
import type { AnyPretextTask } from '@selfsup/core';
import { jepaPredictor, vit, type VitOptions, type VitSize } from '@selfsup/encoders';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { checkSteps, type ReferenceStep } from '../fixtures/check-steps.ts';
import { iJepa } from './i-jepa.ts';

interface Step extends ReferenceStep {
  inputs: Readonly<Record<string, number[]>>;
  metrics: Readonly<Record<string, number>>;
}
interface Run {
  name: string;
  rate: number;
  momentum?: number;
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  steps: Step[];
}
interface Fixture {
  meta: { torch: string };
  shape: [number, number, number, number];
  vit: VitOptions & Omit<VitSize, 'numLayers'>;
  gridSize: number;
  runs: Run[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/masked-image-more.json', import.meta.url), 'utf8')) as Fixture;
const { gridSize } = fixture;
const { width } = fixture.vit;

/** What the fixture drew for one step after another. */
const drawnBy = ({ steps }: Run) => {
  let step = 0;
  return () => steps[step++]!.inputs;
};
const jepa = (run: Run, distance: 'smooth-l1' | 'squared') => {
  const draws = drawnBy(run);
  return iJepa({
    backbone: vit({ ...fixture.vit, numLayers: 2, classToken: false }),
    predictor: jepaPredictor({ inputDim: width, gridSize, width: 4, numLayers: 1, numHeads: 2 }),
    masking: () => {
      const { context, targets } = draws();
      return { context: Int32Array.from(context!), targets: Int32Array.from(targets!), numTargets: 2 };
    },
    momentum: run.momentum!,
    distance,
  });
};
const tasks: Readonly<Record<string, (run: Run) => unknown>> = {
  'i-jepa': (run) => jepa(run, 'smooth-l1'),
  'i-jepa, squared': (run) => jepa(run, 'squared'),
};

afterEach(async () => {
  await tf.setBackend('cpu');
});

it('has a task for each run of the fixture', () => {
  expect(Object.keys(tasks)).toEqual(fixture.runs.map(({ name }) => name));
});

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  it.each(fixture.runs.map((run) => [run.name, run] as const))(
    `%s takes its training steps as PyTorch ${fixture.meta.torch} does`,
    async (name, run) => {
      await tf.setBackend(backend);
      if (backend === 'wasm') await registerTrainingKernels();
      const task = tasks[name]!(run) as AnyPretextTask;
      // a constant added to all scores of a query changes nothing: the gradient of a key's bias is 0 but for rounding
      const frozen = (path: string) => !path.startsWith('target/') && path.endsWith('key/bias');
      const images = (step: number) => ({ images: tf.tensor4d(run.steps[step]!.inputs['images']!, fixture.shape) });
      const metrics = await checkSteps({ task, ...run, frozen }, images);
      for (const [step, { metrics: expected }] of run.steps.entries())
        for (const [metric, value] of Object.entries(expected)) expect(metrics[step]![metric], metric).toBeCloseTo(value, 4);
    },
  );
});
