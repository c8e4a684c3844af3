import { convNet, resnet18, resnet34, resnet50, vit, type EncoderFactory, type VitFactory, type VitSize } from '@selfsup/encoders';
import { z } from 'zod';
import { blockLayers, groupLayers } from '../encoder-layers.ts';
import { projectionOption, withProjection } from '../encoder-projection.ts';
import { defineEncoder, type EncoderRecipe } from '../encoder-recipe.ts';
import { imageInputOf } from './image-input.ts';
import { patchesReadout, pyramidReadout, tokensReadout } from './image-readouts.ts';
import { SMALL_IMAGE } from './image-views.ts';
import { patchStart } from './patch-start.ts';

/** The modalities whose samples they take: of videos frame by frame. */
const modalities = ['image', 'video', 'image-text'];

const normOptions = {
  norm: z
    .enum(['batch', 'split-batch', 'group'])
    .default('batch')
    .describe('normalization: by statistics of the batch, of its parts, or of groups of channels of each image'),
  numSplits: z.int().min(1).default(8).describe('parts of the batch, of split-batch'),
  numGroups: z.int().min(1).default(32).describe('groups of channels, of group; must divide every width'),
  momentum: z.number().min(0).max(1).default(0.9).describe('weight of the old running statistics, of batch and split-batch'),
  epsilon: z.number().gt(0).default(1e-5).describe('added to the variance'),
};

const convNetOptions = z.strictObject({
  widths: z.array(z.int().min(1)).min(1).default([32, 64, 128, 256]).describe('channels after each convolution; the last are the features'),
  kernelSizes: z.array(z.int().min(1)).min(1).optional().describe('side of the kernel of each convolution in pixels, odd; default 3'),
  downsampling: z
    .enum(['stride', 'pool'])
    .default('stride')
    .describe('how the maps shrink: by convolutions of stride 2, or by pooling 2 x 2 pixels before all convolutions but the first'),
  input: z
    .enum(['pixels', 'global-contrast', 'local-contrast', 'color-contrast'])
    .default('pixels')
    .describe(
      'what the first convolution sees: the pixels; their differences from the mean of the image; the local contrast of gray, one channel; or that and two of color',
    ),
  ...normOptions,
  ...projectionOption,
});

const resnetOptions = z.strictObject({
  stem: z
    .enum(['cifar', 'imagenet'])
    .optional()
    .describe(`the first layers: cifar keeps the size, imagenet quarters it; default cifar up to images of ${SMALL_IMAGE} pixels`),
  zeroInitLastNorm: z.boolean().default(false).describe('whether each block starts as its shortcut'),
  ...normOptions,
  ...projectionOption,
});

const vitOptions = ({ numLayers, width, numHeads }: VitSize) =>
  z.strictObject({
    patchSize: z
      .int()
      .min(1)
      .optional()
      .describe(`side of a patch in pixels, a divisor of the images'; default 4 up to images of ${SMALL_IMAGE} pixels, 16 above`),
    numLayers: z.int().min(1).default(numLayers).describe('transformer blocks'),
    width: z.int().min(1).default(width).describe('columns of the states and features, a multiple of numHeads, and of 4 with sin-cos'),
    numHeads: z.int().min(1).default(numHeads).describe('heads of the attention'),
    pooling: z
      .enum(['class-token', 'mean'])
      .default('class-token')
      .describe("the features: the class token's state or the mean of the patches'"),
    positions: z.enum(['sin-cos', 'learned']).default('sin-cos').describe('positions that are added to the patches'),
    dropPathRate: z.number().min(0).lt(1).default(0).describe("how often the last block's branches are left out in training"),
    maskToken: z
      .boolean()
      .default(false)
      .describe('whether there is a token to stand for masked patches, which tasks such as sim-mim, beit, ibot and dino-v2 need'),
    classToken: z.boolean().exactOptional().describe('whether there is a class token; default true; without one the features are the mean'),
    classPosition: z.boolean().exactOptional().describe('whether learned positions have one for the class token, too; default true'),
    numRegisters: z.int().min(0).exactOptional().describe('learned tokens that only help the others, as in DINOv2; default 0'),
    layerScale: z.number().gt(0).exactOptional().describe('initial factor of each column of the branches, as in DINOv2; default none'),
    qkvBias: z.boolean().exactOptional().describe('whether query, key and value have biases; default true'),
    hiddenDim: z.int().min(1).exactOptional().describe('columns between the two linear layers of a block; default 4 times the width'),
    epsilon: z.number().gt(0).exactOptional().describe('added to the variances; default 1e-6'),
    ...projectionOption,
  });

type ResnetOptions = z.output<typeof resnetOptions>;
type VitOptions = z.output<ReturnType<typeof vitOptions>>;

const convNetEncoder = defineEncoder({
  name: 'conv-net',
  title: 'a small convolutional network for small images',
  modalities,
  options: convNetOptions,
  readouts: [pyramidReadout, patchesReadout],
  starts: [patchStart],
  layers: ({ widths }) => groupLayers(/^(?:conv|norm)(\d+)\//, { first: 1, count: widths.length }),
  create: ({ kernelSizes, ...options }: z.output<typeof convNetOptions>, input): EncoderFactory =>
    convNet({ channels: imageInputOf(input).channels, ...options, ...(kernelSizes && { kernelSizes }) }),
});

const resnetEncoder = (depth: number, build: typeof resnet18): EncoderRecipe<EncoderFactory, ResnetOptions> =>
  defineEncoder({
    name: `resnet${depth}`,
    title: `ResNet-${depth}`,
    modalities,
    options: resnetOptions,
    readouts: [pyramidReadout, patchesReadout],
    layers: () => blockLayers(/^stage(\d+)\//, { first: 1, count: 4, top: /^$/ }),
    complete: (options, input) => ({ ...options, stem: options.stem ?? (imageInputOf(input).size <= SMALL_IMAGE ? 'cifar' : 'imagenet') }),
    create: ({ stem = 'imagenet', ...options }, input) => build({ channels: imageInputOf(input).channels, stem, ...options }),
  });

const vitEncoder = (name: string, title: string, size: VitSize): EncoderRecipe<VitFactory, VitOptions> =>
  defineEncoder({
    name,
    title,
    modalities,
    options: vitOptions(size),
    readouts: [pyramidReadout, tokensReadout, patchesReadout],
    starts: [patchStart],
    layers: ({ numLayers }) => blockLayers(/^block(\d+)\//, { first: 1, count: numLayers, top: /^norm\// }),
    complete: (options, input) => ({ ...options, patchSize: options.patchSize ?? (imageInputOf(input).size <= SMALL_IMAGE ? 4 : 16) }),
    create({ patchSize = 16, ...options }, input) {
      const { height, width: breadth, channels } = imageInputOf(input);
      const imageSize = height === breadth ? height : ([height, breadth] as const);
      return vit({ channels, imageSize, patchSize, ...options });
    },
  });

const patchEncoders = [
  vitEncoder('vit-tiny', 'ViT-Tiny', { numLayers: 12, width: 192, numHeads: 3 }),
  vitEncoder('vit-small', 'ViT-Small', { numLayers: 12, width: 384, numHeads: 6 }),
  vitEncoder('vit-base', 'ViT-Base', { numLayers: 12, width: 768, numHeads: 12 }),
];

/** The encoders of images and frames, the default first. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each knows its own options
export const imageEncoders: readonly EncoderRecipe<EncoderFactory, any>[] = [
  withProjection(convNetEncoder),
  withProjection(resnetEncoder(18, resnet18)),
  withProjection(resnetEncoder(34, resnet34)),
  withProjection(resnetEncoder(50, resnet50)),
  ...patchEncoders.map(withProjection),
];

/** Those that see patches, of images whose sides are multiples of a patch's. */
export const patchEncoderNames: readonly string[] = patchEncoders.map(({ name }) => name);

/** Whether an encoder is a Vision Transformer, which is trained with AdamW unless the user says otherwise. */
export const isPatchEncoder = (name: string | undefined): boolean => name !== undefined && patchEncoderNames.includes(name);
