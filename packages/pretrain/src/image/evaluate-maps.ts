import { SelfsupError } from '@selfsup/core';
import { shapesWithMasks } from '@selfsup/data';
import type { MappedEncoder } from '@selfsup/encoders';
import { attentiveProbe, linearSegmentation } from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import { assertLabels, judgeEach } from '../evaluate-encoder.ts';
import { encodeBank, type EncodedSamples } from '../knn-probe.ts';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { AnyModule, OpenedSamples } from '../modality.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { suggest } from '../suggest.ts';
import { imageInputOf } from './image-input.ts';
import { imageSamples } from './image-samples.ts';

/** What {@link evaluateAttentiveProbe} and {@link evaluateSegmentation} take both. */
export interface EvaluateMapsOptions {
  /** The layer whose map is read; default the last one. */
  layer?: string | undefined;
  /** Also judge the untrained encoder; default false. */
  baselines?: boolean | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
}

/** Options of {@link evaluateAttentiveProbe}. */
export interface EvaluateAttentiveProbeOptions extends EvaluateMapsOptions {
  /** Heads of the attention, a divisor of the map's channels; default 1. */
  numHeads?: number | undefined;
  /** Passes over the training images, an integer ≥ 1; default 30. */
  epochs?: number | undefined;
}

/** Options of {@link evaluateSegmentation}. */
export interface EvaluateSegmentationOptions extends EvaluateMapsOptions {
  /** Images to learn from, an integer ≥ 10; default 500. */
  train?: number | undefined;
  /** Images to be judged by, an integer ≥ 10; default 200. */
  test?: number | undefined;
}

/** What an attentive probe finds. */
export interface AttentiveFinding {
  /** Of the test images, in percent. */
  readonly accuracy: number;
}

/** What a linear segmentation finds. */
export interface SegmentationFinding {
  /** The mean intersection over union, in percent. */
  readonly meanIou: number;
  /** The share of pixels that are classified rightly, in percent. */
  readonly pixelAccuracy: number;
}

/** An encoder that gives the map of one layer, in one row per image, with the rows, columns and channels of the map. */
function mapOf(
  encoder: AnyModule,
  loaded: LoadedEncoder,
  wanted: string | undefined,
): { module: AnyModule; grid: [number, number]; numChannels: number } {
  const { maps, mapChannels } = encoder as AnyModule & Partial<MappedEncoder>;
  if (!maps || !mapChannels)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the encoder ${loaded.encoder.name} does not show what its layers see; an attentive probe and segmentation need one that does, such as vit, resnet18 or conv-net`,
    );
  const names = Object.keys(mapChannels);
  const layer = wanted ?? names.at(-1)!;
  if (!names.includes(layer))
    throw new SelfsupError('SELFSUP_OPTION', `the encoder ${loaded.encoder.name} has no layer '${layer}'${suggest(layer, names)}`);
  const { height, width, channels } = imageInputOf(loaded.input);
  const see = (images: tf.Tensor4D) => maps.call(encoder, images, { training: false, layers: [layer] })[layer]!;
  const shape = tf.tidy(() => see(tf.zeros([1, height, width, channels])).shape);
  return {
    grid: [shape[1], shape[2]],
    numChannels: shape[3],
    module: {
      trainable: {},
      buffers: {},
      apply: (images) =>
        tf.tidy(() => {
          const map = see(images as tf.Tensor4D); // [n, rows, columns, channels]
          return tf.reshape(map, [map.shape[0], -1]);
        }),
      dispose: () => undefined, // the variables are the encoder's
    },
  };
}

/**
 * Classifies test images by attention over the places of a map of the encoder, which learns where to look.
 *
 * @param encoder from `loadEncoder`, of images
 * @param samples from `openSamplesFor`; both parts need labels
 * @param options see {@link EvaluateAttentiveProbeOptions}
 * @returns findings by `trained`, and with baselines `untrained`
 * @throws SelfsupError `SELFSUP_OPTION` on an encoder without maps, an unknown layer or a number out of range, `SELFSUP_DATA` without labels
 */
export async function evaluateAttentiveProbe(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  options: EvaluateAttentiveProbeOptions = {},
): Promise<Readonly<Record<string, AttentiveFinding>>> {
  const { layer, numHeads, epochs = 30, baselines = false, progress = silentProgress } = options;
  assertLabels(samples, encoder);
  const { modality, input, files } = encoder;
  const settings = { ...encoder.settings, knnBank: Infinity };
  const context = { modality, train: samples.train, test: samples.test, settings, encoding: { input, files, progress } };
  const labelsOf = (part: EncodedSamples) => part.features.indices.map((index) => part.samples.labels![index]!);
  return judgeEach(encoder, { baselines, networks: true }, async ([name, network]) => {
    const { module, grid, numChannels } = mapOf(network, encoder, layer);
    if (numHeads !== undefined && !(Number.isSafeInteger(numHeads) && numHeads >= 1 && numChannels % numHeads === 0))
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `evaluateAttentiveProbe: \`numHeads\` must be a divisor of the ${numChannels} channels of the map, got ${numHeads}`,
      );
    const { bank, test } = await encodeBank(module, context, name);
    const stage = progress.stage(`Training attention (${name})`, {
      total: epochs * Math.ceil(bank.features.shape[0] / 128),
      unit: 'updates',
    });
    const { accuracy } = await attentiveProbe({
      ...{
        tokens: bank.features,
        labels: labelsOf(bank),
        queries: test!.features,
        queryLabels: labelsOf(test!),
        length: grid[0] * grid[1],
      },
      ...{ seed: settings.seed, epochs, batchSize: 128, ...(numHeads !== undefined && { numHeads }) },
      onStep: ({ step, loss }) => {
        stage.update(step, { loss: loss.toFixed(4) });
      },
    });
    stage.end();
    return { accuracy: 100 * accuracy };
  });
}

/**
 * Says which shape each pixel of procedural images belongs to, by a linear classifier of the places of a map of the encoder.
 *
 * @param encoder from `loadEncoder`, of RGB images of square sides from 8 to 1024 pixels
 * @param options see {@link EvaluateSegmentationOptions}
 * @returns findings by `trained`, and with baselines `untrained`
 * @throws SelfsupError `SELFSUP_OPTION` on an encoder without maps or of other images, an unknown layer or a number out of range
 * @remarks The images are those of `shapesWithMasks` of `@selfsup/data` at the size of the encoder's: eleven classes, the background among them.
 */
export async function evaluateSegmentation(
  encoder: LoadedEncoder,
  options: EvaluateSegmentationOptions = {},
): Promise<Readonly<Record<string, SegmentationFinding>>> {
  const { layer, train: trainCount = 500, test: testCount = 200, baselines = false, progress = silentProgress } = options;
  for (const [name, count] of Object.entries({ train: trainCount, test: testCount }))
    if (!Number.isSafeInteger(count) || count < 10)
      throw new SelfsupError('SELFSUP_OPTION', `evaluateSegmentation: \`${name}\` must be an integer >= 10, got ${count}`);
  const { modality, input, files } = encoder;
  if (modality.name !== 'image')
    throw new SelfsupError('SELFSUP_OPTION', `segmentation is for encoders of images, this one is of the kind ${modality.name}`);
  const { height: size, width, channels } = imageInputOf(input);
  if (size !== width || channels !== 3)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `segmentation needs an encoder of square RGB images, this one takes ${size} x ${width} pixels with ${channels} channels`,
    );
  const of = (split: 'train' | 'test', count: number) => shapesWithMasks({ count, seed: encoder.settings.seed, split, size });
  const parts = { train: of('train', trainCount), test: of('test', testCount) };
  const { pixelClasses } = parts.train;
  return judgeEach(encoder, { baselines, networks: true }, async ([name, network]) => {
    const { module, grid } = mapOf(network, encoder, layer);
    const encode = async ({ images, readMasks }: (typeof parts)['train'], part: string) => {
      const maps = await modality.encode(module, imageSamples(images), { input, files, progress, stage: `Encoding ${part} (${name})` });
      return { maps, masks: readMasks(maps.indices) };
    };
    const [train, test] = [await encode(parts.train, 'training images'), await encode(parts.test, 'test images')];
    const found = await linearSegmentation({ train, test, grid, size: [size, size], numClasses: pixelClasses.length });
    return { meanIou: 100 * found.meanIou, pixelAccuracy: 100 * found.pixelAccuracy };
  });
}
