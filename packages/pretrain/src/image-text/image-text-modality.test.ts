import { createRng, drawUniform } from '@selfsup/core';
import { wordPieceTokenizer } from '@selfsup/data/text';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeEncoder } from '../encoder-file.ts';
import { builtinPlugins } from '../builtins.ts';
import { detectTask } from '../detect-task.ts';
import type { RunEvent } from '../events.ts';
import { loadEncoder } from '../load-encoder.ts';
import { pretrain } from '../pretrain.ts';
import { silentProgress } from '../progress.ts';
import { createRegistry } from '../registry.ts';
import { memoryStore } from '../run-store.ts';
import type { RunConfig } from '../run-config.ts';
import { openSamplesFor } from '../evaluate-encoder.ts';
import { encodePairs } from './encode-pairs.ts';
import { evaluateCrossRetrieval, evaluateZeroShot } from './evaluate-pairs.ts';
import { templatesFor } from './image-text-probes.ts';
import { pairSamples } from './pair-samples.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const registry = createRegistry(builtinPlugins);
const [count, side] = [24, 8];
const words = ['dark', 'gray', 'light'];
const draws = drawUniform(createRng(3), count * side * side);
/** Noise around one of three grays, and the word for it. */
const pairs = {
  images: Uint8Array.from(draws, (draw, i) => 40 + 80 * (Math.floor(i / (side * side)) % 3) + Math.floor(20 * draw)),
  shape: [count, side, side, 1] as const,
  captions: Array.from({ length: count }, (_, i) => `a ${words[i % 3]!} picture`),
  labels: Array.from({ length: count }, (_, i) => i % 3),
  classNames: words,
  name: 'grays',
};
const config: RunConfig = {
  data: pairs,
  task: 'clip',
  encoder: 'conv-net',
  encoderOptions: { widths: [4, 8], projectionDim: 6 },
  textEncoderOptions: { numLayers: 1, width: 8, numHeads: 1 },
  vocabulary: 'words',
  length: 8,
  epochs: 10,
  probeEvery: 0,
  batchSize: 6,
  learningRate: 0.02,
  testFraction: 0.25,
  knnK: 3,
  backend: 'cpu',
};

async function endOf(given: RunConfig, options: { report?: boolean } = {}): Promise<Extract<RunEvent, { type: 'end' }>> {
  let last: RunEvent | undefined;
  for await (const event of pretrain(given, options)) last = event;
  return last as Extract<RunEvent, { type: 'end' }>;
}

it('notices changed captions of the test part when a run is resumed', async () => {
  const store = memoryStore();
  const { captions, ...images } = pairs;
  const withTest = (texts: readonly string[]) => ({ ...pairs, test: { ...images, captions: texts } });
  const run = async (given: RunConfig) => {
    for await (const event of pretrain(given, { store })) expect(event.type).not.toBe('stopped');
  };
  await run({ ...config, data: withTest(captions), epochs: 1 });
  await expect(run({ resume: true, data: withTest(captions.toReversed()), epochs: 2, backend: 'cpu' })).rejects.toThrow(
    'the data has other captions of the test part than when this run was trained',
  );
});

describe('a run on images with texts', () => {
  it('keeps both encoders, measures retrieval and zero-shot classification, and shows what texts find', async () => {
    const { result, encoder: bytes, report } = await endOf(config, { report: true });
    expect(Object.keys(result.probes)).toEqual(['knn', 'zero-shot', 'retrieval']);
    expect(Object.keys(result.probes['retrieval']!.trained)).toEqual(['imageRecall1', 'textRecall1', 'imageRecall5', 'textRecall5', 'imageRecall10', 'textRecall10']); // prettier-ignore
    expect(result.probes['zero-shot']!.baselines['guessing']).toBeGreaterThan(33);
    expect(result).toMatchObject({ trainSamples: 18, testSamples: 6, modality: 'image-text' });
    const titles = report!.sections.map((section) => ('title' in section ? section.title : undefined));
    expect(titles).toEqual(expect.arrayContaining(['Retrieval', 'Images found by texts', 'Texts found by images']));
    const gallery = report!.sections.find((section) => section.kind === 'gallery' && section.title === 'Images found by texts');
    const [row] = gallery?.kind === 'gallery' ? gallery.rows : [];
    expect([row![0]!.text, row!.length, row![1]!.image?.slice(0, 22)]).toEqual([expect.stringMatching(/^a \w+ picture$/), 5, 'data:image/png;base64,']); // prettier-ignore

    const [image, text] = [await loadEncoder(bytes), await loadEncoder(bytes, { encoder: 'text' })];
    expect([image.modality.name, text.modality.name, (await describeEncoder(bytes, 'image')).encoder.prefix]).toEqual([
      'image-text',
      'text',
      'image',
    ]);
    const found = [
      await image.embed({ images: pairs.images.subarray(0, 64), shape: [1, side, side, 1] }),
      await text.embed(pairs.captions.slice(0, 3)),
    ];
    expect(found.map(({ shape }) => shape)).toEqual([[1, 6], [3, 6]]); // prettier-ignore
    // what was trained on its pairs puts the image nearest to its own text
    const cosines = [0, 1, 2].map((i) => cosine(found[0]!.data, found[1]!.data.subarray(6 * i, 6 * i + 6)));
    expect(cosines[0]).toBeGreaterThan(Math.max(cosines[1]!, cosines[2]!));

    const samples = await openSamplesFor(image, { data: pairs, testFraction: 0 });
    const zeroShot = await evaluateZeroShot({ image, text }, samples, { templates: ['a {} picture'], baselines: true });
    expect(zeroShot).toMatchObject({ classNames: words, templates: ['a {} picture'], images: 24 });
    expect([Object.keys(zeroShot.accuracy), zeroShot.accuracy['trained']! > 60]).toEqual([['trained', 'untrained'], true]);
    const retrieval = await evaluateCrossRetrieval({ image, text }, samples, { pairs: 12 });
    expect([retrieval.images, retrieval.texts, retrieval.recall['trained']!['textRecall5']]).toEqual([12, 3, 100]);
    await expect(evaluateZeroShot({ image, text }, samples, { templates: ['x'] })).rejects.toThrow(
      "must have {} for the name of a class, got 'x'",
    );
    await expect(evaluateCrossRetrieval({ image, text: image }, samples)).rejects.toThrow('the encoder of texts must take text');
    const alone = await openSamplesFor(image, { data: { images: pairs.images, shape: pairs.shape } });
    await expect(evaluateCrossRetrieval({ image, text }, alone)).rejects.toThrow('must have at least two images with texts');
    await expect(evaluateZeroShot({ image, text }, alone)).rejects.toThrow('must have images of at least two classes with names');
    image.dispose();
    text.dispose();
    await expect(loadEncoder(bytes, { encoder: 'txt' })).rejects.toThrow("there is no encoder 'txt' in this run; it keeps image, text");
  });

  it.each([
    ['an encoder of texts that is not known', { textEncoder: 'bert-teeny' }, /unknown encoder of texts 'bert-teeny'.*bert-tiny/],
    ['a bad option of it', { textEncoderOptions: { numLayers: 0 } }, /textEncoderOptions.numLayers` must be an integer >= 1, got 0/],
    [
      'too few texts',
      { data: { ...pairs, captions: pairs.captions.slice(1) } },
      /grays must have a caption for each of its 24 images, got 23/,
    ],
    ['images without texts', { data: 'shapes' }, /has images without texts; give a table/],
    ['a template without a place', { templates: ['no place for the name'] }, /templates` must be/],
    [
      'a batch that is too large',
      { batchSize: 100 },
      /a batch of 100 is larger than the 18 training pairs of grays|`batchSize` 100 is larger/,
    ],
  ] as [string, Partial<RunConfig>, RegExp][])('refuses %s', async (_, changes, message) => {
    await expect(endOf({ ...config, ...changes })).rejects.toThrow(message);
  });
});

const cosine = (a: Float32Array, b: Float32Array) => {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

describe('detectTask', () => {
  it('takes clip for images with texts, and for nothing else', async () => {
    expect(await detectTask(pairs, registry)).toBe('clip');
    expect(await detectTask('captioned-shapes', registry)).toBe('clip');
    expect(await detectTask({ images: pairs.images, shape: pairs.shape }, registry)).toBe('simclr');
    expect(await detectTask('shapes', registry)).toBe('simclr');
    expect(await detectTask({ texts: ['a', 'b'] }, registry)).toBe('masked-language');
  });
});

describe('encodePairs', () => {
  const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b', 'c']);
  const facts = { tokenizer, length: 4, pooling: 'mean' as const };

  it('has each image and each text once, with all that belong together', async () => {
    const bytes = Uint8Array.of(0, 10, 20, 0);
    const samples = pairSamples({
      ...{ name: 'four', length: 4, height: 1, width: 1, channels: 1, captions: ['a', 'b', 'b', 'c'], ids: ['x', 'y', 'broken', 'x'] },
      read(indices) {
        const read = Array.from(indices).filter((i) => i !== 2); // one that cannot be decoded
        return Promise.resolve({
          pixels: Uint8Array.from(read, (i) => bytes[i]!),
          shape: [read.length, 1, 1, 1],
          indices: Int32Array.from(read),
        });
      },
    });
    const plain = { trainable: {}, buffers: {}, dispose: () => undefined };
    const image = { ...plain, apply: (images: unknown) => tf.reshape(images as tf.Tensor, [-1, 1]) };
    const states = (ids: tf.Tensor2D) => tf.expandDims(tf.cast(ids, 'float32'), 2);
    const text = { ...plain, apply: states as never, encode: ({ tokenIds }: { tokenIds: tf.Tensor2D }) => states(tokenIds) };
    const input = { size: 1, channels: 1, mean: [0], std: [1] };
    const found = await encodePairs(
      samples,
      { image, text, textInput: { vocabularySize: 7, length: 4, tokenizerHash: 'x' }, facts },
      { input, files: {}, progress: silentProgress, stage: 'test' },
    );
    expect([found.images.map((i) => found.samples.ids![i]), found.texts]).toEqual([['x', 'y'], ['a', 'b', 'c']]); // prettier-ignore
    expect([found.textsOf, found.imagesOf]).toEqual([[[0, 2], [1]], [[0], [1], [0]]]); // prettier-ignore
    expect(Array.from(found.textFeatures.data)).toEqual([3, 10 / 3, 11 / 3].map(Math.fround)); // means of [CLS] x [SEP]
  });

  it('asks with templates whose words the vocabulary has', () => {
    expect(templatesFor(['{}', 'a {}', 'a photo of {}'], { facts })).toEqual(['{}', 'a {}']);
    expect(templatesFor(['photo of {}'], { facts })).toEqual(['{}']);
  });
});
