import type { Batch, PretextTask, Targets } from '@selfsup/core';
import { createRng, drawNormal } from '@selfsup/core';
import { convNet, linear, projectionHead, sequential, stateless } from '@selfsup/encoders';
import { conformanceChecks, type ConformanceOptions } from '@selfsup/testing';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import {
  tinyBatch,
  tinyBert,
  tinyDiscriminatorHead,
  tinyGenerator,
  tinyGeneratorHead,
  tinyHead,
  tinyMasking,
  tinyNextSentenceHead,
} from '../fixtures/tiny-text.ts';
import { maskedLanguage } from './masked-language.ts';
import { nextToken } from './next-token.ts';
import { replacedToken } from './replaced-token.ts';
import { simclr } from './simclr.ts';

// The kit of @selfsup/testing over every task: add a row for yours.
const [size, channels, features] = [4, 3, 8];
/** Pixels to features without normalisation, so that ranks can be compared; smooth, so that central differences are exact. */
const tinyEncoder = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1])),
  dense: linear({ inputDim: size * size * channels, outputDim: features }),
  tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
});
const tinyProjection = linear({ inputDim: features, outputDim: 6 });
/** Views of random images with noise: float32 `[rows, side, side, channels]` each. */
const viewsAt = (step: number, { count = 2, rows = 4, side = size } = {}) => {
  const rng = createRng(5).fold(step);
  const draw = (tag: string | number) => drawNormal(rng.fold(tag), rows * side * side * channels, { standardDeviation: 0.5 });
  const images = draw('images');
  const shape: [number, number, number, number] = [rows, side, side, channels];
  return {
    views: Array.from({ length: count }, (_, v) =>
      tf.tensor4d(
        draw(v).map((x, i) => 0.3 * x + images[i]!),
        shape,
      ),
    ),
  };
};
/** Without padding, so that both ranks have as many tokens. */
const unpadded = (step: number) => {
  const { tokenIds, attentionMask, segmentIds, nextSentence } = tinyBatch(step);
  const rows = tf.slice(tokenIds, [0, 0], [6, tokenIds.shape[1]]);
  tf.dispose([tokenIds, attentionMask, segmentIds, nextSentence]);
  return { tokenIds: rows };
};
const masksPerRank = { ranks: 'every rank draws masks of its own and counts its own tokens' };

const row = <B extends Batch, T extends Targets>(
  name: string,
  task: PretextTask<B, T>,
  options: Omit<ConformanceOptions<B, T>, 'task'>,
): [string, ConformanceOptions] => [name, { task, gradientSamples: 1, ...options } as unknown as ConformanceOptions];
const tasks: readonly (readonly [string, ConformanceOptions])[] = [
  row('simclr', simclr({ backbone: tinyEncoder, projectionHead: tinyProjection }), { batchAt: viewsAt }),
  row('simclr, three views', simclr({ backbone: tinyEncoder, projectionHead: tinyProjection, temperature: 0.1 }), {
    batchAt: (step) => viewsAt(step, { count: 3 }),
  }),
  row(
    'simclr on conv-net with batch normalisation',
    simclr({
      backbone: convNet({ channels, widths: [4, 6] }),
      projectionHead: projectionHead({ inputDim: 6, hiddenDim: 6, outputDim: 5 }),
    }),
    {
      batchAt: (step) => viewsAt(step, { rows: 6, side: 8 }),
      skip: { ranks: 'batch normalisation takes its statistics per rank' },
    },
  ),
  row('masked-language', maskedLanguage({ backbone: tinyBert(), head: tinyHead, masking: tinyMasking }), {
    batchAt: (step) => tinyBatch(step),
    skip: masksPerRank,
  }),
  row(
    'masked-language with next sentences',
    maskedLanguage({ backbone: tinyBert(), head: tinyHead, masking: tinyMasking, nextSentenceHead: tinyNextSentenceHead }),
    { batchAt: (step) => tinyBatch(step), skip: masksPerRank },
  ),
  row(
    'replaced-token',
    replacedToken({
      backbone: tinyBert(),
      generator: tinyGenerator(),
      generatorHead: tinyGeneratorHead,
      discriminatorHead: tinyDiscriminatorHead,
      masking: tinyMasking,
    }),
    { batchAt: (step) => tinyBatch(step), skip: masksPerRank },
  ),
  row('next-token', nextToken({ backbone: tinyBert(0), head: tinyHead }), { batchAt: unpadded }),
];

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
  await tf.setBackend('cpu');
});

describe.each(tasks)('%s', (_, options) => {
  for (const { name, run, skipped } of conformanceChecks(options)) it.skipIf(skipped !== undefined)(name, run);
});
