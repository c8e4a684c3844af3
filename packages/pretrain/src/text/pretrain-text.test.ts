import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { sentences } from '../../fixtures/tiny-text.ts';
import type { RunEvent } from '../events.ts';
import { evaluateKnn, openSamplesFor } from '../evaluate-encoder.ts';
import { loadEncoder } from '../load-encoder.ts';
import { pretrain } from '../pretrain.ts';
import type { RunConfig } from '../run-config.ts';
import { memoryStore } from '../run-store.ts';

const config = {
  task: 'masked-language',
  data: { texts: sentences(200), name: 'pets' },
  length: 18,
  vocabularySize: 120,
  encoderOptions: { numLayers: 1, width: 32, numHeads: 2, dropoutRate: 0, attentionDropoutRate: 0 },
  batchSize: 16,
  testFraction: 0.2,
  learningRate: 0.01,
  biasCorrection: true,
  epochs: 8,
} satisfies RunConfig;

async function run(given: RunConfig, store = memoryStore()) {
  const events: RunEvent[] = [];
  for await (const event of pretrain(given, { store, report: true })) events.push(event);
  const end = events.find((event) => event.type === 'end');
  return { events, end, result: end!.result };
}

describe('pretraining on text in memory', () => {
  it('learns, tells whether it helped, and gives an encoder of texts', async () => {
    const { numTensors } = tf.memory();
    const { events, end, result } = await run(config);
    const { trained, baselines } = result.probes['held-out']!;
    expect(trained['heldOutLoss']).toBeLessThan(baselines['unigramEntropy']! - 0.3);
    expect(result.verdict).toEqual([expect.stringMatching(/^Pretraining helped: held-out loss/) as string]);
    expect(result).toMatchObject({
      trainSamples: 160,
      testSamples: 40,
      modality: 'text',
      encoder: 'bert-tiny',
      throughput: { unit: 'tokens' },
    });
    expect(events.filter((event) => event.type === 'probe').at(-1)!.text).toMatch(/^held-out \d\.\d{4} nats/);
    const kinds = end!.report!.sections.map((section) => ('title' in section ? section.title : section.kind));
    expect(kinds).toEqual(expect.arrayContaining(['Guessed words', 'Text', 'Nearest neighbors', 'Map of the embeddings']));
    const charts = end!.report!.sections.flatMap((section) => (section.kind === 'charts' ? section.charts : []));
    expect(charts.find(({ title }) => title === 'Held-out loss')!.series[0]!.points[0]).toEqual([0, baselines['untrained']]);

    const encoder = await loadEncoder(end!.encoder);
    const { data, shape } = await encoder.embed(['the cat lives in the house .', 'the fish']);
    expect([shape, data.every(Number.isFinite)]).toEqual([[2, 32], true]);
    const labels = [0, 1, 0, 1];
    const samples = await openSamplesFor(encoder, {
      data: { texts: ['the cat', 'the house', 'a cat', 'in the house'], labels, test: { texts: ['cat', 'house'], labels: [0, 1] } },
    });
    expect((await evaluateKnn(encoder, samples, { k: 1 })).accuracy['trained']).toBe(100);
    encoder.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('goes on with the tokenizer of the run, to the same weights', async () => {
    const short = { ...config, epochs: 2 };
    const whole = await run(short);
    const store = memoryStore();
    const seconds = pretrain(short, { store });
    for await (const event of seconds) if (event.type === 'epoch') break;
    const { result } = await run({ resume: true, data: config.data }, store);
    expect(result.checkpoint).toBe(whole.result.checkpoint);
    await expect(run({ resume: true, data: { texts: sentences(100) } }, store)).rejects.toThrow(
      'had sequences 160 when it was trained, and has 80 now',
    );
    const changed = { texts: sentences(200).map((text, i) => (i === 0 ? sentences(200)[1]! : text)) };
    await expect(run({ resume: true, data: changed }, store)).rejects.toThrow(
      /the data has other content than when this run was trained \(checksum \w{8} then, \w{8} now\)/,
    );
    const file = (await store.read('tokenizer.json'))!;
    await store.write('tokenizer.json', new TextEncoder().encode(new TextDecoder().decode(file).replace('"cat"', '"cow"')));
    await expect(run({ resume: true, data: config.data }, store)).rejects.toThrow(
      /^tokenizer\.json of .* is damaged or was changed since the run began; restore it, or start a new run$/,
    );
    await store.write('tokenizer.json', file);
    const counts = new TextDecoder().decode(await store.read('token-counts.json'));
    await store.write('token-counts.json', new TextEncoder().encode(counts.replace(/\d/, '7')));
    await expect(run({ resume: true, data: config.data }, store)).rejects.toThrow(/^token-counts\.json of .* is damaged/);
    await store.remove('token-counts.json');
    await expect(run({ resume: true, data: config.data }, store)).rejects.toThrow(/^token-counts\.json of .* is missing since/);
  });

  it('votes by neighbors where texts have labels, and says when it is on the plateau', async () => {
    const texts = sentences(120);
    const { result } = await run({
      ...config,
      epochs: 1,
      data: { texts, labels: texts.map((text) => Number(text.includes('cat'))) },
      task: 'next-token',
      learningRate: 1e-6,
    });
    expect(Object.keys(result.probes)).toEqual(['knn', 'held-out']);
    expect(result.verdict.join(' ')).toContain('pretraining has not left word frequencies');
  });
});
