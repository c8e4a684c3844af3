import { selectBackend } from '@selfsup/backends';
import { linear } from '@selfsup/encoders';
import { beforeAll, describe, expect, it } from 'vitest';
import { registry, trainTiny } from '../../fixtures/tiny-run.ts';
import { parseOptions } from '../option-schema.ts';
import { mixImages } from './mix-images.ts';
import type { TaskRecipe } from '../task-recipe.ts';

beforeAll(async () => {
  await selectBackend({ prefer: 'wasm' });
});

describe('options of tasks', () => {
  it.each([
    ['simclr', { temperature: 0.5 }],
    ['dcl', { weighted: true }],
    ['sup-con', { positives: 'sum-in-log' }],
    ['pirl', { grid: 2, numNegatives: 3 }],
    ['moco', { symmetric: true, queueSize: 32, shuffleGroups: 1 }],
    ['all4one', { numNeighbors: 2, attentionLayers: 1, attentionHeads: 2 }],
    ['ressl', { teacherTemperature: 0.07, queueSize: 32 }],
    ['nn-byol', { convention: 'mean' }],
    ['nn-siam', { headOutput: 16, queueSize: 32 }],
    ['dense-cl', { denseWeight: 1, queueSize: 32 }],
    ['byol', { convention: 'mean', predictionHidden: 8 }],
    ['sim-siam', { headOutput: 16, headHidden: 12, headLayers: 2 }],
    ['barlow-twins', { lambda: 0.1 }],
    ['vicreg', { covarianceWeight: 5, convention: 'summed' }],
    ['vicreg-l', { alpha: 0.5, localOutput: 8 }],
    ['swav', { numPrototypes: 16, epsilon: 0.1, freezePrototypesEpochs: 0 }],
    ['deep-cluster-v2', { headOutput: 16, numPrototypes: [2] }],
    ['smog', { numGroups: 4, resetSteps: 1 }],
    ['dino', { outputDim: 32, teacherTemperature: 0.07, warmupTeacherTemperature: 0.05, warmupTeacherEpochs: 2 }],
    ['ibot', { outputDim: 32, heads: 'untied', patchWeight: 2 }],
    ['dino-v2', { outputDim: 32, centering: 'center', koLeoWeight: 0 }],
    ['msn', { numPrototypes: 16, iterations: 0, maskRatio: 0.5 }],
    ['pmsn', { powerLawExponent: 1 }],
    ['mae', { maskRatio: 0.5, decoderLayers: 1, decoderWidth: 8, decoderHeads: 2 }],
    ['sim-mim', { maskUnit: 1, maskRatio: 0.25 }],
    ['i-jepa', { numTargets: 2, predictorLayers: 1, predictorWidth: 8, distance: 'squared' }],
    ['capi', { numClusters: 16, predictedRatio: 0.5, maskKind: 'random', predictorLayers: 1 }],
    ['data2vec', { part: 'feed-forward', beta: 0.1 }],
    ['maskfeat', { cellSize: 2, numBins: 4 }],
    ['beit', { vocabularySize: 8 }],
    ['vq-tokenizer', { vocabularySize: 8, codeMomentum: 0.5, decoderLayers: 1 }],
    ['aim', { prefix: false, headLayers: 1, headHidden: 8 }],
    ['inpainting', { overlap: 2, overlapWeight: 0 }],
    ['colorization', { outputSize: 4, gridStep: 30 }],
    ['jigsaw', { grid: 2, numOrders: 4, tileSize: 4 }],
    ['relative-patch', { partSize: 4, gap: 0, jitter: 1, pairsPerImage: 1 }],
    ['frame-prediction', { predict: 'between', gradientWeight: 0 }],
    ['frame-order', { reversed: 'distinct' }],
  ])('of %s change what is learned: %j', async (task, taskOptions) => {
    const losses = await trainTiny(task, { taskOptions });
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(losses).not.toEqual(await trainTiny(task));
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
    const losses = await trainTiny(task, { encoder: 'vit-tiny', options });
    expect(losses.every(Number.isFinite)).toBe(true);
  });
});

describe('what a config brings', () => {
  it('may be a projection head', async () => {
    const projectionHead = ({ inputDim }: { inputDim: number }) => linear({ inputDim, outputDim: 6 });
    expect(await trainTiny('simclr', { functions: { projectionHead } })).not.toEqual(await trainTiny('simclr'));
  });

  it('may not be one for a task that has none', async () => {
    await expect(trainTiny('rotation', { functions: { projectionHead: () => () => ({}) } })).rejects.toThrow(
      'the task rotation has no projection head; leave `projectionHead` out of the config',
    );
  });
});

describe('what does not fit', () => {
  it.each([
    ['pirl', { tileSize: 20 }, '`tileSize` must be at most 5, the side of a cell where 3x3 tiles share images of 16x16 pixels, got 20'],
    ['jigsaw', { tileSize: 20 }, '`tileSize` must be at most 8'],
    [
      'relative-patch',
      { partSize: 6 },
      'three parts (`partSize` 6), two gaps (`gap` 0) and a shift to both sides (`jitter` 0) must fit into the 16 pixels of the images, got 18',
    ],
    ['relative-patch', { gap: 4 }, '(`gap` 4)'],
    ['relative-patch', { jitter: 9 }, '(`jitter` 9)'],
    ['smog', { queueSize: 7, numGroups: 4 }, '`queueSize` must be at least 8, what one update brings, got 7'],
    ['swav', { queueSize: 7 }, '`queueSize` must be at least 8, what one update brings, got 7'],
    ['inpainting', { regionSize: 16 }, '`regionSize` must be below 16, the side of the images, got 16'],
    ['i-jepa', { predictorWidth: 6 }, '`predictorWidth` must be a multiple of 4, got 6'],
    ['capi', { predictorWidth: 8, predictorHeads: 3 }, '`predictorHeads` must divide the 8 columns of the predictor, got 3'],
    ['inpainting', { regionSize: 33 }, '`regionSize` must be below 16, the side of the images, got 33'],
    ['smog', { numGroups: 900 }, /`numGroups` must be at most \d+, the number of images, got 900/],
    [
      'time-contrastive',
      { positiveWindow: 3 },
      /`clipLength` must be at least 8, so that some frames lie further apart than `negativeWindow` \(6\), got \d/,
    ],
    ['w-mse', { groupSize: 7 }, '`groupSize` must divide the 8 images of an update, got 7'],
    ['all4one', { attentionHeads: 7 }, '`attentionHeads` must divide `headOutput` 128, got 7'],
  ])('is named as the user wrote it: %s %j', async (task, taskOptions, message) => {
    await expect(trainTiny(task, { taskOptions })).rejects.toThrow(message);
  });

  it('are not the 300 groups of smog, which runs on few images were begun with', async () => {
    expect((await trainTiny('smog', { taskOptions: { numGroups: 300 } })).every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['relative-patch', { partSize: 5 }, '`partSize` must be a multiple of 4'],
    ['jigsaw', { grid: 2, tileSize: 7 }, '`tileSize` must be a multiple of 4'],
  ])('are parts that are not whole patches of the encoder: %s %j', async (task, taskOptions, message) => {
    await expect(trainTiny(task, { encoder: 'vit-tiny', encoderOptions: { patchSize: 4 }, taskOptions })).rejects.toThrow(message);
  });

  it.each(['aim', 'i-jepa'])('is a single patch for %s', async (task) => {
    await expect(trainTiny(task, { encoderOptions: { patchSize: 16 } })).rejects.toThrow(`${task}: an image must have several patches`);
  });

  it('is an encoder with registers for aim', async () => {
    await expect(trainTiny('aim', { encoderOptions: { numRegisters: 2 } })).rejects.toThrow(
      'aim: the backbone must not have register tokens',
    );
  });

  it('are images that are mixed by no share', () => {
    expect(() => mixImages({ mixup: -1 })).toThrow('`mixup` must be a number > 0, got -1');
    expect(() => mixImages({ cutmix: 0 })).toThrow('`cutmix` must be a number > 0, got 0');
  });

  it('is data without labels for a task that learns from them', async () => {
    await expect(trainTiny('sup-con', { labeled: false })).rejects.toThrow(
      'the task sup-con learns from labels, and tiny has no labels of two or more classes; give images in folders by class',
    );
  });

  it('is an encoder without patches for tasks that mask them', async () => {
    await expect(trainTiny('mae', { encoder: 'conv-net' })).rejects.toThrow('the task mae needs an encoder of patches: vit-tiny');
  });
});
