import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { gray } from '../../fixtures/gray-images.ts';
import { sentences } from '../../fixtures/tiny-text.ts';
import { tinyVideos } from '../../fixtures/tiny-run.ts';
import { imageModality } from '../image/image-modality.ts';
import { imagePlugin } from '../image/image-plugin.ts';
import { imageTextModality } from '../image-text/image-text-modality.ts';
import { imageTextPlugin } from '../image-text/image-text-plugin.ts';
import { textModality } from '../text/text-modality.ts';
import { textPlugin } from '../text/text-plugin.ts';
import { videoModality } from '../video/video-modality.ts';
import { videoPlugin } from '../video/video-plugin.ts';
import { modalityChecks } from './modality-checks.ts';
import type { ModalityConformanceOptions } from './modality-conformance.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const small = { epochs: 2, batchSize: 6, knnK: 3 };
const labels = Array.from({ length: 30 }, (_, i) => i % 3);
const [images, texts, classNames] = [gray(30, 8), sentences(30), ['a', 'b', 'c']];
const pairs = { textEncoderOptions: { numLayers: 1, width: 8, numHeads: 1 }, vocabularySize: 100, length: 12 };
const bert = { encoder: 'bert-tiny', encoderOptions: { numLayers: 1, width: 16, numHeads: 2 }, vocabularySize: 100, length: 18 };

const kits: Record<string, ModalityConformanceOptions> = {
  'image, simclr': {
    modality: imageModality,
    plugins: [imagePlugin],
    data: { images, shape: [30, 8, 8, 1], labels, classNames },
    run: { ...small, encoder: 'conv-net', encoderOptions: { widths: [4, 8] }, taskOptions: { headOutput: 4 } },
    badData: {
      'no images': { images: new Uint8Array(0), shape: [0, 8, 8, 1] },
      'a value above 255': { images: [0, 300, 0, 0], shape: [1, 2, 2, 1] },
      'images of another number of pixels': { images, shape: [15, 16, 7, 1] },
      'too few labels': { images, shape: [30, 8, 8, 1], labels: [0, 1] },
      'a number': 7,
    },
  },
  'image, mae': {
    modality: imageModality,
    plugins: [imagePlugin],
    data: { images, shape: [30, 8, 8, 1] },
    run: { ...small, task: 'mae', encoder: 'vit-tiny', encoderOptions: { numLayers: 1, width: 16, numHeads: 2 } },
  },
  'video, frame-order': {
    modality: videoModality,
    plugins: [videoPlugin, imagePlugin],
    data: tinyVideos,
    run: { ...small, batchSize: 4, encoder: 'conv-net', encoderOptions: { widths: [4, 8] } },
    badData: {
      'no videos': { ...tinyVideos, length: 0, stills: { ...tinyVideos.stills, length: 0 } },
      'images instead of videos': { images, shape: [30, 8, 8, 1] },
      'a number': 7,
    },
  },
  'image-text, clip on labeled pairs': {
    modality: imageTextModality,
    plugins: [imageTextPlugin, textPlugin],
    data: { images, shape: [30, 8, 8, 1], captions: texts, labels, classNames },
    run: { ...small, encoder: 'conv-net', encoderOptions: { widths: [4, 8], projectionDim: 5 }, ...pairs },
    badData: {
      'too few texts': { images, shape: [30, 8, 8, 1], captions: texts.slice(1) },
      'a text that is empty': { images, shape: [30, 8, 8, 1], captions: texts.map((text, i) => (i === 3 ? '' : text)) },
      'a number': 7,
    },
  },
  'text, masked-language on documents': {
    modality: textModality,
    plugins: [textPlugin],
    data: { texts },
    run: { ...small, ...bert },
    badData: { 'no text': { texts: [] }, 'numbers for texts': { texts: [1, 2] }, 'too few labels': { texts, labels: [0] }, 'a number': 7 },
  },
  'text, next-token on labeled texts': {
    modality: textModality,
    plugins: [textPlugin],
    data: { texts, labels, classNames },
    run: { ...small, ...bert, task: 'next-token' },
  },
  'text, declutr on labeled texts': {
    modality: textModality,
    plugins: [textPlugin],
    data: { texts, labels, classNames },
    run: { ...small, ...bert, task: 'declutr', start: 'ppmi', readout: 'embedding' },
  },
  'text, skip-gram on labeled texts': {
    modality: textModality,
    plugins: [textPlugin],
    data: { texts, labels, classNames },
    run: { ...small, ...bert, task: 'skip-gram', readout: 'embedding' },
  },
};

describe.each(Object.entries(kits))('%s', (_, kit) => {
  const checks = modalityChecks(kit);
  it.each(checks.map(({ name, run }) => [name, run] as const))('%s', async (_name, run) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
