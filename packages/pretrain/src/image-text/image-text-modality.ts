import { compose, normalize, randomResizedCrop, type Augmentation } from '@selfsup/augment';
import { createRng, drawPermutation, SelfsupError, shareOf } from '@selfsup/core';
import { createLoader, toImages, type ImagePixels } from '@selfsup/data';
import {
  imageTextPairs,
  loadTokenizer,
  toTokens,
  trainWordPiece,
  wordPieceTokenizer,
  type ImageTextRows,
  type Tokenizer,
} from '@selfsup/data/text';
import type { EncoderFactory } from '@selfsup/encoders';
import { alteredImages } from '../image/altered-images.ts';
import { encodeImageBatches, encodeImages, imageBatchSize, rawPixels } from '../image/encode-images.ts';
import { imageExamples, imageFeatureEncoder } from '../image/image-examples.ts';
import { imageInputOf, imageSizeOf, type ImageInput } from '../image/image-input.ts';
import { limitsOf, pictureDefaults } from '../image/image-modality.ts';
import { imageWeights } from '../image/image-weights.ts';
import { nameOfData } from '../image/name-of-data.ts';
import { openImageSamples } from '../image/open-image-samples.ts';
import { measureImages, type OpenedImageData } from '../image/opened-images.ts';
import { portableImages } from '../image/portable-images.ts';
import { showImages } from '../image/thumbnails.ts';
import {
  defineModality,
  type DatasetOptions,
  type OpenContext,
  type OpenedSamples,
  type SamplesRequest,
  type SourceOptions,
} from '../modality.ts';
import { parseOptions, type OptionSchema } from '../option-schema.ts';
import type { GivenSettings } from '../settings.ts';
import { sha256 } from '../sha256.ts';
import { warnAboutSkipped } from '../skipped.ts';
import { suggest } from '../suggest.ts';
import { textEncoders } from '../text/encoders.ts';
import { isTokenizer } from '../text/memory-texts.ts';
import { learningVocabulary } from '../text/opened-text.ts';
import { hashTokenizer, TOKENIZER_FILE, tokenizerFile } from '../text/run-tokenizer.ts';
import type { TextInput } from '../text/text-input.ts';
import { textOptions } from '../text/text-options.ts';
import { COUNTS_FILE, countsFile } from '../text/token-counts.ts';
import { imageTextOptions, type ImageTextOptions } from './image-text-options.ts';
import { imageTextProbes } from './image-text-probes.ts';
import { TEXT, type ImageTextRunData } from './image-text-run-data.ts';
import type { ImageTextTaskParts } from './image-text-task.ts';
import type { OpenedPairs } from './pair-openers.ts';
import { captionSamples, limitPairs, pairSamples, pickPairs, type PairSamples } from './pair-samples.ts';
import { retrievalSections } from './retrieval-sections.ts';

/** Pairs to learn from and to judge by; of those without a test part some are held out, chosen by the seed. */
function splitPairs(
  opened: OpenedPairs,
  options: { seed: number; testFraction: number; limit?: number | undefined; testLimit?: number | undefined },
) {
  const { seed, testFraction, limit, testLimit } = options;
  const all = pairSamples(opened.train);
  if (opened.test)
    return {
      train: limitPairs(all, limit),
      test: limitPairs(pairSamples(opened.test), testLimit),
      testFrom: opened.testFrom ?? ('own part' as const),
    };
  const count = Math.min(shareOf(all.length, testFraction, 'nearest'), all.length - 1, testLimit ?? Infinity);
  if (count < 1) return { train: limitPairs(all, limit) };
  const order = drawPermutation(createRng(seed).fold('hold out'), all.length);
  return {
    train: limitPairs(pickPairs(all, order.slice(count).sort()), limit),
    test: pickPairs(all, order.slice(0, count).sort()),
    testFrom: 'held out' as const,
  };
}

/** The tokenizer of the run, the one that came with the data, or one that is learned from the texts. */
async function tokenizerOf(
  { tokenizer: given }: OpenedPairs,
  train: PairSamples,
  { options, context }: { options: ImageTextOptions; context: OpenContext },
): Promise<Tokenizer> {
  const before = context.earlier?.files[TOKENIZER_FILE];
  if (before !== undefined) return loadTokenizer(before, { name: TOKENIZER_FILE });
  if (given !== undefined) return isTokenizer(given) ? given : loadTokenizer(given);
  if (options.tokenizer !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`tokenizer\` must be left out for ${train.name}, got the path ${options.tokenizer}; for pairs in memory give the content of tokenizer.json beside them`,
    );
  const { vocabulary: units, vocabularySize } = options;
  context.progress.line(learningVocabulary({ vocabulary: units, vocabularySize }));
  return wordPieceTokenizer(await trainWordPiece(train.captions, { units, ...(vocabularySize !== undefined && { vocabularySize }) }));
}

/** The encoder of the texts with its complete options. */
function textEncoderOf({ textEncoder, textEncoderOptions, length }: ImageTextOptions, input: TextInput, projectionDim: unknown) {
  const recipe = textEncoders.find(({ name }) => name === textEncoder);
  if (!recipe) {
    const names = textEncoders.map(({ name }) => name);
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `unknown encoder of texts '${textEncoder}'${suggest(textEncoder, names) || `; there are ${names.join(', ')}`}`,
    );
  }
  // both encoders lead into one space
  const given = { dropoutRate: 0, attentionDropoutRate: 0, maxPositions: length, ...textEncoderOptions, projectionDim };
  const parsed = parseOptions(recipe.options as OptionSchema<{ projectionDim?: number }>, given, {
    who: `encoder ${textEncoder}`,
    nameOf: (name) => `\`textEncoderOptions.${name}\``,
  });
  return { recipe, options: (recipe.complete?.(parsed as never, input) ?? parsed) as Readonly<Record<string, unknown>> };
}

async function openPairData(
  data: unknown,
  { options, ...settings }: Omit<DatasetOptions, 'progress' | 'options'> & { options: ImageTextOptions; testFraction: number },
  context: OpenContext,
): Promise<OpenedPairs> {
  const { testFraction, ...rest } = settings;
  const opened = await context.openDataset<OpenedPairs | OpenedImageData>(data, {
    ...rest,
    options: { ...options, as: 'pairs', testFraction },
    progress: context.progress,
  });
  if (!('captions' in opened.train))
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${opened.train.name} has images without texts; give a table with an image and a caption in each row, .tar archives with key.jpg beside key.txt, or captioned-shapes`,
    );
  return opened as OpenedPairs;
}

/** The pairs that a run learned from, or other images or pairs. */
async function openSamples(request: SamplesRequest<ImageTextOptions>, context: OpenContext): Promise<OpenedSamples> {
  const { data, own = false, testData, seed, testFraction, limit, testLimit, options } = request;
  const usualSize = imageSizeOf(imageInputOf(request.input));
  if (own && testData === undefined) {
    const opened = await openPairData(data, { seed, limit, testLimit, options, usualSize, testFraction }, context);
    const parts = splitPairs(opened, { seed, testFraction, limit, testLimit });
    return { name: parts.train.name, unit: 'pairs', ...parts, skipped: () => opened.skipped?.() ?? [] };
  }
  return openImageSamples({ ...request, options: { ...options, as: 'either', testFraction } }, context);
}

/** One part of each image, or all of it, upright and normalized. */
function viewOf({ input, options }: { input: ImageInput; options: ImageTextOptions }): Augmentation {
  const { height, width, mean, std } = imageInputOf(input);
  const standardize = normalize({ mean: [...mean], std: [...std] });
  if (options.cropScale === 1) return standardize;
  // not mirrored: a text may say what is on the left
  const crop = randomResizedCrop({ size: [height, width], scale: [options.cropScale, 1], ratio: [3 / 4, 4 / 3], flipProbability: 0 });
  return compose([crop, standardize]);
}

/** AdamW with the second beta that CLIP and SigLIP have. */
const pairSettings = (given: GivenSettings): GivenSettings => ({
  ...pictureDefaults(given),
  batchSize: 128,
  optimizer: 'adamw',
  learningRate: 1e-3,
  weightDecay: 0.05,
  beta2: 0.98,
});

/** Images with texts: pairs to learn from; the encoder of the images is the run's own, that of the texts is kept beside it. */
export const imageTextModality = defineModality<ImageTextRunData, ImageTextOptions, ImageTextRows>({
  api: 1,
  name: 'image-text',
  title: 'images with texts',
  options: imageTextOptions,
  defaults: pairSettings,
  defaultTask: 'clip',
  async open({ data, options, settings }, context) {
    const started = performance.now();
    const { seed, testFraction } = settings;
    const { progress, earlier } = context;
    const usualSize = earlier && imageSizeOf(imageInputOf(earlier.input));
    const limits = limitsOf(settings);
    const opened = await openPairData(data, { seed, ...limits, options, usualSize, testFraction }, context);
    const skipped = () => opened.skipped?.() ?? [];
    warnAboutSkipped(skipped(), progress);
    const parts = splitPairs(opened, { seed, testFraction, ...limits });
    const { train, test } = parts;
    const { input, imagesPerSecond, content } = await measureImages(parts, context, { started, decoded: opened.decoded });
    const tokenizer = await tokenizerOf(opened, train, { options, context });
    const { length, pooling, vocabulary, header } = options;
    const texts = captionSamples(train.captions, { tokenizer, length, pooling }).dataset;
    const textInput: TextInput = { vocabularySize: tokenizer.vocabularySize, length, tokenizerHash: await hashTokenizer(tokenizer) };
    const { projectionDim } = settings.encoderOptions;
    if (typeof projectionDim !== 'number')
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `\`encoderOptions.projectionDim\` must say how many columns the common space of images and texts has, got ${String(projectionDim)}`,
      );
    const { options: encoderOptions } = textEncoderOf(options, textInput, projectionDim);
    const hashOf = (captions: readonly string[]) => sha256(new TextEncoder().encode(captions.join('\n')));
    const captions = await hashOf(train.captions);
    const testCaptions = test?.captions && (await hashOf(test.captions));
    return {
      name: train.name,
      unit: 'pairs',
      ...parts,
      input,
      tokenizer,
      texts,
      encoders: {
        [TEXT]: {
          modality: 'text',
          encoder: { name: options.textEncoder, options: encoderOptions },
          input: textInput,
          options: parseOptions(textOptions, { length, pooling, vocabulary, header }, { who: 'texts' }),
        },
      },
      fingerprint: {
        pairs: train.length,
        height: train.height,
        width: train.width,
        channels: train.channels,
        captions: captions.slice(0, 16),
        ...(testCaptions !== undefined && { testCaptions: testCaptions.slice(0, 16) }),
      },
      files: {
        [TOKENIZER_FILE]: tokenizerFile(tokenizer),
        [COUNTS_FILE]: earlier?.files[COUNTS_FILE] ?? (await countsFile(texts, tokenizer)),
      },
      facts: { decodeImagesPerSecond: Number(imagesPerSecond.toFixed(2)), vocabulary: tokenizer.vocabularySize },
      content,
      skipped,
    };
  },
  openSamples,
  createSource: ({ train, texts }, options: SourceOptions) => createLoader(imageTextPairs(train, texts), options),
  taskParts({ data, settings, options, backbone, stepsPerEpoch, totalSteps, teacher }): ImageTextTaskParts {
    const { input, encoder } = data.encoders[TEXT];
    const { recipe } = textEncoderOf(options, input, backbone.outputDim);
    const text = recipe.create(encoder.options as never, input);
    return {
      ...{ backbone: backbone as EncoderFactory, text, pooling: options.pooling, tokenizer: data.tokenizer },
      ...{ settings, stepsPerEpoch, totalSteps, teacher },
    };
  },
  prepare({ data, options }) {
    const view = viewOf({ input: data.input, options });
    return ({ images, tokens }: { images: ImagePixels; tokens: ImageTextRows['tokens'] }, { rng }) => {
      const { tokenIds, attentionMask } = toTokens(tokens);
      return { images: view(toImages(images), rng), tokenIds, attentionMask };
    };
  },
  encode: encodeImages,
  encodeBatches: encodeImageBatches,
  batchSizeOf: imageBatchSize,
  labeledData: 'images in folders by class as `data`, or pairs with a class in each row',
  rawInput: { name: 'raw pixels', encoder: rawPixels },
  alteredCopies: alteredImages,
  fineTuning: {
    encoder: imageFeatureEncoder,
    examples: imageExamples,
    defaults: { epochs: 20, minSteps: 200, batchSize: 32, learningRate: 1e-3 },
  },
  show: showImages,
  probes: imageTextProbes,
  sections: retrievalSections,
  nameOf: nameOfData,
  portable: portableImages,
  exports: imageWeights,
});
