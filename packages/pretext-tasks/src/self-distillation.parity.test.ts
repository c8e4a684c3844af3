import { readFileSync } from 'node:fs';
import type { Schedule } from '@selfsup/core';
import { dinoHead, linear, prototypes, vit, type VitOptions, type VitSize } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkSteps, type ReferenceStep } from '../fixtures/check-steps.ts';
import { mappedNetwork } from '../fixtures/mapped-network.ts';
import { deepClusterV2 } from './deep-cluster-v2.ts';
import { dinoV2 } from './dino-v2.ts';
import { ibot } from './ibot.ts';
import type { CropMasking } from './masked-crops.ts';
import { msn } from './msn.ts';
import { pmsn } from './pmsn.ts';

interface Run {
  rate: number;
  momenta: number[];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  steps: (ReferenceStep & { views: number[][] })[];
}
interface Distillation extends Run {
  steps: (Run['steps'][0] & { masked: number[] })[];
  temperatures: number[];
  patchTemperatures: number[];
}
interface MaskedSiamese extends Run {
  steps: (Run['steps'][0] & { keep: number[] })[];
  options: Readonly<Record<'iterations' | 'powerLawExponent', number>>;
}
interface DeepCluster extends Omit<Run, 'momenta'> {
  samples: number;
  steps: (Run['steps'][0] & { indices: number[] })[];
}
interface Fixture {
  meta: { torch: string };
  vit: VitOptions & VitSize & { channels: number };
  head: { inputDim: number; hiddenDim: number; bottleneckDim: number; numLayers: number };
  batch: number;
  sides: number[];
  tasks: Readonly<
    Record<'ibot' | 'ibot-untied', Distillation> &
      Record<'dino-v2' | 'dino-v2-center', Omit<Distillation, 'patchTemperatures'>> &
      Record<'msn' | 'pmsn', MaskedSiamese> &
      Record<'deep-cluster-v2', DeepCluster>
  >;
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/self-distillation.json', import.meta.url), 'utf8')) as Fixture;
const backbone = vit({ ...fixture.vit, maskToken: true });
const head = (outputDim: number) => dinoHead({ ...fixture.head, outputDim });
const at =
  (values: readonly number[]): Schedule =>
  (step) =>
    values[step]!;

/** The masks of the fixture, one after the other. */
function maskingOf({ steps }: Pick<Distillation, 'steps'>): CropMasking {
  let drawn = 0;
  return () => ({ masked: Int32Array.from(steps[drawn++]!.masked) });
}
const viewsOf = ({ steps }: Pick<Run, 'steps'>, step: number) => ({
  views: steps[step]!.views.map((values, i) => {
    const side = fixture.sides[i]!;
    return tf.tensor4d(values, [fixture.batch, side, side, fixture.vit.channels]);
  }),
});
/** What moves by rounding alone: a constant added to all scores of a query changes nothing. */
const stays = (path: string) => path.endsWith('key/bias') && !path.startsWith('teacher/') && !path.startsWith('target/');

it.each(['ibot', 'ibot-untied'] as const)(`%s takes three steps as PyTorch ${fixture.meta.torch} does`, async (name) => {
  const run = fixture.tasks[name];
  const task = ibot({
    backbone,
    projectionHead: head(6),
    ...(name === 'ibot-untied' && { patchHead: head(6) }),
    outputDim: 6,
    masking: maskingOf(run),
    teacherTemperature: at(run.temperatures),
    teacherPatchTemperature: at(run.patchTemperatures),
    patchWeight: 0.7,
    momentum: at(run.momenta),
    centerMomentum: 0.8,
    freezeLastLayerSteps: 1,
  });
  const frozen = (path: string, step: number) => stays(path) || (step === 0 && path.includes('lastLayer') && !path.startsWith('teacher/'));
  const metrics = await checkSteps({ task, ...run, frozen }, (step) => viewsOf(run, step));
  for (const [step, { classLoss, patchLoss }] of metrics.entries())
    expect(classLoss! + 0.7 * patchLoss!).toBeCloseTo(run.steps[step]!.loss, 3);
});

it.each(['dino-v2', 'dino-v2-center'] as const)(`%s takes three steps as PyTorch ${fixture.meta.torch} does`, async (name) => {
  const run = fixture.tasks[name];
  const task = dinoV2({
    backbone,
    projectionHead: head(6),
    patchHead: head(6),
    outputDim: 6,
    centering: name === 'dino-v2' ? 'sinkhorn' : 'center',
    masking: maskingOf(run),
    teacherTemperature: at(run.temperatures),
    patchWeight: 0.8,
    momentum: at(run.momenta),
  });
  const metrics = await checkSteps({ task, ...run, frozen: stays }, (step) => viewsOf(run, step));
  for (const [step, { classLoss, patchLoss, koLeo }] of metrics.entries())
    expect(classLoss! + 0.8 * patchLoss! + 0.1 * koLeo!).toBeCloseTo(run.steps[step]!.loss, 3);
});

it.each(['msn', 'pmsn'] as const)(`%s takes three steps as PyTorch ${fixture.meta.torch} does`, async (name) => {
  const run = fixture.tasks[name];
  let drawn = 0;
  const options = {
    backbone: vit(fixture.vit),
    projectionHead: linear({ inputDim: fixture.head.inputDim, outputDim: 4 }),
    prototypes: prototypes({ inputDim: 4, numPrototypes: 6 }),
    masking: () => ({
      keep: Int32Array.from(run.steps[drawn++]!.keep),
      restore: new Int32Array(fixture.batch * 16),
      mask: new Float32Array(fixture.batch * 16),
    }),
    momentum: at(run.momenta),
    ...run.options,
  };
  await checkSteps({ task: name === 'msn' ? msn(options) : pmsn(options), ...run, frozen: stays }, (step) => viewsOf(run, step));
});

it(`deep-cluster-v2 fills its memory, clusters and learns as PyTorch ${fixture.meta.torch} does, in two epochs and a step`, async () => {
  const { channels } = fixture.vit;
  const { samples, ...run } = fixture.tasks['deep-cluster-v2'];
  const task = deepClusterV2({
    backbone: mappedNetwork({ channels, width: 6, norm: false }),
    projectionHead: linear({ inputDim: 6, outputDim: 4 }),
    projectionDim: 4,
    numSamples: samples,
    clusterEverySteps: 2,
    numPrototypes: [3, 2],
  });
  const frozen = (path: string, step: number) => step < 2 && !path.startsWith('prototypes/');
  await checkSteps({ task, ...run, frozen }, (step) => ({
    views: run.steps[step]!.views.map((values, i) => tf.tensor4d(values, [4, i < 2 ? 4 : 2, i < 2 ? 4 : 2, channels])),
    indices: tf.tensor1d(run.steps[step]!.indices, 'int32'),
  }));
});
