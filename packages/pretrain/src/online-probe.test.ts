import { createRng, drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from './events.ts';
import { rawPixels } from './image/encode-images.ts';
import { imageModality } from './image/image-modality.ts';
import { parseMetrics } from './metrics-log.ts';
import type { RunData } from './modality.ts';
import { createOnlineProbe } from './online-probe.ts';
import { pretrain } from './pretrain.ts';
import type { Measures } from './probe.ts';
import type { RunConfig } from './run-config.ts';
import { memoryStore, readText } from './run-store.ts';

/** Images in memory: two classes, dark above or below. */
function twoClasses(count: number, labels = true) {
  const noise = drawUniform(createRng(3), count * 64, { min: 0, max: 60 });
  return {
    images: Uint8Array.from(noise, (value, i) => value + ((i % 64) >> 5 === (i >> 6) % 2 ? 150 : 0)), // [count, 8, 8, 1]
    shape: [count, 8, 8, 1] as const,
    ...(labels && { labels: Array.from({ length: count }, (_, i) => i % 2), classNames: ['top', 'bottom'] }),
  };
}

const tiny: RunConfig = {
  ...{ task: 'simclr', data: twoClasses(60), encoder: 'conv-net', encoderOptions: { widths: [4, 8] }, taskOptions: { headOutput: 4 } },
  ...{ epochs: 2, batchSize: 12, accumulate: 2, testFraction: 0.2, probeEvery: 1, backend: 'cpu' },
};

async function run(config: RunConfig, report = false, store = memoryStore('run')) {
  const events: RunEvent[] = [];
  for await (const event of pretrain(config, { store, report })) events.push(event);
  return { store, events, end: events.find((event) => event.type === 'end')! };
}

describe('onlineProbe', () => {
  it('learns beside a run, tells how it does, and changes no bit of it', async () => {
    const [plain, probed] = [await run(tiny), await run({ ...tiny, onlineProbe: true }, true)];
    const bytes = async ({ store }: typeof plain) => Buffer.from((await store.read('checkpoint.safetensors'))!).toString('base64');
    expect(await bytes(probed)).toBe(await bytes(plain));
    expect(probed.end.encoder).toEqual(plain.end.encoder);
    const records = parseMetrics((await readText(probed.store, 'metrics.jsonl'))!);
    const losses = ({ events }: typeof plain) => events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    expect(losses(probed)).toEqual(losses(plain));
    const online = records.filter(({ type }) => type === 'step').map(({ onlineLoss, onlineAccuracy }) => [onlineLoss, onlineAccuracy]);
    expect(online).toHaveLength(losses(plain).length);
    expect(online[0]![0]).toBeCloseTo(Math.log(2), 2); // it starts from zeros; the second of two batches is judged after one update
    expect(Number(online.at(-1)![0])).toBeLessThan(Math.log(2));
    const measured = records.filter(({ type }) => type === 'online-probe');
    expect(measured.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    expect(measured[0]!['chance']).toBe(75); // of 12 test images
    expect((Number(measured.at(-1)!['accuracy']) / 100) * 12).toBeCloseTo(Math.round((Number(measured.at(-1)!['accuracy']) / 100) * 12), 3);
    expect(probed.end.result.comparisons.map(({ title }) => title)).toEqual(['kNN accuracy', 'online linear probe']);
    expect(probed.end.result.verdict.join()).not.toContain('online'); // there is nothing that it would have to beat
    expect(JSON.stringify(probed.end.report)).toContain('Online linear probe on the training views');
    expect(tf.memory().numTensors).toBe(0);
  });

  it('learns what linear features tell, from labeled samples only', async () => {
    const labels = Int32Array.from({ length: 24 }, (_, i) => (i % 4 === 3 ? -1 : i % 2));
    const { images } = twoClasses(24);
    const samples = { name: 'two', length: 24, labels };
    const data = { name: 'two', unit: 'images', train: samples, test: samples } as unknown as RunData;
    const pixels = tf.tensor4d(
      Float32Array.from(images, (byte) => byte / 255),
      [24, 8, 8, 1],
    );
    const indices = Int32Array.from({ length: 24 }, (_, i) => i);
    const rows = tf.tidy(() => rawPixels.apply(pixels, { training: false }).dataSync());
    const features = { data: Float32Array.from(rows), shape: [24, 64] as const, indices };
    const encoded = () => ({ bank: { samples, features }, test: { samples, features } });
    const probe = createOnlineProbe(rawPixels, { modality: imageModality, data, encoded });
    expect(await probe.measure()).toEqual({});
    expect(await probe.baselines()).toEqual({ chance: (100 * 12) / 18 });
    const found: Measures[] = [];
    for (let step = 0; step < 20; step++) {
      probe.observe({ indices }, { views: [pixels, pixels] });
      found.push(await probe.onStep());
    }
    expect(found[0]!['onlineLoss']).toBeCloseTo(Math.log(2), 5); // it starts from zeros
    expect(found[0]!['onlineAccuracy']).toBeCloseTo((100 * 12) / 18, 3); // all are of the first class
    expect(found.at(-1)).toMatchObject({ onlineAccuracy: 100 });
    expect(found.at(-1)!['onlineLoss']).toBeLessThan(0.2);
    const { accuracy } = await probe.measure();
    expect(accuracy).toBe(100); // of those that have a label
    expect(await probe.onStep()).toEqual({}); // nothing was observed
    probe.dispose();
    pixels.dispose();
  });

  it('says what it needs', async () => {
    const store = memoryStore();
    await expect(run({ ...tiny, data: twoClasses(60, false), onlineProbe: true }, false, store)).rejects.toThrow(
      '`onlineProbe` needs labels of training and test images',
    );
    expect(await store.list()).toEqual([]); // before anything is begun
    const text: RunConfig = { task: 'masked-language', data: { texts: Array.from({ length: 40 }, (_, i) => `some text of the number ${i}, which is longer`) }, encoder: 'bert-tiny', epochs: 1, batchSize: 4, backend: 'cpu' }; // prettier-ignore
    await expect(run({ ...text, onlineProbe: true })).rejects.toThrow('`onlineProbe` is not there for data of the kind text');
  });
});
