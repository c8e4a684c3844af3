import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type Batch } from '@selfsup/core';
import { createLoader, toImages, type ImagePixels } from '@selfsup/data';
import type { EncoderFactory } from '@selfsup/encoders';
import type { PrepareContext } from '@selfsup/trainer';
import { z } from 'zod';
import { defineModality, type BuildContext, type RunData, type SourceOptions } from '../modality.ts';
import type { GivenSettings, Settings } from '../settings.ts';
import { alteredImages } from './altered-images.ts';
import { encodeImageBatches, encodeImages, imageBatchSize, rawPixels } from './encode-images.ts';
import { withIndices } from './batch-indices.ts';
import { encodeViews } from './encode-views.ts';
import { isPatchEncoder } from './encoders.ts';
import { imageExamples, imageFeatureEncoder } from './image-examples.ts';
import { imageInputOf, imageSizeOf, type ImageInput } from './image-input.ts';
import type { ImageSamples } from './image-samples.ts';
import { taskViews, type ImageTaskParts, type ProjectionHeadFunction } from './image-task.ts';
import { batchLabels } from './batch-labels.ts';
import { recipeChoices } from './image-views.ts';
import { nameOfData } from './name-of-data.ts';
import { imageWeights } from './image-weights.ts';
import { openImageSamples } from './open-image-samples.ts';
import { warnAboutSkipped } from '../skipped.ts';
import { measureImages, splitImages, type OpenedImageData } from './opened-images.ts';
import { patchSizeOf } from './patch-size.ts';
import { mixImages } from './mix-images.ts';
import { portableImages } from './portable-images.ts';
import { prepareViews } from './prepare-views.ts';
import { suggestImages } from './suggest-images.ts';
import { showImages } from './thumbnails.ts';

const side = z.int().min(8);

/** The options of images and frames alike. */
export const pictureOptions = {
  imageSize: z
    .union([
      side,
      z.tuple([side, side]).describe('height and width in a list'),
      z
        .string()
        .regex(/^\d+x\d+$/)
        .describe('as text such as 96x128'),
    ])
    .optional()
    .describe(
      'pixels to which photos are resized: the side of a square such as 64, or height and width such as 96x128; default 64, of shapes 32; other data has a size of its own',
    ),
  channels: z
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe('of photos: 1 gray, 3 RGB (default), 4 RGB with alpha, or as many as the pictures have'),
  maxPixels: z.int().min(1).optional().describe('photos of more pixels are left out; default 134,217,728'),
  recipe: z.enum(recipeChoices).optional().describe("whose views, as name or name/variant; default the task's own"),
};

const imageOptions = z.strictObject(pictureOptions);

/** Options of the modality `image`. */
export type ImageOptions = z.output<typeof imageOptions>;

/** The images of a run, opened. */
export interface ImageRunData extends RunData {
  readonly train: ImageSamples;
  readonly test?: ImageSamples;
  readonly input: ImageInput;
}

/** What both modalities of pictures default to: AdamW for Vision Transformers, and a test part in proportion to a limit. */
export function pictureDefaults({ encoder, limit }: GivenSettings): GivenSettings {
  return {
    batchSize: 128,
    ...(isPatchEncoder(encoder) && { optimizer: 'adamw' }),
    ...(limit !== undefined && { testLimit: Math.max(1, Math.round(limit / 5)) }),
  };
}

/** The limits of the settings, where there are any. */
export const limitsOf = ({ limit, testLimit }: Pick<Settings, 'limit' | 'testLimit'>) => ({ limit, testLimit });

/** What recipes get beside {@link TaskParts}, of images or frames. */
export function imageTaskParts({
  data,
  settings,
  recipe,
  backbone,
  stepsPerEpoch,
  totalSteps,
  functions,
  teacher,
  learned,
}: Pick<
  BuildContext,
  'data' | 'settings' | 'recipe' | 'backbone' | 'stepsPerEpoch' | 'totalSteps' | 'functions' | 'teacher' | 'learned'
>): ImageTaskParts {
  const { size: imageSize, height, width, channels, mean, std } = imageInputOf(data.input);
  const { projectionHead } = functions;
  if (projectionHead !== undefined && typeof projectionHead !== 'function')
    throw new SelfsupError('SELFSUP_OPTION', `\`projectionHead\` must be a function, got ${typeof projectionHead}`);
  if (projectionHead && taskViews(recipe).hasProjectionHead === false)
    throw new SelfsupError('SELFSUP_OPTION', `the task ${recipe.name} has no projection head; leave \`projectionHead\` out of the config`);
  return {
    backbone: backbone as EncoderFactory,
    settings,
    stepsPerEpoch,
    totalSteps,
    teacher,
    numSamples: data.train.length,
    learned,
    imageSize,
    height,
    width,
    channels,
    mean,
    std,
    projectionHead: projectionHead as ProjectionHeadFunction | undefined,
  };
}

function prepareImages({
  data,
  options,
  recipe,
  backbone,
  functions,
}: BuildContext<ImageRunData, ImageOptions>): (raw: ImagePixels, context: PrepareContext) => Batch {
  const context = { ...imageInputOf(data.input), patchSize: patchSizeOf(backbone) };
  const toBatch = prepareViews(recipe, { context, recipe: options.recipe, views: functions['views'] });
  const labelsOf = taskViews(recipe).input.labels ? batchLabels(recipe.name, data.train) : undefined;
  return (pixels, { rng }) => ({ ...toBatch(toImages(pixels), rng), ...(labelsOf && { labels: labelsOf(pixels.indices) }) });
}

/** Pictures without an order in time: photos, files of images, images in memory. */
export const imageModality = defineModality<ImageRunData, ImageOptions, ImagePixels>({
  api: 1,
  name: 'image',
  title: 'images',
  options: imageOptions,
  functions: ['views', 'projectionHead'],
  defaults: pictureDefaults,
  defaultTask: 'simclr',
  suggest: suggestImages,
  async open({ data, options, settings }, context) {
    const started = performance.now();
    const { seed, testFraction } = settings;
    const { progress, earlier } = context;
    const usualSize = earlier && imageSizeOf(imageInputOf(earlier.input));
    const opened = await context.openDataset<OpenedImageData>(data, { seed, ...limitsOf(settings), options, usualSize, progress });
    const skipped = () => opened.skipped?.() ?? [];
    warnAboutSkipped(skipped(), progress);
    const parts = splitImages(opened, { seed, testFraction, testLimit: settings.testLimit });
    const { input, imagesPerSecond, content } = await measureImages(parts, context, { started, decoded: opened.decoded });
    const { train } = parts;
    return {
      name: train.name,
      unit: 'images',
      ...parts,
      input,
      fingerprint: { images: train.length, height: train.height, width: train.width, channels: train.channels },
      facts: { decodeImagesPerSecond: Number(imagesPerSecond.toFixed(2)) },
      content,
      skipped,
    };
  },
  openSamples: openImageSamples,
  createSource: ({ train }, options: SourceOptions) => createLoader(train, options),
  taskParts: imageTaskParts,
  prepare: (context) => withIndices(context.recipe, prepareImages(context)),
  encode: encodeImages,
  encodeBatches: encodeImageBatches,
  batchSizeOf: imageBatchSize,
  labeledData: 'images in folders by class as `data`, or a file of their `labels`',
  rawInput: { name: 'raw pixels', encoder: rawPixels },
  probeInput(batch) {
    const { views, images } = batch;
    const [first] = [views ?? images ?? []].flat() as readonly tf.Tensor[];
    return first?.rank === 4 ? first : undefined;
  },
  encodeViews,
  alteredCopies: alteredImages,
  fineTuning: {
    encoder: imageFeatureEncoder,
    examples: imageExamples,
    mix: mixImages,
    defaults: { epochs: 20, minSteps: 200, batchSize: 32, learningRate: 1e-3 },
  },
  show: showImages,
  nameOf: nameOfData,
  portable: portableImages,
  exports: imageWeights,
});
