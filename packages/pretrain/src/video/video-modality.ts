import { SelfsupError, type Batch } from '@selfsup/core';
import { createClipLoader, type ClipPixels, type ImageDataset, type VideoDataset } from '@selfsup/data';
import type { PrepareContext } from '@selfsup/trainer';
import { z } from 'zod';
import { alteredImages } from '../image/altered-images.ts';
import { encodeImageBatches, encodeImages, imageBatchSize, rawPixels } from '../image/encode-images.ts';
import { imageExamples, imageFeatureEncoder } from '../image/image-examples.ts';
import { imageTaskParts, limitsOf, pictureDefaults, pictureOptions, type ImageRunData } from '../image/image-modality.ts';
import { imageInputOf, imageSizeOf, shapeInWords, takesImages } from '../image/image-input.ts';
import { imageSamples, translateLabels } from '../image/image-samples.ts';
import { nameOfData } from '../image/name-of-data.ts';
import { openImageSamples } from '../image/open-image-samples.ts';
import { warnAboutSkipped } from '../skipped.ts';
import { mixImages } from '../image/mix-images.ts';
import { measureImages, type ImageParts, type OpenedImageData } from '../image/opened-images.ts';
import { patchSizeOf } from '../image/patch-size.ts';
import { prepareViews } from '../image/prepare-views.ts';
import { showImages } from '../image/thumbnails.ts';
import {
  defineModality,
  type BuildContext,
  type DatasetOptions,
  type OpenContext,
  type OpenedSamples,
  type SamplesRequest,
  type Skipped,
  type SourceOptions,
} from '../modality.ts';
import { foldFrames } from './clips.ts';
import { encodeVideos, type VideoSamples } from './encode-videos.ts';
import type { VideoTaskParts } from './video-task.ts';

const stride = z.int().min(1);

const videoOptions = z.strictObject({
  ...pictureOptions,
  clipLength: z.int().min(2).max(64).default(4).describe('frames of a clip'),
  frameStride: z
    .union([stride, z.tuple([stride, stride])])
    .default(1)
    .describe('from one frame of a clip to the next, or the least and the greatest'),
  framesPerSecond: z
    .number()
    .gt(0)
    .max(1000)
    .default(8)
    .describe('frames that are taken of a second of a video file; folders of frames have them all'),
  clipsPerVideo: z
    .int()
    .min(1)
    .default(1)
    .describe('clips of each video in an epoch, each from a part of its own, as far as it is long enough'),
});

/** Options of the modality `video`. */
export type VideoOptions = z.output<typeof videoOptions>;

/** Videos with the image that stands for each. */
export interface StillVideos extends VideoDataset {
  /** One image of each video, with its class where there is one, and its file in `paths`. */
  readonly stills: ImageDataset & { readonly paths?: readonly string[] };
}

/** What a `DatasetOpener` of the modality `video` gives. */
export interface OpenedVideoData {
  /** What is learned from. */
  readonly train: StillVideos;
  /** What is judged by, where the data has a part for it. */
  readonly test?: StillVideos;
  /** Where `test` comes from; default `own part`. */
  readonly testFrom?: 'own part' | 'held out';
  /** What could not be used so far; default nothing. */
  skipped?(): readonly Skipped[];
  /** How many frames were decoded in opening them; default none. */
  readonly decoded?: number;
}

/** The videos of a run, opened; `train` and `test` are their stills. */
export interface VideoRunData extends ImageRunData {
  /** The videos of which `train` has an image each. */
  readonly clips: VideoDataset;
}

async function openVideoData(
  data: unknown,
  settings: Omit<DatasetOptions, 'progress'>,
  context: OpenContext,
): Promise<{
  clips: VideoDataset;
  testClips?: VideoDataset;
  parts: ImageParts;
  skipped: () => readonly Skipped[];
  decoded: number | undefined;
}> {
  const { frameStride } = settings.options as Partial<VideoOptions>;
  if (Array.isArray(frameStride) && frameStride[0] > frameStride[1])
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`frameStride\` must be an integer >= 1, or the least and the greatest, got [${frameStride.join(', ')}]`,
    );
  const opened = await context.openDataset<OpenedVideoData>(data, { ...settings, progress: context.progress });
  const { train, test, testFrom = 'own part' } = opened;
  if (!('readClips' in train))
    throw new SelfsupError(
      'SELFSUP_DATA',
      `tasks on videos need clips, and these are images; give a folder of videos, each a file such as .mp4 or a folder of frames`,
    );
  for (const { name, length, stills } of [train, ...(test ? [test] : [])])
    if (length < 1 || stills.length !== length)
      throw new SelfsupError(
        'SELFSUP_DATA',
        length < 1
          ? `there are no videos in ${name}; give at least one`
          : `${name} must have a still of each of its ${length} videos, got ${stills.length}`,
      );
  const skipped = () => opened.skipped?.() ?? [];
  warnAboutSkipped(skipped(), context.progress);
  const parts = { train: imageSamples(train.stills), ...(test && { test: imageSamples(test.stills), testFrom }) };
  return { clips: train, ...(test && { testClips: test }), parts, skipped, decoded: opened.decoded };
}

/** Videos as the images that stand for them; images as they are. */
function stillsOf({ train, test, ...rest }: OpenedVideoData | OpenedImageData): OpenedImageData {
  const still = (part: StillVideos | ImageDataset) => ('readClips' in part ? part.stills : part);
  return { ...rest, train: still(train), ...(test && { test: still(test) }) };
}

/** Videos as a classifier gets them: each with its clips. */
async function openWholeVideos(request: SamplesRequest<VideoOptions>, context: OpenContext): Promise<OpenedSamples> {
  const { data, testData, seed, limit, testLimit, options } = request;
  const input = imageInputOf(request.input);
  const open = (what: unknown) =>
    openVideoData(
      what,
      { seed, limit, testLimit, options: { ...options, as: 'videos', clipsPerVideo: 1, imageSize: imageSizeOf(input) } },
      context,
    );
  const [opened, judges] = [await open(data), testData === undefined ? undefined : await open(testData)];
  const { parts } = opened;
  const train = { ...parts.train, clips: opened.clips };
  const test = judges ? { ...judges.parts.train, clips: judges.clips } : parts.test && { ...parts.test, clips: opened.testClips! };
  for (const part of [train, ...(test ? [test] : [])])
    if (!takesImages(input, part))
      throw new SelfsupError('SELFSUP_DATA', `the encoder takes frames of ${shapeInWords(input)}, ${part.name} has ${shapeInWords(part)}`);
  const named = test && translateLabels(test, train.classNames);
  const skipped = () => [...opened.skipped(), ...(judges?.skipped() ?? [])];
  return { name: train.name, unit: 'videos', train, ...(test && { test: { ...named, clips: test.clips } as VideoSamples }), skipped };
}

/** The stills of the run's own videos; of other data images, since its folders of classes would look like videos, unless whole videos are asked for. */
async function openVideoSamples(request: SamplesRequest<VideoOptions>, context: OpenContext): Promise<OpenedSamples> {
  if (request.whole) return openWholeVideos(request, context);
  if (!request.own || request.testData !== undefined)
    return openImageSamples(
      { ...request, options: { ...request.options, as: 'images' } },
      {
        ...context,
        openDataset: async <D>(...asked: Parameters<OpenContext['openDataset']>) =>
          stillsOf(await context.openDataset<OpenedVideoData | OpenedImageData>(...asked)) as D,
      },
    );
  const { data, seed, limit, testLimit, options } = request;
  const input = imageInputOf(request.input);
  const { parts, skipped } = await openVideoData(
    data,
    { seed, limit, testLimit, options: { ...options, imageSize: imageSizeOf(input) } },
    context,
  );
  return { name: parts.train.name, unit: 'videos', train: parts.train, ...(parts.test && { test: parts.test }), skipped };
}

function prepareClips({
  data,
  options,
  recipe,
  backbone,
  functions,
}: BuildContext<VideoRunData, VideoOptions>): (raw: ClipPixels, context: PrepareContext) => Batch {
  const { clipLength } = options;
  const context = { ...imageInputOf(data.input), patchSize: patchSizeOf(backbone) };
  const toBatch = prepareViews(recipe, { context, recipe: options.recipe, views: functions['views'], clipLength });
  return (clips, { rng }) => toBatch(foldFrames(clips), rng);
}

/** Videos: clips to learn from, and a still of each to measure by. */
export const videoModality = defineModality<VideoRunData, VideoOptions, ClipPixels>({
  api: 1,
  name: 'video',
  title: 'videos',
  options: videoOptions,
  functions: ['views'],
  defaults: pictureDefaults,
  defaultTask: 'frame-order',
  async open({ data, options, settings }, context) {
    const started = performance.now();
    const { seed } = settings;
    const { clips, parts, skipped, decoded } = await openVideoData(data, { seed, ...limitsOf(settings), options }, context);
    if (clips.clipLength !== options.clipLength)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `\`clipLength\` must be ${clips.clipLength}, that of ${clips.name}, got ${options.clipLength}`,
      );
    const { input, imagesPerSecond, content } = await measureImages(parts, context, { started, decoded });
    const { train } = parts;
    return {
      name: train.name,
      unit: 'videos',
      ...parts,
      clips,
      input,
      fingerprint: { videos: train.length, size: train.height, channels: train.channels },
      facts: { decodeImagesPerSecond: Number(imagesPerSecond.toFixed(2)) },
      content,
      skipped,
    };
  },
  openSamples: openVideoSamples,
  createSource: ({ clips }, options: SourceOptions) => createClipLoader(clips, options),
  fewSamplesAdvice: 'more clips of each (`clipsPerVideo`)',
  taskParts: (context): VideoTaskParts => ({ ...imageTaskParts(context), clipLength: context.options.clipLength }),
  prepare: prepareClips,
  throughput: ({ clips }) => ({ unit: 'images', perSample: clips.clipLength }),
  encode: encodeImages,
  encodeWhole: encodeVideos,
  encodeBatches: encodeImageBatches,
  batchSizeOf: imageBatchSize,
  labeledData: 'images in folders by class as `data`, or a file of their `labels`',
  rawInput: { name: 'raw pixels', encoder: rawPixels },
  fineTuning: {
    encoder: imageFeatureEncoder,
    examples: imageExamples,
    mix: mixImages,
    defaults: { epochs: 20, minSteps: 200, batchSize: 32, learningRate: 1e-3 },
  },
  alteredCopies: alteredImages,
  show: showImages,
  nameOf: nameOfData,
});
