import { readFileSync } from 'node:fs';
import type { AnyPretextTask, Rng } from '@selfsup/core';
import { hogFeatures } from '@selfsup/augment';
import {
  bert,
  crossPredictor,
  inpaintingDecoder,
  jepaPredictor,
  linear,
  patchDecoder,
  residualMlp,
  sequential,
  stateless,
  vit,
  type VitOptions,
  type VitSize,
} from '@selfsup/encoders';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { checkSteps, type ReferenceStep } from '../fixtures/check-steps.ts';
import { aim } from './aim.ts';
import { beit, codebookTokenizer, encoderTokenizer } from './beit.ts';
import { capi } from './capi.ts';
import { data2vecText } from './data2vec-text.ts';
import { data2vec } from './data2vec.ts';
import { framePrediction, type FramePredictionOptions } from './frame-prediction.ts';
import { iJepa } from './i-jepa.ts';
import { mappedNetwork } from '../fixtures/mapped-network.ts';
import { inpainting } from './inpainting.ts';
import { maskFeat } from './maskfeat.ts';
import type { PatchMasking } from './patch-masking.ts';
import { vqTokenizer } from './vq-tokenizer.ts';

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
  codebook: number[];
  states: number[];
  teacher: Run['start'];
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
/** The masks of the fixture, and what they leave; the order of all patches is not asked for. */
const masksOf = (run: Run): PatchMasking => {
  const draws = drawnBy(run);
  return () => {
    const mask = Float32Array.from(draws()['mask']!);
    const length = mask.length / fixture.shape[0];
    const keep = Int32Array.from([...mask.keys()].filter((place) => mask[place] === 0).map((place) => place % length));
    return { keep, restore: new Int32Array(mask.length), mask };
  };
};
const shallow = vit({ ...fixture.vit, numLayers: 1, maskToken: true });
const teacherOf = (run: Run) => ({ head: linear({ inputDim: width, outputDim: width }), topBlocks: 2, momentum: run.momentum! });
const imagesTeacherOf = (run: Run) => ({
  ...teacherOf(run),
  backbone: vit({ ...fixture.vit, numLayers: 2, maskToken: true }),
  masking: masksOf(run),
});
const text = (run: Run) => {
  const draws = drawnBy(run);
  return data2vecText({
    ...teacherOf(run),
    backbone: bert({ numLayers: 2, width, numHeads: 2, vocabularySize: 12, maxPositions: 6, dropoutRate: 0, attentionDropoutRate: 0 }),
    masking: () => {
      const { masked, positions, weights } = draws();
      const ids = (values: number[] | undefined) => Int32Array.from(values!);
      return { tokenIds: ids(masked), positions: ids(positions), labels: ids(positions), weights: Float32Array.from(weights!) };
    },
  });
};
/** The task with the prefixes of the fixture in place of its own. */
const withPrefixes = (task: ReturnType<typeof aim>, run: Run): ReturnType<typeof aim> => {
  const draws = drawnBy(run);
  return {
    ...task,
    create(context) {
      const made = task.create(context);
      const targets: typeof made.targets = (batch, step) => ({
        ...made.targets!(batch, step),
        prefix: tf.tensor1d(draws()['prefix']!, 'int32'),
      });
      return { ...made, targets };
    },
  };
};
/** The encoder of the fixture, with its weights. */
const trainedEncoder = (rng: Rng) => {
  const encoder = vit({ ...fixture.vit, numLayers: 1, classToken: false })(rng);
  tf.tidy(() => {
    for (const [path, variable] of Object.entries(encoder.trainable)) {
      const { shape, values } = fixture.teacher[path]!;
      variable.assign(tf.tensor(values, shape));
    }
  });
  return encoder;
};
const pixels = fixture.shape.slice(1).reduce((a, b) => a * b);
const frames = (options: Pick<FramePredictionOptions, 'predict' | 'distance'>) =>
  framePrediction({
    ...options,
    backbone: sequential<tf.Tensor4D, tf.Tensor2D>({
      flatten: stateless((x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1])),
      linear: linear({ inputDim: pixels, outputDim: 5 }),
      tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
    }),
    decoder: sequential<tf.Tensor2D, tf.Tensor4D>({
      linear: linear({ inputDim: 3 * 5, outputDim: pixels }),
      frame: stateless((x: tf.Tensor2D) => tf.reshape<tf.Rank.R4>(x, [-1, ...fixture.shape.slice(1)] as [number, number, number, number])),
    }),
    gradientWeight: 0.5,
  });
const tasks: Readonly<Record<string, (run: Run) => unknown>> = {
  'i-jepa': (run) => jepa(run, 'smooth-l1'),
  'i-jepa, squared': (run) => jepa(run, 'squared'),
  data2vec: (run) => data2vec(imagesTeacherOf(run)),
  'data2vec, feed-forward': (run) => data2vec({ ...imagesTeacherOf(run), part: 'feed-forward', beta: 0.5 }),
  'data2vec-text': text,
  maskfeat: (run) =>
    maskFeat({
      backbone: shallow,
      masking: masksOf(run),
      head: linear({ inputDim: width, outputDim: 5 * fixture.vit.channels! }),
      features: hogFeatures({ cellSize: fixture.vit.patchSize!, numBins: 5 }),
    }),
  beit: (run) =>
    beit({
      backbone: shallow,
      masking: masksOf(run),
      head: linear({ inputDim: width, outputDim: 5 }),
      tokenizer: codebookTokenizer({ codebook: Float32Array.from(fixture.codebook), vocabularySize: 5 }),
    }),
  aim: (run) =>
    withPrefixes(
      aim({
        backbone: vit({ ...fixture.vit, numLayers: 2, classToken: false }),
        head: residualMlp({ inputDim: width, outputDim: fixture.vit.patchSize! ** 2 * fixture.vit.channels!, numLayers: 1 }),
      }),
      run,
    ),
  inpainting: () =>
    inpainting({
      backbone: sequential<tf.Tensor4D, tf.Tensor2D>({
        flatten: stateless((x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1])),
        linear: linear({ inputDim: fixture.shape[1] * fixture.shape[2] * fixture.shape[3], outputDim: 5 }),
        tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
      }),
      decoder: inpaintingDecoder({ inputDim: 5, outputSize: 6, channels: fixture.vit.channels!, width: 4 }),
      regionSize: [6, 6],
      overlap: 1,
    }),
  capi: (run) =>
    capi({
      backbone: vit({ ...fixture.vit, numLayers: 1 }),
      predictor: crossPredictor({ inputDim: width, gridSize, width: 8, numLayers: 1, numHeads: 2 }),
      head: linear({ inputDim: 8, outputDim: 5, bias: false }),
      clustering: linear({ inputDim: width, outputDim: 5 }),
      masking: masksOf(run),
      momentum: run.momentum!,
    }),
  'frame-prediction': () => frames({}),
  'frame-prediction, between, squared': () => frames({ predict: 'between', distance: 'squared' }),
  'vq-tokenizer': () =>
    vqTokenizer({
      backbone: vit({ ...fixture.vit, numLayers: 1 }),
      decoder: patchDecoder({ width, gridSize, outputDim: fixture.vit.patchSize! ** 2 * fixture.vit.channels!, numLayers: 1, numHeads: 2 }),
      width,
      vocabularySize: 6,
      commitmentWeight: 0.3,
      momentum: 0.6,
      restartUsage: 0,
    }),
  'beit, tokens of an encoder': (run) =>
    beit({
      backbone: shallow,
      masking: masksOf(run),
      head: linear({ inputDim: width, outputDim: 6 }),
      tokenizer: encoderTokenizer({
        encoder: trainedEncoder,
        codebook: Float32Array.from(fixture.states),
        vocabularySize: 6,
        images: { student: { mean: [0, 0], std: [1, 1] }, teacher: { mean: [-0.25, -0.25], std: [0.5, 0.5] } },
      }),
    }),
  'inpainting, from a map': () =>
    inpainting({
      backbone: mappedNetwork({ channels: fixture.vit.channels!, width: 5, norm: false }),
      decodes: 'map',
      decoder: inpaintingDecoder({ inputDim: 5, mapSize: fixture.shape[1], outputSize: 6, channels: fixture.vit.channels!, width: 4 }),
      regionSize: [6, 6],
      overlap: 1,
    }),
};

function batchOf({ images, frames: clips, tokenIds }: Step['inputs']): Record<string, tf.Tensor> {
  if (clips) return { frames: tf.tensor5d(clips, [fixture.shape[0], 4, fixture.shape[1], fixture.shape[2], fixture.shape[3]]) };
  if (images) return { images: tf.tensor4d(images, fixture.shape) };
  const ids = tf.tensor2d(tokenIds!, [3, 6], 'int32');
  return { tokenIds: ids, attentionMask: tf.tidy(() => tf.cast(tf.notEqual(ids, 0), 'int32')) };
}

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
      const frozen = (path: string) => /^(?!target|teacher).*key\/bias$/.test(path);
      const metrics = await checkSteps({ task, ...run, frozen }, (step) => batchOf(run.steps[step]!.inputs));
      for (const [step, { metrics: expected }] of run.steps.entries())
        for (const [metric, value] of Object.entries(expected)) expect(metrics[step]![metric], metric).toBeCloseTo(value, 4);
    },
  );
});
