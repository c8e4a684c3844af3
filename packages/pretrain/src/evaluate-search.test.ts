import { createRng, drawUniform } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { openSamplesFor } from './evaluate-encoder.ts';
import { evaluateClustering, evaluateRetrieval } from './evaluate-search.ts';
import { evaluateAttentiveProbe, evaluateSegmentation } from './image/evaluate-maps.ts';
import { loadEncoder } from './load-encoder.ts';
import { pretrain } from './pretrain.ts';

/** Images in memory: two classes, dark above or below. */
function twoClasses(count: number) {
  const noise = drawUniform(createRng(3), count * 192, { min: 0, max: 60 });
  const images = Uint8Array.from(noise, (value, i) => value + (Math.floor((i % 192) / 96) === Math.floor(i / 192) % 2 ? 150 : 0)); // [count, 8, 8, 3]
  return { images, shape: [count, 8, 8, 3] as const, labels: Array.from({ length: count }, (_, i) => i % 2) };
}

describe('evaluations of an encoder', () => {
  it('searches, clusters, looks at places and segments, and judges the untrained encoder, too', async () => {
    const data = twoClasses(60);
    let bytes: Uint8Array | undefined;
    const config = { task: 'rotation', data, encoder: 'conv-net', encoderOptions: { widths: [4, 8] }, epochs: 0, batchSize: 8, backend: 'cpu' } as const; // prettier-ignore
    for await (const event of pretrain({ ...config, taskOptions: {} })) if (event.type === 'end') bytes = event.encoder;
    const encoder = await loadEncoder(bytes!);
    const samples = await openSamplesFor(encoder, { data, testFraction: 0.4 });
    const found = await evaluateRetrieval(encoder, samples, { ks: [1], baselines: true });
    expect(Object.keys(found)).toEqual(['trained', 'raw pixels', 'untrained']);
    expect(found['raw pixels']!.recall).toEqual({ 1: 1 });
    expect(found['raw pixels']!.meanAveragePrecision).toBeGreaterThan(0.99);
    expect(found['trained']).toEqual(found['untrained']); // it was not trained
    const clusters = await evaluateClustering(encoder, samples, { baselines: true });
    expect(clusters['raw pixels']).toEqual({ nmi: 1, ari: 1, clusters: 2 });
    const attentive = await evaluateAttentiveProbe(encoder, samples, { epochs: 5, baselines: true });
    expect(attentive['trained']!.accuracy).toBeGreaterThan(30); // places of a convolution do not know where they are
    expect(attentive['untrained']).toEqual(attentive['trained']);
    const segmented = await evaluateSegmentation(encoder, { train: 30, test: 10, layer: 'layer1' });
    expect(segmented['trained']!.pixelAccuracy).toBeGreaterThan(50);
    expect(segmented['trained']!.meanIou).toBeGreaterThan(4);
    await expect(evaluateAttentiveProbe(encoder, samples, { numHeads: 7 })).rejects.toThrow(
      '`numHeads` must be a divisor of the 8 channels of the map, got 7',
    );
    await expect(evaluateSegmentation(encoder, { layer: 'layer9' })).rejects.toThrow(
      "the encoder conv-net has no layer 'layer9'; did you mean",
    );
    await expect(evaluateClustering(encoder, samples, { clusters: 1 })).rejects.toThrow('`clusters` must be an integer >= 2, got 1');
    await expect(evaluateClustering(encoder, samples, { clusters: 25 })).rejects.toThrow(
      '`clusters` must be at most 24, the number of test images with a label, got 25',
    );
    const one = await openSamplesFor(encoder, { data: { ...data, labels: data.labels.map(() => 0) }, testFraction: 0.4 });
    await expect(evaluateClustering(encoder, one)).rejects.toThrow('the test images must have at least 2 classes, got 1');
    encoder.dispose();
  });
});
