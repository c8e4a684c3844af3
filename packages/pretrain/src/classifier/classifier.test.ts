import { createRng, drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { sentences } from '../../fixtures/tiny-text.ts';
import { openSamplesFor } from '../evaluate-encoder.ts';
import { loadEncoder, type LoadedEncoder } from '../load-encoder.ts';
import { pretrain } from '../pretrain.ts';
import type { RunConfig } from '../run-config.ts';
import { memoryStore } from '../run-store.ts';
import type { StillVideos } from '../video/video-modality.ts';
import type { Classifier } from './classifier.ts';
import { classifierSections, describeClassifier } from './classifier-sections.ts';
import { assertNoClassifier, keepClassifier, keptSections } from './keep-classifier.ts';
import { chooseLabels, parseLabelCount, resolveLabelCount } from './label-counts.ts';
import { loadClassifier } from './load-classifier.ts';
import { trainClassifier } from './train-classifier.ts';
import type { TrainClassifierOptions } from './train-classifier-options.ts';

/** Two classes, bright above or below. */
function twoClasses(count: number, seed = 3) {
  const noise = drawUniform(createRng(seed), count * 64, { min: 0, max: 60 });
  const images = Uint8Array.from(noise, (value, i) => value + ((i % 64) >> 5 === (i >> 6) % 2 ? 150 : 0)); // [count, 8, 8, 1]
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  return { images, shape: [count, 8, 8, 1] as const, labels, classNames: ['top', 'bottom'] };
}

const tiny = { task: 'simclr', encoder: 'conv-net', encoderOptions: { widths: [4, 8] }, taskOptions: { headOutput: 4 }, epochs: 1, batchSize: 8, backend: 'cpu' } as const; // prettier-ignore
const tuning = { method: 'full', epochs: 1, minSteps: 6, batchSize: 8, learningRates: [0.01] } as const;

async function encoderBytes(config: RunConfig): Promise<Uint8Array> {
  for await (const event of pretrain(config, { store: memoryStore() })) if (event.type === 'end') return event.encoder;
  throw new Error('the run did not end');
}
let imageEncoder: Uint8Array;
beforeAll(async () => {
  imageEncoder = await encoderBytes({ ...tiny, data: twoClasses(40) }); // not before: its tensors would be counted with those of a test
});

/** Trains, keeps and loads: what the loaded one says must be what the trained one said. */
async function there(bytes: Uint8Array, data: unknown, given: Omit<TrainClassifierOptions, 'name'> & { testFraction?: number }) {
  const encoder = await loadEncoder(bytes);
  const samples = await openSamplesFor(encoder, { data, testFraction: given.testFraction ?? 0, whole: true });
  const trained = await trainClassifier(encoder, samples, { name: 'few', ...given });
  const before = await trained.classifier.predictSamples(samples.train);
  const loaded = await loadClassifier(trained.bytes, { encoder: bytes });
  const after = await loaded.predictSamples(samples.train);
  expect(after).toEqual(before);
  expect(loaded.description).toEqual(trained.description);
  trained.classifier.dispose();
  return { encoder, samples, trained, loaded, predictions: after };
}
/** What an encoder cannot be made a classifier with. */
async function refused(bytes: Uint8Array, data: unknown, given: Omit<TrainClassifierOptions, 'name'>): Promise<string> {
  const encoder = await loadEncoder(bytes);
  const samples = await openSamplesFor(encoder, { data, testFraction: 0, whole: true });
  return trainClassifier(encoder, samples, { name: 'few', ...given }).then(
    () => 'nothing was thrown',
    (error: unknown) => {
      encoder.dispose();
      return String(error);
    },
  );
}
function done({ encoder, loaded }: { encoder: LoadedEncoder; loaded: Classifier }): void {
  loaded.dispose();
  encoder.dispose();
}

describe('a classifier of images', () => {
  it('is a linear one by default: trained, kept, loaded and asked', async () => {
    const bytes = imageEncoder;
    const { numTensors } = tf.memory();
    const all = await there(bytes, twoClasses(40), { count: '6-per-class', seed: 1 });
    const { description, judged } = all.trained;
    expect(description).toMatchObject({
      kind: 'linear-probe',
      classes: ['top', 'bottom'],
      readout: { name: 'global', options: {} },
      trainedOn: { samples: 12, perClass: [6, 6], seed: 1 },
      judged: { by: 'test', samples: 28 },
    });
    expect(description.judged!.accuracy).toBeGreaterThan(0.9);
    expect(judged!.probabilities.shape).toEqual([28, 2]);
    const { classes, probabilities, labels, indices } = all.predictions;
    expect([...indices]).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(classes[1]).toBe('bottom');
    for (let row = 0; row < 40; row++) {
      const of = probabilities.data.subarray(2 * row, 2 * row + 2);
      expect(of[0]! + of[1]!).toBeCloseTo(1, 6);
      expect(labels[row]).toBe(of[1]! > of[0]! ? 1 : 0);
    }
    const { images, shape } = twoClasses(4, 9);
    const some = await all.loaded.predict({ images, shape }, { threshold: 1 });
    expect([some.classes.length, [...some.labels]]).toEqual([4, [0, 1, 0, 1]]);
    expect(some.classes.every((name) => name === '')).toBe(true); // no probability is 1
    await expect(all.loaded.predict({ images, shape }, { threshold: 2 })).rejects.toThrow('predict: `threshold` must be in [0, 1], got 2');
    done(all);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('is judged by cross-validation where all labels are used, and reports it', async () => {
    const all = await there(imageEncoder, twoClasses(12), {});
    const { description } = all.trained;
    expect(description.judged).toMatchObject({ by: 'cross-validation', samples: 12 });
    const sections = await classifierSections(all.trained, all.encoder.modality);
    expect(sections.map(({ kind, title }) => title ?? kind)).toEqual(
      expect.arrayContaining(['numbers', 'notice', 'Which class is taken for which', 'Each class', 'Can its probabilities be believed?']),
    );
    const matrix = sections.find((section) => section.kind === 'matrix')!;
    expect(matrix.values).toEqual(description.judged!.confusion);
    expect(describeClassifier(description)).toMatch(
      /^2 classes, linear classifier on the features of conv-net \(simclr on array\), 12 labels of array; /,
    );
    const store = memoryStore('classifiers/few');
    await assertNoClassifier(store, { way: 'add --overwrite' });
    await keepClassifier(store, all.trained, sections);
    expect([...(await store.list())].sort()).toEqual(['classifier.json', 'classifier.safetensors', 'sections.json']);
    expect(await keptSections(store)).toEqual(JSON.parse(JSON.stringify(sections)));
    await expect(assertNoClassifier(store, { way: 'add --overwrite' })).rejects.toThrow(
      'there is a classifier in classifiers/few already; add --overwrite',
    );
    await assertNoClassifier(store, { way: '', overwrite: true });
    done(all);
  });

  it('can be fine-tuned, with weights of its own', async () => {
    const bytes = imageEncoder;
    const { numTensors } = tf.memory();
    const all = await there(bytes, twoClasses(24), tuning);
    expect(all.trained.description).toMatchObject({
      kind: 'fine-tuned',
      trainedOn: { settings: { learningRate: 0.01, steps: 6 } },
      judged: { by: 'held-out part', samples: 5 },
    });
    const linear = await there(bytes, twoClasses(24), {});
    expect(linear.trained.description.encoder.sha256).toBe(all.trained.description.encoder.sha256);
    done(all);
    done(linear);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('can be fine-tuned on mixed images', async () => {
    const bytes = imageEncoder;
    const kernels: Record<string, Uint8Array> = {};
    for (const mixing of [{ cutmix: 1 }, { mixup: 0.2, cutmix: 1 }]) {
      const { trained, ...rest } = await there(bytes, twoClasses(24), { ...tuning, ...mixing });
      expect(trained.description.trainedOn.settings).toEqual({ learningRate: 0.01, epochs: 1, steps: 6, batchSize: 8, ...mixing });
      for (const other of Object.values(kernels)) expect(trained.bytes).not.toEqual(other);
      kernels[JSON.stringify(mixing)] = trained.bytes;
      done({ trained, ...rest } as never);
    }
    expect(await refused(bytes, twoClasses(24), { ...tuning, mixup: -1 })).toContain('`mixup` must be a number > 0, got -1');
  });

  it('refuses what it cannot learn from, other encoders and damaged files', async () => {
    const bytes = imageEncoder;
    const encoder = await loadEncoder(bytes);
    const open = (data: object) => openSamplesFor(encoder, { data, testFraction: 0 });
    const { images, shape } = twoClasses(6);
    await expect(trainClassifier(encoder, await open({ images, shape }), { name: 'a' })).rejects.toThrow(
      'there are no labels in array; give labeled images',
    );
    const one = { ...twoClasses(6), labels: [0, 0, 0, 0, 0, 0] };
    await expect(trainClassifier(encoder, await open(one), { name: 'a' })).rejects.toThrow(
      "all 6 labeled images of array are of one class, 'top'",
    );
    await expect(trainClassifier(encoder, await open(twoClasses(6)), { name: '../a' })).rejects.toThrow(
      'the name of a classifier must be at most 80 letters',
    );
    const { bytes: file, classifier } = await trainClassifier(encoder, await open(twoClasses(8)), { name: 'a' });
    classifier.dispose();
    encoder.dispose();
    const other = await encoderBytes({ ...tiny, data: twoClasses(40), seed: 7 });
    await expect(loadClassifier(file, { encoder: other })).rejects.toThrow('the classifier a was made with other weights of its encoder');
    await expect(loadClassifier(bytes, { encoder: bytes })).rejects.toThrow('the file holds no classifier');
    const damaged = file.slice();
    damaged[damaged.length - 3]! ^= 1;
    await expect(loadClassifier(damaged, { encoder: bytes })).rejects.toThrow('the checkpoint is damaged');
  });
});

describe('a classifier of texts', () => {
  it('is linear or fine-tuned, and says the same when it is loaded', async () => {
    const bytes = await encoderBytes({
      ...{
        task: 'masked-language',
        data: { texts: sentences(60) },
        length: 18,
        vocabularySize: 100,
        epochs: 1,
        batchSize: 12,
        backend: 'cpu',
      },
      encoderOptions: { numLayers: 1, width: 16, numHeads: 2 },
    });
    const texts = Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? `the cat number ${i}` : `in the house of the fish ${i}`));
    const data = { texts, labels: texts.map((_, i) => i % 2), classNames: ['cat', 'house'] };
    for (const method of [{}, { ...tuning, options: { pooling: 'mean' } }]) {
      const all = await there(bytes, data, method);
      expect(all.trained.description).toMatchObject({ modality: 'text', trainedOn: { samples: 16 } });
      const { classes } = await all.loaded.predict(['the cat', 'in the house of the fish']);
      expect(classes).toHaveLength(2);
      done(all);
    }
    expect(await refused(bytes, data, { ...tuning, cutmix: 1 })).toContain(
      '`cutmix` mixes images, and the encoder takes text; leave it out',
    );
  });
});

describe('a classifier of videos', () => {
  it('reads the mean over the frames', async () => {
    const [count, size, frames] = [12, 8, 4];
    const frameOf = (video: number, frame: number) => Uint8Array.from({ length: size * size * 3 }, (_, i) => (video % 2 === 0 ? 30 : 190) + ((i * 7 + video * 3 + frame) % 40)); // prettier-ignore
    const flat = (list: Uint8Array[]) => Uint8Array.from(list.flatMap((one) => [...one]));
    const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
    const videos: StillVideos = {
      ...{ name: 'lamps', length: count, clipLength: frames, height: size, width: size, channels: 3 },
      readClips: (indices) =>
        Promise.resolve({
          pixels: flat(Array.from(indices).flatMap((video) => Array.from({ length: frames }, (_, frame) => frameOf(video, frame)))),
          shape: [indices.length, frames, size, size, 3],
          indices: Int32Array.from(indices),
        }),
      stills: {
        ...{ name: 'lamps', length: count, height: size, width: size, channels: 3, labels, classNames: ['off', 'on'] },
        read: (indices) =>
          Promise.resolve({ pixels: flat(Array.from(indices, (video) => frameOf(video, 2))), shape: [indices.length, size, size, 3], indices: Int32Array.from(indices) }), // prettier-ignore
      },
    };
    const bytes = await encoderBytes({ task: 'frame-order', data: videos, epochs: 1, batchSize: 4, encoder: 'conv-net', encoderOptions: { widths: [4, 8] }, backend: 'cpu' }); // prettier-ignore
    const all = await there(bytes, videos, {});
    expect(all.trained.description).toMatchObject({ modality: 'video', trainedOn: { unit: 'videos' }, classes: ['off', 'on'] });
    expect(all.trained.description.judged!.accuracy).toBe(1);
    const { classes } = await all.loaded.predict(videos);
    expect(classes.slice(0, 4)).toEqual(['off', 'on', 'off', 'on']);
    done(all);
  });
});

describe('counts of labels', () => {
  it('are numbers, all, or so many per class', () => {
    const labels = [0, 0, 0, 0, 1, 1, 2];
    expect([parseLabelCount('10'), parseLabelCount(' all'), parseLabelCount('2-per-class')]).toEqual([10, 'all', '2-per-class']);
    expect([10, 3, 'all' as const, '2-per-class' as const].map((count) => resolveLabelCount(count, labels))).toEqual([7, 3, 7, 5]);
    const chosen = chooseLabels(labels, { count: '2-per-class', seed: 0 });
    expect(Array.from(chosen, (i) => labels[i])).toEqual([0, 0, 1, 1, 2]);
    const rare = [...new Array<number>(900).fill(0), ...new Array<number>(96).fill(1), ...new Array<number>(4).fill(2)];
    const drawn = Array.from(chooseLabels(rare, { count: 100, seed: 0 }), (i) => rare[i]!);
    expect([0, 1, 2].map((c) => drawn.filter((label) => label === c).length)).toEqual([90, 9, 1]); // not 48, 48, 4
    for (const text of ['0', 'many', '1.5', '-per-class', ''])
      expect(() => parseLabelCount(text, '--label-counts')).toThrow(
        `--label-counts must be integers >= 1, such as 100, or 10-per-class, or all, got '${text}'`,
      );
  });
});
