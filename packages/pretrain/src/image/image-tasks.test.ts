import { selectBackend } from '@selfsup/backends';
import { beforeAll, describe, expect, it } from 'vitest';
import { registry, trainTiny } from '../../fixtures/tiny-run.ts';
import type { AnyModality } from '../modality.ts';
import { describeOptions, parseOptions } from '../option-schema.ts';
import { settingsSchema } from '../settings.ts';
import type { TaskRecipe } from '../task-recipe.ts';

beforeAll(async () => {
  await selectBackend({ prefer: 'wasm' });
});

/** What each recipe had in itself before it had options: results must keep their bits. */
const DEFAULTS: Readonly<Record<string, object>> = {
  simclr: { temperature: 0.2, convention: 'mean', headOutput: 128, headLayers: 2 },
  dcl: { temperature: 0.2, weighted: false, sigma: 0.5, headOutput: 128, headLayers: 2 },
  'sup-con': { temperature: 0.1, positives: 'average', headOutput: 128, headLayers: 2 },
  pirl: {
    temperature: 0.07,
    puzzleWeight: 0.5,
    numNegatives: 4096,
    memoryMomentum: 0.5,
    grid: 3,
    headOutput: 128,
    headLayers: 1,
  },
  moco: { temperature: 0.1, momentum: 0.99, symmetric: false, convention: 'sum-of-views', headOutput: 128, headLayers: 2 },
  'dense-cl': { temperature: 0.2, momentum: 0.99, denseWeight: 0.5, headOutput: 128, headLayers: 2 },
  'moco-v3': { temperature: 0.2, momentum: 0.99, headOutput: 128, headLayers: 2, normalizeLast: true },
  nnclr: { temperature: 0.1, headOutput: 128, headLayers: 3 },
  all4one: {
    temperature: 0.2,
    centroidTemperature: 0.1,
    numNeighbors: 5,
    neighborWeight: 0.5,
    centroidWeight: 0.5,
    featureWeight: 0.5,
    momentum: 0.99,
    attentionLayers: 3,
    attentionHeads: 8,
    headOutput: 128,
    headLayers: 3,
  },
  ressl: { studentTemperature: 0.1, teacherTemperature: 0.04, momentum: 0.99, headOutput: 128, headLayers: 2 },
  byol: { momentum: 0.99, convention: 'byol', headOutput: 128, headLayers: 2 },
  'sim-siam': { stopGradient: true, headOutput: 128, headLayers: 3 },
  'fast-siam': { headOutput: 128, headLayers: 3 },
  'nn-byol': { momentum: 0.99, convention: 'byol', headOutput: 128, headLayers: 2 },
  'nn-siam': { headOutput: 128, headLayers: 3 },
  'barlow-twins': { lambda: 0.0051, scale: 1, headOutput: 128, headLayers: 3 },
  vicreg: { invarianceWeight: 25, varianceWeight: 25, covarianceWeight: 1, convention: 'halved', headOutput: 128, headLayers: 3 },
  'vicreg-l': {
    alpha: 0.75,
    numMatches: [20, 4],
    invarianceWeight: 25,
    varianceWeight: 25,
    covarianceWeight: 1,
    localOutput: 64,
    headOutput: 128,
    headLayers: 3,
  },
  vibcreg: { invarianceWeight: 25, varianceWeight: 25, covarianceWeight: 200, headOutput: 128, headLayers: 3 },
  'w-mse': { epsilon: 1e-4, headOutput: 32, headLayers: 2 },
  frossl: { invarianceWeight: 1.4, headOutput: 128, headLayers: 3 },
  mmcr: { localWeight: 0, headOutput: 128, headLayers: 2 },
  tico: { momentum: 0.99, covarianceMomentum: 0.9, covarianceWeight: 8, convention: 'paper', headOutput: 128, headLayers: 2 },
  lejepa: { regularizationWeight: 0.05, numSlices: 256, tMax: 3, numPoints: 17, headOutput: 64, headLayers: 3 },
  visreg: { regularizationWeight: 0.6, scaleWeight: 1, shapeWeight: 1, centerWeight: 1, numSlices: 256, headOutput: 64, headLayers: 3 },
  'emp-ssl': { similarityWeight: 200, epsilon: 0.2, headOutput: 128, headLayers: 2 },
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
  'deep-cluster-v2': { temperature: 0.1, numPrototypes: [512, 512, 512], iterations: 10, headOutput: 128, headLayers: 2 },
  smog: { temperature: 0.1, groupMomentum: 0.99, momentum: 0.99, headOutput: 128, headLayers: 2 },
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
  ibot: {
    outputDim: 2048,
    studentTemperature: 0.1,
    teacherTemperature: 0.04,
    warmupTeacherTemperature: 0.04,
    warmupTeacherEpochs: 0,
    maskRatio: [0.1, 0.5],
    patchWeight: 1,
    heads: 'shared',
    momentum: 0.99,
    centerMomentum: 0.9,
    freezeLastLayerEpochs: 1,
    bottleneckDim: 128,
    headLayers: 3,
  },
  'dino-v2': {
    outputDim: 2048,
    studentTemperature: 0.1,
    teacherTemperature: 0.04,
    warmupTeacherTemperature: 0.04,
    warmupTeacherEpochs: 0,
    maskRatio: [0.1, 0.5],
    patchWeight: 1,
    heads: 'untied',
    momentum: 0.99,
    centerMomentum: 0.9,
    freezeLastLayerEpochs: 1,
    bottleneckDim: 128,
    headLayers: 3,
    centering: 'sinkhorn',
    iterations: 3,
    koLeoWeight: 0.1,
  },
  msn: {
    temperature: 0.1,
    targetTemperature: 0.25,
    numPrototypes: 256,
    iterations: 3,
    priorWeight: 1,
    maskRatio: 0.15,
    momentum: 0.99,
    headOutput: 128,
    headLayers: 3,
  },
  pmsn: {
    temperature: 0.1,
    targetTemperature: 0.25,
    numPrototypes: 256,
    iterations: 3,
    priorWeight: 1,
    maskRatio: 0.15,
    momentum: 0.99,
    headOutput: 128,
    headLayers: 3,
    powerLawExponent: 0.25,
    convention: 'mean-from-prior',
  },
  distillation: {
    featureWeight: 1,
    patchWeight: 0,
    similarityWeight: 0,
    measure: 'cosine',
    standardize: true,
    studentTemperature: 0.2,
    teacherTemperature: 0.01,
    headLayers: 1,
  },
  mae: { maskRatio: 0.75, maskKind: 'random', maskUnit: 1, normalizePixels: true },
  'sim-mim': { maskRatio: 0.6, maskKind: 'random' },
  'i-jepa': { numTargets: 4, targetScale: [0.15, 0.2], contextScale: [0.85, 1], momentum: 0.996, distance: 'smooth-l1' },
  capi: {
    maskRatio: 0.65,
    maskKind: 'inverse-block',
    predictedRatio: 1,
    numClusters: 256,
    studentTemperature: 0.12,
    targetTemperature: 0.06,
    clusteringTemperature: 0.12,
    iterations: 3,
  },
  data2vec: { maskRatio: 0.6, maskKind: 'block', part: 'block', beta: 2 },
  maskfeat: { maskRatio: 0.4, maskKind: 'block', numBins: 9 },
  beit: { maskRatio: 0.4, maskKind: 'block', vocabularySize: 512 },
  'vq-tokenizer': { vocabularySize: 512, commitmentWeight: 0.25, codeMomentum: 0.9, restartUsage: 0.03 },
  aim: { prefix: true, normalizePixels: true },
  rotation: {},
  colorization: { gridStep: 10, neighbors: 5, sigma: 5, headWidth: 64 },
  jigsaw: { jitter: true, standardize: true },
  'relative-patch': { pairsPerImage: 8, standardize: true },
  inpainting: { overlap: 0, overlapWeight: 10, decoderWidth: 128 },
  'frame-order': { reversed: 'merged' },
  'time-contrastive': { positiveWindow: 1, margin: 0.2, headOutput: 128, headLayers: 2 },
  'frame-prediction': { predict: 'next', distance: 'absolute', gradientWeight: 1, decoderWidth: 128 },
};

it('there is a default of every option of every task', () => {
  expect(registry.tasks.names).toEqual(Object.keys(DEFAULTS));
});

describe.each(registry.tasks.names)('the task %s', (name) => {
  const recipe = registry.tasks.get(name) as TaskRecipe;

  it('is described', () => {
    expect(recipe.paper).toMatch(name === 'fast-siam' ? /^https:\/\/link\.springer\.com\// : /^https:\/\/arxiv\.org\/abs\/\d{4}\.\d{4,5}$/);
    expect(recipe.summary).toMatch(/\.$/);
    for (const option of describeOptions(recipe.options)) expect(option.description, option.name).not.toBe('');
  });

  it('has the numbers of its paper, or those that suit small data', () => {
    expect(parseOptions(recipe.options, {}, { who: name })).toEqual(DEFAULTS[name]);
  });

  it('trains on 8 tiny images', async () => {
    const losses = await trainTiny(name);
    expect(losses).toHaveLength(2);
    expect(losses.every(Number.isFinite), losses.join()).toBe(true);
  });
});

describe.each(registry.tasks.names.filter((name) => registry.tasks.get(name).modality === 'image'))('the task %s', (name) => {
  it('trains on images that are not square, or says why not', async () => {
    const made = trainTiny(name, { shape: [16, 24, 3] });
    if (name === 'rotation') await expect(made).rejects.toThrow('the task rotation needs square images, these have 16x24 pixels');
    else expect((await made).every(Number.isFinite)).toBe(true);
  });

  it('trains on images of five channels, or says why not', async () => {
    const made = trainTiny(name, { shape: [16, 16, 5] });
    if (name === 'colorization') await expect(made).rejects.toThrow('the task colorization needs colored images, these have 5 channels');
    else expect((await made).every(Number.isFinite)).toBe(true);
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
