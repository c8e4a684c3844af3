import { createRng } from '@selfsup/core';
import { arrayTexts, wordPieceTokenizer } from '@selfsup/data/text';
import { bert } from '@selfsup/encoders';
import { fineTune } from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textContext } from '../../fixtures/tiny-text.ts';
import type { AnyModule, EncodeOptions, SamplesRequest } from '../modality.ts';
import { parseOptions } from '../option-schema.ts';
import { silentProgress } from '../progress.ts';
import { encodeTexts } from './encode-texts.ts';
import { openTextSamples } from './open-text-samples.ts';
import { hashTokenizer } from './run-tokenizer.ts';
import { textExamples, textFeatureEncoder } from './text-examples.ts';
import { textOptions, type TextOptions } from './text-options.ts';
import { textSamples } from './text-samples.ts';

const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'good', 'bad', 'film', 'a', 'the']);
const LENGTH = 20;
const factory = bert({ numLayers: 1, width: 16, numHeads: 2, vocabularySize: tokenizer.vocabularySize, maxPositions: LENGTH });
const input = { vocabularySize: tokenizer.vocabularySize, length: LENGTH, tokenizerHash: 'unknown' };
const options: EncodeOptions = { input, files: {}, progress: silentProgress, stage: 'Encoding' };
const texts = Array.from({ length: 70 }, (_, i) => `${'a film the '.repeat(i % 6)}${i % 3 === 0 ? 'good' : 'bad'}`);
const samplesOf = (pooling: 'mean' | 'first') =>
  textSamples(arrayTexts(texts, { tokenizer, length: LENGTH }), { tokenizer, pooling, texts });

let encoder: ReturnType<typeof factory>;
beforeAll(async () => {
  await tf.setBackend('cpu');
  encoder = factory(createRng(0));
});
afterAll(() => {
  encoder.dispose();
});

/** The states of one text, without filling. */
function statesOf(text: string, mask?: (length: number) => tf.Tensor3D): number[][] {
  const { ids } = tokenizer.encode(text, { maxLength: LENGTH });
  return tf.tidy(() => {
    const tokenIds = tf.tensor2d(ids, [1, ids.length], 'int32');
    return encoder.encode({ tokenIds, ...(mask && { attentionMask: mask(ids.length) }) }, { training: false }).arraySync()[0]!;
  });
}
const meanOf = (states: number[][]) =>
  states[0]!.map((_, column) => states.reduce((sum, state) => sum + state[column]!, 0) / states.length);
const gap = (a: ArrayLike<number>, b: ArrayLike<number>) => Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

describe('encodeTexts', () => {
  it.each(['mean', 'first'] as const)('gives the %s of the states, whatever shares the batch, in order', async (pooling) => {
    const { numTensors } = tf.memory();
    const { data, shape, indices } = await encodeTexts(encoder, samplesOf(pooling), options);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(shape).toEqual([70, 16]);
    expect([...indices]).toEqual(texts.map((_, i) => i));
    for (const i of [0, 1, 5, 33, 69]) {
      const states = statesOf(texts[i]!);
      expect(gap(data.subarray(16 * i, 16 * (i + 1)), pooling === 'mean' ? meanOf(states) : states[0]!), texts[i]).toBeLessThan(1e-5);
    }
    const some = await encodeTexts(encoder, samplesOf(pooling), { ...options, indices: [69, 5, 5] });
    expect([...some.indices]).toEqual([69, 5, 5]);
    expect(
      gap(
        some.data,
        [69, 5, 5].flatMap((i) => [...data.subarray(16 * i, 16 * (i + 1))]),
      ),
    ).toBeLessThan(1e-5);
  });

  it('sees only what is before a token where the encoder learned so', async () => {
    const causal = { ...options, input: { ...input, attention: 'causal' } };
    const { data } = await encodeTexts(encoder, samplesOf('mean'), causal);
    const mask = (length: number) =>
      tf.tensor3d(
        Array.from({ length: length ** 2 }, (_, i) => Number(i % length <= Math.floor(i / length))),
        [1, length, length],
      );
    expect(gap(data.subarray(16 * 5, 16 * 6), meanOf(statesOf(texts[5]!, mask)))).toBeLessThan(1e-5);
    expect(gap(data.subarray(16 * 5, 16 * 6), meanOf(statesOf(texts[5]!)))).toBeGreaterThan(1e-3);
    await expect(encodeTexts(encoder, samplesOf('first'), causal)).rejects.toThrow('`pooling` must be mean');
  });

  it('says how far it is, stops when asked to, and refuses what is not text', async () => {
    const said: string[] = [];
    const progress = {
      ...silentProgress,
      stage: () => ({ update: (done: number) => said.push(String(done)), end: () => said.push('end') }),
    };
    await encodeTexts(encoder, samplesOf('mean'), { ...options, progress });
    expect(said).toEqual(['64', '70', 'end']);
    await expect(encodeTexts(encoder, samplesOf('mean'), { ...options, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
    await expect(encodeTexts(encoder, samplesOf('mean'), { ...options, indices: [] })).rejects.toThrow('at least one text');
    await expect(encodeTexts(encoder, { name: 'photos', length: 1 }, options)).rejects.toThrow('photos does not hold text');
    const { trainable, buffers } = encoder;
    const plain: AnyModule = { trainable, buffers, apply: (x) => x, dispose: () => undefined };
    await expect(encodeTexts(plain, samplesOf('mean'), options)).rejects.toMatchObject({ code: 'SELFSUP_PLUGIN_API' });
  });
});

describe('texts for an encoder', () => {
  const request = async (data: unknown, more: Partial<SamplesRequest<TextOptions>> = {}): Promise<SamplesRequest<TextOptions>> => ({
    data,
    options: parseOptions(textOptions, { length: 99 }, { who: 'text' }),
    seed: 0,
    testFraction: 0.25,
    input: { ...input, tokenizerHash: await hashTokenizer(tokenizer) },
    ...more,
  });
  const opened = async (...args: Parameters<typeof request>) => {
    const given = await request(...args);
    const files = { 'tokenizer.json': JSON.stringify(tokenizer.toJson()) };
    return openTextSamples(given, textContext({ earlier: { input: given.input, files } }));
  };
  const labeled = { texts: texts.slice(0, 8), labels: [0, 1, 1, 0, 1, 1, 0, 1], classNames: ['good', 'bad'], name: 'reviews' };

  it('are split as they were found, or held out where they have labels', async () => {
    const found = await opened(labeled);
    const { name, unit, train, test } = found;
    expect([name, unit, train.length, test!.length, train.classNames, found.skipped()]).toEqual([
      'reviews',
      'texts',
      6,
      2,
      ['good', 'bad'],
      [],
    ]);
    expect((await opened({ texts: labeled.texts })).test).toBeUndefined();
    const own = await opened({ ...labeled, test: { texts: ['good'], labels: [0] } }, { limit: 4 });
    expect([own.train.length, own.test!.length]).toEqual([4, 1]);
    const other = await opened(labeled, { testData: { texts: ['bad', 'good'], labels: [1, 0] }, testLimit: 1 });
    expect([other.train.length, other.test!.length]).toEqual([8, 1]);
  });

  it('of the run itself are its sequences', async () => {
    const { train, test, unit } = await opened(
      { texts: texts.slice(0, 8) },
      { own: true, options: parseOptions(textOptions, { length: LENGTH }, { who: 'text' }) },
    );
    expect([unit, train.length, test!.length]).toEqual(['sequences', 6, 2]);
  });

  it('have no file of labels', async () => {
    await expect(opened(labeled, { labels: 'labels.idx' })).rejects.toThrow('`labels` must be left out for texts');
  });

  it('are examples to fine-tune with', async () => {
    const { train } = await opened(labeled, { testFraction: 0 });
    const examples = await textExamples(train, options);
    expect([examples.numClasses, Array.from(examples.labels)]).toEqual([2, labeled.labels]);
    const { tokenIds, attentionMask } = (await examples.read(Int32Array.of(0, 1))) as Record<'tokenIds' | 'attentionMask', tf.Tensor2D>;
    expect(tokenIds.shape).toEqual([2, 8]);
    expect([...attentionMask.dataSync()]).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0]);
    tf.dispose([tokenIds, attentionMask]);
    const some = await textExamples(train, { ...options, indices: [3] });
    expect(Array.from(some.labels)).toEqual([0]);
    const fresh = factory(createRng(1));
    const tuned = await fineTune({
      encoder: textFeatureEncoder(fresh),
      train: examples,
      test: examples,
      epochs: 1,
      minSteps: 30,
      batchSize: 8,
      learningRate: 0.01,
      seed: 0,
    });
    expect(tuned.accuracy).toBe(1);
    fresh.dispose();
    await expect(textExamples(samplesOf('mean'), options)).rejects.toThrow('there are no labels to fine-tune with in');
    expect(() => textFeatureEncoder(encoder, { pooling: 'last' })).toThrow('fine-tuning on text: `pooling` must be one of first, mean');
  });
});
