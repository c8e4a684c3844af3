import { bert, type BertEncoder } from '@selfsup/encoders';
import { createRng, drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadEncoder } from '../load-encoder.ts';
import { pretrain } from '../pretrain.ts';
import type { RunConfig } from '../run-config.ts';
import { parseRunFile } from '../run-file.ts';
import { memoryStore, readText } from '../run-store.ts';
import { ppmiStart } from './ppmi-start.ts';
import { readCounts } from './token-counts.ts';

/** Two topics: words of a farm, words of the sea; what all texts share says nothing. */
const farm = ['cow', 'barn', 'hay', 'plough', 'milk', 'horse'];
const sea = ['ship', 'wave', 'sail', 'anchor', 'salt', 'harbor'];
const drawn = drawUniform(createRng(5), 600);
const texts = Array.from({ length: 120 }, (_, i) => {
  const words = i % 2 === 0 ? farm : sea;
  return ['the', ...Array.from({ length: 4 }, (_, k) => words[Math.floor(6 * drawn[5 * i + k]!)]!), 'and', 'of'].join(' ');
});
const labels = texts.map((_, i) => i % 2);

async function run(config: RunConfig, store = memoryStore()) {
  for await (const event of pretrain(
    { data: { texts }, backend: 'cpu', length: 12, encoderOptions: { numLayers: 1, width: 16, numHeads: 2 }, ...config },
    { store },
  ))
    if (event.type === 'end') return { ...event, store };
  throw new Error('the run did not end');
}

const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b);

describe('text within minutes', () => {
  it('starts from the mutual information of words, and is read by their mean', async () => {
    const store = memoryStore();
    for await (const event of pretrain({ data: { texts, labels }, minutes: 1, backend: 'cpu', length: 12 }, { store }))
      if (event.type === 'end') {
        const { settings, options, reasons } = parseRunFile((await readText(store, 'run.json'))!, 'run.json');
        expect(settings).toMatchObject({ task: 'declutr', encoder: 'bert-tiny', start: 'ppmi', readout: 'embedding', epochs: 0 });
        expect(options).toMatchObject({ vocabulary: 'words' });
        expect(reasons).toEqual([
          expect.stringContaining('sequences'),
          expect.stringMatching(/^start ppmi: /),
          expect.stringMatching(/^readout embedding: /),
          'no training on top: fewer than 256 sequences have too few others to be told from',
          'more than 1 minute would give the same run',
        ]);
        const loaded = await loadEncoder(event.encoder);
        try {
          const { data, shape } = await loaded.embed([
            'cow hay and milk',
            'the horse, barn and plough',
            'ship, sail and wave',
            'anchor of salt and harbor',
            'qwerty',
          ]);
          const row = (i: number) => data.slice(i * shape[1], (i + 1) * shape[1]);
          expect(shape).toEqual([5, 128]);
          const across = Math.max(...[0, 1].flatMap((i) => [2, 3].map((k) => cosine(row(i), row(k)))));
          expect(Math.min(cosine(row(0), row(1)), cosine(row(2), row(3)))).toBeGreaterThan(across + 0.3); // no word in common
          expect(Math.hypot(...row(0))).toBeCloseTo(1, 4);
          expect(row(4).every(Number.isFinite)).toBe(true);
        } finally {
          loaded.dispose();
        }
        expect(event.result.probes['knn']!.trained['knn']).toBe(100);
        expect(event.result.verdict[0]).toMatch(/^The start from ppmi (helps|does not help): kNN accuracy 100\.0 %/);
        expect(event.result.alarms).toEqual([]);
      }
  }, 60_000);

  const planned = async (config: RunConfig) => {
    const store = memoryStore();
    for await (const event of pretrain({ data: { texts }, minutes: 0.02, backend: 'cpu', length: 12, batchSize: 8, ...config }, { store }))
      if (event.type === 'start') break; // the plan is kept; nothing needs to be trained
    const { settings, options, reasons } = parseRunFile((await readText(store, 'run.json'))!, 'run.json');
    return { settings, options, reasons };
  };

  it('puts into the plan what the user names, and keeps the rest of it', async () => {
    const { settings, options, reasons } = await planned({ epochs: 1, readoutOptions: { weights: 'none' } });
    expect(settings).toMatchObject({
      task: 'declutr',
      start: 'ppmi',
      readout: 'embedding',
      readoutOptions: { weights: 'none' },
      epochs: 1,
    });
    expect(options).toMatchObject({ vocabulary: 'words' });
    expect(reasons).toContain('`epochs` 1 is your choice, in place of 0');
    await expect(planned({ readoutOptions: { wieghts: 'none' } })).rejects.toThrow(
      /readout embedding has no option `readoutOptions.wieghts`/,
    );
    const random = await planned({ start: 'random' });
    expect(random.settings).toMatchObject({ task: 'declutr', start: 'random', readout: 'embedding' });
    expect(random.settings.epochs).toBeGreaterThan(0);
    expect(random.reasons).toContain('to train nothing was meant for the start ppmi; with yours the time decides the epochs');
  }, 60_000);

  it('says what a task that the user names leaves out', async () => {
    const { settings, options, reasons } = await planned({ task: 'declutr', epochs: 1, batchSize: 8 });
    expect(settings).toMatchObject({ start: 'random', readout: 'global' });
    expect(options).toMatchObject({ vocabulary: 'pieces' });
    expect(reasons[0]).toMatch(
      /^`task` is yours, so .* as usual for declutr: encoder bert-tiny, start random, readout global; without it the plan would be task declutr, encoder bert-tiny, start ppmi, readout embedding, epochs 0$/,
    );
  }, 60_000);

  it('shows how far the start is, and says what to do about texts without halves, or of nothing in common', async () => {
    const stages: { done: number; total: number }[] = [];
    const collect = async (config: RunConfig) => {
      for await (const event of pretrain({
        backend: 'cpu',
        length: 12,
        encoderOptions: { numLayers: 1, width: 16, numHeads: 2 },
        ...config,
      }))
        if (event.type === 'progress' && event.stage.startsWith('Starting')) stages.push(event);
    };
    await collect({ data: { texts }, task: 'declutr', start: 'ppmi', vocabulary: 'words', epochs: 0 });
    const { done, total } = stages.at(-1)!;
    expect(total).toBeGreaterThan(20);
    expect(done).toBe(total);
    const words = Array.from({ length: 300 }, (_, i) => farm[i % 6]!);
    await expect(collect({ data: { texts: words }, task: 'declutr', vocabulary: 'words', epochs: 1 })).rejects.toThrow(
      'declutr tells halves of texts apart, and 100 % of the training sequences have fewer than two tokens; give longer texts, or another task',
    );
    await expect(collect({ data: { texts: words }, task: 'span-corruption', vocabulary: 'words', epochs: 1 })).rejects.toThrow(
      'span-corruption takes spans out of texts, and 100 % of the training sequences have fewer than two tokens; give longer texts, or another task',
    );
    await expect(
      collect({ data: { texts: words }, task: 'masked-language', start: 'ppmi', vocabulary: 'words', epochs: 0 }),
    ).rejects.toThrow(/^texts is too little text for `start` ppmi: .*give more texts, or begin with `start` random/);
  });

  it('weighs words by how few texts have them; damage to the counts is found', async () => {
    const { store, encoder } = await run({
      task: 'masked-language',
      start: 'ppmi',
      readout: 'embedding+top',
      vocabulary: 'words',
      epochs: 0,
    });
    const text = (await readText(store, 'token-counts.json'))!;
    const loaded = await loadEncoder(encoder);
    try {
      const vocabularySize = (loaded.module as unknown as BertEncoder).wordEmbedding.shape[0];
      const { tokenWeights, unigram } = readCounts({ 'token-counts.json': text }, vocabularySize);
      const id = (word: string) => JSON.parse(loaded.files['tokenizer.json']!).model.vocab[word] as number; // eslint-disable-line
      expect(tokenWeights[id('cow')]!).toBeGreaterThan(2 * tokenWeights[id('the')]!);
      expect(unigram[id('the')]!).toBeGreaterThan(unigram[id('cow')]!);
      expect(tokenWeights[0]).toBe(0);
      const { shape } = await loaded.embed(['cow']);
      expect(shape).toEqual([1, 32]);
      for (const broken of [undefined, '{', '{"tokenWeights":[1]}', text.replace('[', '["x",')])
        expect(() => readCounts(broken === undefined ? {} : { 'token-counts.json': broken }, vocabularySize)).toThrow(
          /token-counts.json of the run is (not there|damaged)/,
        );
    } finally {
      loaded.dispose();
    }
  });

  it('heads that say tokens begin with how often each is there, and with zeros after another start', async () => {
    const entropies = async (task: string, start: string) => {
      const { result } = await run({ task, start, vocabulary: 'words', epochs: 0, testFraction: 0.2 });
      const { untrained, unigramLoss } = result.probes['held-out']!.baselines;
      return [untrained!, unigramLoss!] as const;
    };
    for (const task of ['masked-language', 'next-token']) {
      const [before, unigram] = await entropies(task, 'ppmi');
      expect(before).toBeLessThan(unigram + 0.3); // five of 21 tokens are special, and next-token says where texts end, too
      const [uniform, same] = await entropies(task, 'random');
      expect(uniform).toBeGreaterThan(same + 0.33);
    }
  });

  it('the start is the same for the same seed, and another for another', async () => {
    const start = async (seed: number) =>
      (await run({ task: 'masked-language', start: 'ppmi', vocabulary: 'words', epochs: 0, seed })).encoder;
    const tableOf = async (bytes: Uint8Array) => {
      const loaded = await loadEncoder(bytes);
      const values = await loaded.module.trainable['embeddings/word/weight']!.data();
      loaded.dispose();
      return values;
    };
    const [one, again, other] = [await tableOf(await start(1)), await tableOf(await start(1)), await tableOf(await start(2))];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('disposes what it makes', async () => {
    const encoder = bert({ numLayers: 1, width: 8, numHeads: 2, vocabularySize: 20 })(createRng(0));
    const before = tf.memory().numTensors;
    const rows = {
      tokenIds: Int32Array.from([2, 5, 6, 3, 2, 5, 7, 3]),
      attentionMask: new Int32Array(8).fill(1),
      shape: [2, 4] as const,
      indices: Int32Array.of(0, 1),
    };
    const dataset = {
      name: 'rows',
      unit: 'sequences' as const,
      length: 2,
      sequenceLength: 4,
      vocabularySize: 20,
      read: () => Promise.resolve(rows),
    };
    const samples = { name: 'rows', length: 2, dataset, tokenizer: { specialIds: [0, 1, 2, 3, 4] }, pooling: 'mean' };
    const progress = { stage: () => ({ update: () => undefined, end: () => undefined }), line: () => undefined, warn: () => undefined };
    await expect(ppmiStart.apply(encoder, { samples, input: {}, files: {}, rng: createRng(1), progress })).rejects.toMatchObject({
      code: 'SELFSUP_DATA',
    });
    expect(tf.memory().numTensors).toBe(before);
    encoder.dispose();
  });
});
