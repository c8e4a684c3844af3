// Four steps of SimCLR through the packages; the same function runs in Node and in a page, so that the two can be compared bit by bit.
import { simclrViews } from '@selfsup/augment';
import { selectBackend, type SelectBackendOptions } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, projectionHead } from '@selfsup/encoders';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { sgd } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

/** What a short run leaves: its losses, the sha256 of its checkpoint, and how many tensors are still alive. */
export interface BriefRun {
  readonly backend: string;
  readonly losses: readonly number[];
  readonly checkpoint: string;
  readonly tensors: number;
}

/**
 * Trains for four steps on the wasm backend.
 *
 * @param options `wasmPath`, where a page finds tfjs-backend-wasm's files
 * @returns see {@link BriefRun}
 */
export async function trainBriefly(options: SelectBackendOptions): Promise<BriefRun> {
  const { description } = await selectBackend({ prefer: 'wasm', ...options });
  const backbone = convNet({ channels: 3, widths: [8, 16] });
  const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 16, outputDim: 8 });
  const task = simclr({ backbone, projectionHead: head });
  const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), totalSteps: 4, seed: 0 });
  const views = simclrViews({ preset: 'cifar', size: 16 });
  const losses: number[] = [];
  await fit(trainer, {
    source: createLoader(shapes({ count: 64, seed: 0, size: 16 }), { batchSize: 16, rng: createRng(0) }),
    prepare: (pixels, { rng }) => ({ views: views(toImages(pixels), rng) }),
    epochs: 1,
    callbacks: { onStep: ({ loss }) => void losses.push(loss) },
  });
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', (await trainer.save()) as BufferSource));
  trainer.dispose();
  const checkpoint = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { backend: description, losses, checkpoint, tensors: tf.memory().numTensors };
}
