import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { pretrain } from '../pretrain.ts';
import type { RunResult } from '../run-result.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
});

it.each([
  ['clip', 128],
  ['siglip', 64],
])(
  '%s finds the class of an image by its name, and an image by its text',
  async (task, batchSize) => {
    let result: RunResult | undefined;
    const config = {
      data: 'captioned-shapes',
      limit: 2000,
      testLimit: 500,
      imageSize: 16,
      encoderOptions: { widths: [16, 32, 64] },
    } as const;
    const more = { vocabulary: 'words', textEncoderOptions: { numLayers: 1, width: 64, numHeads: 2 }, epochs: 10, probeEvery: 0 } as const;
    for await (const event of pretrain({ ...config, ...more, task, batchSize, backend: 'wasm' }))
      if (event.type === 'end') result = event.result;
    const { 'zero-shot': zeroShot, retrieval } = result!.probes;
    expect(zeroShot!.baselines['untrained']).toBeLessThan(15);
    expect(zeroShot!.trained['zeroShot']).toBeGreaterThan(20); // of ten classes, by a tiny network after seconds; measured 33 and 30
    expect(retrieval!.trained['imageRecall10']).toBeGreaterThan(60); // measured 88 and 84
    expect(retrieval!.baselines['imageRecall10']).toBeLessThan(10);
  },
  600_000,
);
