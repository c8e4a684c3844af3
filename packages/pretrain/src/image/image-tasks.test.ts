import { selectBackend } from '@selfsup/backends';
import { createRng, type Batch } from '@selfsup/core';
import { linear } from '@selfsup/encoders';
import { createTrainer, sgd, type Source } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AnyModality, BuildContext, OpenContext, RunData } from '../modality.ts';
import { describeOptions, parseOptions } from '../option-schema.ts';
import type { TaskRecipe } from '../task-recipe.ts';
import { silentProgress } from '../progress.ts';
import { createRegistry } from '../registry.ts';
import { settingsSchema } from '../settings.ts';
import { videoPlugin } from '../video/video-plugin.ts';
import type { StillVideos } from '../video/video-modality.ts';
import { imagePlugin } from './image-plugin.ts';

const registry = createRegistry([imagePlugin, videoPlugin]);

const contextOf = (modality: string): OpenContext => ({
  progress: silentProgress,
  async openDataset<D>(data: unknown, options: Parameters<OpenContext['openDataset']>[1]) {
    for (const opener of registry.datasets)
      if (opener.modality === modality && (await opener.accepts(data))) return (await opener.open(data, options)) as D;
    throw new Error('nothing opens it');
  },
});

const SIZE = 16;
const bytes = (count: number) => Uint8Array.from({ length: count * SIZE * SIZE * 3 }, (_, i) => (i * 2654435761) >>> 24);
const tinyImages = { images: bytes(8), shape: [8, SIZE, SIZE, 3] as const, name: 'tiny' };

/** Videos of noise. */
const tinyVideos: StillVideos = {
  name: 'tiny videos',
  length: 8,
  clipLength: 4,
  height: SIZE,
  width: SIZE,
  channels: 3,
  readClips: (indices) =>
    Promise.resolve({ pixels: bytes(4 * indices.length), shape: [indices.length, 4, SIZE, SIZE, 3], indices: Int32Array.from(indices) }),
  stills: {
    name: 'tiny videos',
    length: 8,
    height: SIZE,
    width: SIZE,
    channels: 3,
    read: (indices) =>
      Promise.resolve({ pixels: bytes(indices.length), shape: [indices.length, SIZE, SIZE, 3], indices: Int32Array.from(indices) }),
  },
};

interface Given {
  readonly encoder?: string;
  readonly taskOptions?: object;
  readonly options?: object;
  readonly functions?: Readonly<Record<string, unknown>>;
}

/** A run on 8 tiny images, as the engine builds it. */
async function buildRun(task: string, given: Given = {}) {
  const recipe = registry.tasks.get(task);
  const modality: AnyModality = registry.modalities.get(recipe.modality);
  const { encoder = recipe.encoders?.[0] ?? 'conv-net', functions = {} } = given;
  const settings = settingsSchema.parse({ task, encoder, batchSize: 8, learningRate: 0.01, weightDecay: 0 });
  const options = parseOptions(modality.options, given.options ?? {}, { who: modality.name }) as object;
  const data = (await modality.open(
    { data: recipe.modality === 'video' ? tinyVideos : tinyImages, options, settings, recipe },
    contextOf(modality.name),
  )) as RunData;
  const encoderRecipe = registry.encoders.get(encoder);
  const size = encoder.startsWith('vit-') ? { numLayers: 1, width: 16, numHeads: 2 } : { widths: [4, 8] };
  const parsed = parseOptions(encoderRecipe.options, { ...recipe.encoderOptions, ...size }, { who: encoder });
  const backbone = encoderRecipe.create(encoderRecipe.complete?.(parsed, data.input) ?? parsed, data.input);
  const taskOptions = parseOptions(recipe.options, given.taskOptions ?? {}, { who: `task ${task}` }) as Readonly<Record<string, unknown>>;
  const context: BuildContext = {
    data,
    settings,
    options,
    recipe,
    taskOptions,
    backbone,
    stepsPerEpoch: 1,
    totalSteps: 2,
    functions,
  };
  const source = modality.createSource(data, { batchSize: 8, rng: createRng(0).fold('loader'), rank: 0, worldSize: 1 }) as Source<unknown>;
  return { modality, context, recipe, taskOptions, source };
}

/** The losses of two updates on one batch. */
async function train(task: string, given: Given = {}): Promise<number[]> {
  const { modality, context, recipe, taskOptions, source } = await buildRun(task, given);
  const pretext = recipe.create(modality.taskParts(context), taskOptions);
  const prepare = modality.prepare(context);
  const trainer = createTrainer({ task: pretext, optimizer: sgd({ learningRate: 0.01 }), totalSteps: 2, seed: 0 });
  const losses: number[] = [];
  try {
    for await (const raw of source.epoch(0)) {
      const made: { batch?: Batch } = {};
      const tensors = tf.tidy(() => {
        made.batch = prepare(raw, { rng: createRng(0), step: 0, epoch: 0 });
        return Object.values(made.batch).flat() as tf.Tensor[];
      });
      for (let i = 0; i < 2; i++) losses.push((await trainer.trainStep(made.batch!)).loss);
      tf.dispose(tensors);
    }
  } finally {
    trainer.dispose();
  }
  return losses;
}

beforeAll(async () => {
  await selectBackend({ prefer: 'wasm' });
});

/** What each recipe had in itself before it had options: results must keep their bits. */
const DEFAULTS: Readonly<Record<string, object>> = {
  simclr: { temperature: 0.2, convention: 'mean', headOutput: 128, headLayers: 2 },
  dcl: { temperature: 0.2, weighted: false, sigma: 0.5, headOutput: 128, headLayers: 2 },
  moco: { temperature: 0.1, momentum: 0.99, symmetric: false, convention: 'sum-of-views', headOutput: 128, headLayers: 2 },
  'moco-v3': { temperature: 0.2, momentum: 0.99, headOutput: 128, headLayers: 2 },
  nnclr: { temperature: 0.1, headOutput: 128, headLayers: 3 },
  byol: { momentum: 0.99, convention: 'byol', headOutput: 128, headLayers: 2 },
  'sim-siam': { stopGradient: true, headOutput: 128, headLayers: 3 },
  'barlow-twins': { lambda: 0.0051, scale: 1, headOutput: 128, headLayers: 3 },
  vicreg: { invarianceWeight: 25, varianceWeight: 25, covarianceWeight: 1, convention: 'halved', headOutput: 128, headLayers: 3 },
  swav: {
    temperature: 0.1,
    numPrototypes: 512,
    epsilon: 0.05,
    iterations: 3,
    queueSize: 0,
    queueStartEpoch: 0,
    freezePrototypesEpochs: 1,
    headOutput: 128,
    headLayers: 2,
  },
  dino: {
    outputDim: 2048,
    studentTemperature: 0.1,
    teacherTemperature: 0.04,
    warmupTeacherTemperature: 0.04,
    warmupTeacherEpochs: 0,
    momentum: 0.99,
    centering: true,
    centerMomentum: 0.9,
    freezeLastLayerEpochs: 1,
    bottleneckDim: 128,
    headLayers: 3,
    headBatchNorm: true,
    normLastLayer: true,
  },
  mae: { maskRatio: 0.75, maskKind: 'random', maskUnit: 1, normalizePixels: true },
  'sim-mim': { maskRatio: 0.6, maskKind: 'random' },
  rotation: {},
  colorization: { gridStep: 10, neighbors: 5, sigma: 5, headWidth: 64 },
  jigsaw: { grid: 3, numOrders: 64, jitter: true, standardize: true },
  'relative-patch': { pairsPerImage: 8, standardize: true },
  'frame-order': { reversed: 'merged' },
};

it('there is a default of every option of every task', () => {
  expect(registry.tasks.names).toEqual(Object.keys(DEFAULTS));
});

describe.each(registry.tasks.names)('the task %s', (name) => {
  const recipe = registry.tasks.get(name) as TaskRecipe;

  it('is described', () => {
    expect(recipe.paper).toMatch(/^https:\/\/arxiv\.org\/abs\/\d{4}\.\d{4,5}$/);
    expect(recipe.summary).toMatch(/\.$/);
    for (const option of describeOptions(recipe.options)) expect(option.description, option.name).not.toBe('');
  });

  it('has the numbers of its paper, or those that suit small data', () => {
    expect(parseOptions(recipe.options, {}, { who: name })).toEqual(DEFAULTS[name]);
  });

  it('trains on 8 tiny images', async () => {
    const losses = await train(name);
    expect(losses).toHaveLength(2);
    expect(losses.every(Number.isFinite), losses.join()).toBe(true);
  });
});

describe('options of tasks', () => {
  it.each([
    ['simclr', { temperature: 0.5 }],
    ['dcl', { weighted: true }],
    ['moco', { symmetric: true, queueSize: 32, shuffleGroups: 1 }],
    ['byol', { convention: 'mean', predictionHidden: 8 }],
    ['sim-siam', { headOutput: 16, headHidden: 12, headLayers: 2 }],
    ['barlow-twins', { lambda: 0.1 }],
    ['vicreg', { covarianceWeight: 5, convention: 'summed' }],
    ['swav', { numPrototypes: 16, epsilon: 0.1, freezePrototypesEpochs: 0 }],
    ['dino', { outputDim: 32, teacherTemperature: 0.07, warmupTeacherTemperature: 0.05, warmupTeacherEpochs: 2 }],
    ['mae', { maskRatio: 0.5, decoderLayers: 1, decoderWidth: 8, decoderHeads: 2 }],
    ['sim-mim', { maskUnit: 1, maskRatio: 0.25 }],
    ['colorization', { outputSize: 4, gridStep: 30 }],
    ['jigsaw', { grid: 2, numOrders: 4, tileSize: 4 }],
    ['relative-patch', { partSize: 4, gap: 0, jitter: 1, pairsPerImage: 1 }],
    ['frame-order', { reversed: 'distinct' }],
  ])('of %s change what is learned: %j', async (task, taskOptions) => {
    const losses = await train(task, { taskOptions });
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(losses).not.toEqual(await train(task));
  });

  it('are refused by name', () => {
    const { options } = registry.tasks.get('mae') as TaskRecipe;
    expect(() => parseOptions(options, { maskRate: 0.5 }, { who: 'task mae' })).toThrow('did you mean `maskRatio`?');
    expect(() => parseOptions(options, { maskRatio: 1 }, { who: 'task mae' })).toThrow('`maskRatio` must be a number in (0, 1), got 1');
  });
});

describe('a Vision Transformer on parts of images, of whole patches', () => {
  it.each([
    ['dino', { recipe: 'dino/imagenet' }],
    ['swav', { recipe: 'swav/imagenet' }],
    ['jigsaw', {}],
    ['relative-patch', {}],
  ])('trains %s %j', async (task, options) => {
    const losses = await train(task, { encoder: 'vit-tiny', options });
    expect(losses.every(Number.isFinite)).toBe(true);
  });
});

describe('what a config brings', () => {
  it('may be a projection head', async () => {
    const projectionHead = ({ inputDim }: { inputDim: number }) => linear({ inputDim, outputDim: 6 });
    expect(await train('simclr', { functions: { projectionHead } })).not.toEqual(await train('simclr'));
  });

  it('may not be one for a task that has none', async () => {
    await expect(train('rotation', { functions: { projectionHead: () => () => ({}) } })).rejects.toThrow(
      'the task rotation has no projection head; leave `projectionHead` out of the config',
    );
  });
});

describe('what does not fit', () => {
  it('is an encoder without patches for tasks that mask them', async () => {
    await expect(train('mae', { encoder: 'conv-net' })).rejects.toThrow('the task mae needs an encoder of patches: vit-tiny');
  });

  it('is a larger batch than there are images', async () => {
    const { modality, context } = await buildRun('rotation');
    const options = { batchSize: 9, rng: createRng(0), rank: 0, worldSize: 1 };
    expect(() => modality.createSource(context.data, options)).toThrow(
      '`batchSize` 9 is larger than the 8 training images of tiny; use a batch of 8 or less, or more images',
    );
  });
});

it('trains Vision Transformers with AdamW, and Barlow Twins with LARS otherwise', () => {
  const image: AnyModality = registry.modalities.get('image');
  const { defaults } = registry.tasks.get('barlow-twins');
  const of = (found: typeof defaults, encoder: string) => (typeof found === 'function' ? found({ encoder }) : found);
  expect(of(image.defaults, 'vit-tiny')).toEqual({ batchSize: 128, optimizer: 'adamw' });
  expect(of(image.defaults, 'conv-net')).toEqual({ batchSize: 128 });
  expect(of(defaults, 'conv-net')).toEqual({ optimizer: 'lars' });
  expect(of(defaults, 'vit-tiny')).toEqual({});
});

it('judges collapse by the columns of the embeddings and the momentum of a queue', () => {
  const settings = settingsSchema.parse({ task: 'x', encoder: 'x', batchSize: 8, learningRate: 1, weightDecay: 0 });
  const of = (name: string, given = {}) => {
    const { collapse, options } = registry.tasks.get(name);
    return collapse?.(parseOptions(options, given, { who: name }), settings);
  };
  expect(of('simclr', { headOutput: 64 })).toEqual({ embeddingDim: 64 });
  expect(of('moco', { momentum: 0.9 })).toEqual({ embeddingDim: 128, momentum: 0.9 });
  expect(of('dino')).toEqual({ embeddingDim: 2048 });
  expect(of('mae')).toBeUndefined();
});
