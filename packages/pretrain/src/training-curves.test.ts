// Whole training runs, not single operations: the wasm backend must follow the cpu backend's loss for 50 updates and hold its memory.
// Rates are small: where a training is chaotic, one input of a ReLU that rounds to the other side of 0 grows to any difference.
import { selectBackend } from '@selfsup/backends';
import { createRng, drawNormal, drawPermutation, drawUniform, type AnyPretextTask, type Batch } from '@selfsup/core';
import { bert, convNet, projectionHead } from '@selfsup/encoders';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { adamW, sgd, type GradientTransform } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { maskedLanguageTask } from '../fixtures/masked-language-task.ts';

const STEPS = 50;
const SETTLED = 5; // updates until scratch space and the engine's free lists have their size
const TOLERANCE = 1e-3;

interface Curve {
  readonly losses: readonly number[];
  /** Living tensors, the backend's data and the bytes of its heap after each update. */
  readonly memory: readonly { tensors: number; dataIds: number; heapBytes: number }[];
}

interface Recipe<B extends Batch> {
  readonly task: () => AnyPretextTask;
  readonly optimizer: () => GradientTransform;
  readonly batchAt: (step: number) => B;
}

async function train<B extends Batch>(backend: 'cpu' | 'wasm', recipe: Recipe<B>): Promise<Curve> {
  await selectBackend({ prefer: backend });
  const { numTensors } = tf.memory();
  const trainer = createTrainer({ task: recipe.task(), optimizer: recipe.optimizer(), totalSteps: STEPS, seed: 5 });
  const losses: number[] = [];
  const memory: Curve['memory'][number][] = [];
  while (trainer.step < STEPS) {
    const batch = recipe.batchAt(trainer.step);
    losses.push((await trainer.trainStep(batch)).loss);
    tf.dispose(batch as unknown as tf.TensorContainer);
    const { wasm } = tf.backend() as unknown as { wasm?: { HEAPU8: Uint8Array } };
    memory.push({ tensors: tf.memory().numTensors, dataIds: tf.backend().numDataIds(), heapBytes: wasm?.HEAPU8.byteLength ?? 0 });
  }
  trainer.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
  return { losses, memory };
}

const BATCH = 8;
const SIDE = 12;
/** Views: eight images of waves that differ from step to step, each with noise of its own. */
const contrastive: Recipe<Readonly<Record<'views', readonly tf.Tensor4D[]>>> = {
  task: () => {
    const backbone = convNet({ widths: [8, 16, 32] });
    return simclr({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 32, outputDim: 16 }) });
  },
  optimizer: () => sgd({ learningRate: 0.0015, momentum: 0.9, weightDecay: 5e-4 }),
  batchAt: (step) => {
    const rng = createRng(1).fold(step);
    const waves = drawUniform(rng.fold('waves'), BATCH * 9, { min: -1, max: 1 });
    const view = (name: string) => {
      const noise = drawNormal(rng.fold(name), BATCH * SIDE * SIDE * 3, { standardDeviation: 0.1 });
      const values = noise.map((value, i) => {
        const [channel, x, y, image] = [i % 3, Math.floor(i / 3) % SIDE, Math.floor(i / 3 / SIDE) % SIDE, Math.floor(i / 3 / SIDE / SIDE)];
        const [a, b, c] = [0, 1, 2].map((k) => waves[(image * 3 + channel) * 3 + k]!) as [number, number, number];
        return 0.5 + 0.4 * Math.sin(a * x + b * y + 3 * c) + value;
      });
      return tf.tensor4d(values, [BATCH, SIDE, SIDE, 3]);
    };
    return { views: [view('first'), view('second')] };
  },
};

const LENGTH = 12;
const WORDS = 40;
const MASK = 0;
/** Sentences that count upwards from one of four words; a quarter of the words is hidden. */
const maskedLanguage: Recipe<Readonly<{ tokenIds: tf.Tensor2D; positions: tf.Tensor1D; labels: tf.Tensor1D }>> = {
  task: () =>
    maskedLanguageTask(bert({ numLayers: 2, width: 32, numHeads: 2, vocabularySize: WORDS, maxPositions: LENGTH, dropoutRate: 0.1 })),
  optimizer: () => adamW({ learningRate: 3e-3, weightDecay: 0.01 }),
  batchAt: (step) => {
    const rng = createRng(2).fold(step);
    const starts = drawUniform(rng.fold('starts'), BATCH, { max: 4 });
    const words = Int32Array.from(
      { length: BATCH * LENGTH },
      (_, i) => 1 + ((Math.floor(starts[Math.floor(i / LENGTH)]!) + (i % LENGTH)) % (WORDS - 1)),
    );
    const positions = drawPermutation(rng.fold('positions'), words.length).slice(0, words.length / 4);
    const labels = positions.map((at) => words[at]!);
    const hidden = new Set(positions);
    return {
      tokenIds: tf.tensor2d(
        words.map((word, i) => (hidden.has(i) ? MASK : word)),
        [BATCH, LENGTH],
        'int32',
      ),
      positions: tf.tensor1d(positions, 'int32'),
      labels: tf.tensor1d(labels, 'int32'),
    };
  },
};

afterAll(async () => {
  await tf.setBackend('cpu');
});

describe.each([
  ['SimCLR with a ConvNet', (backend: 'cpu' | 'wasm') => train(backend, contrastive)],
  ['masked language modeling with a transformer', (backend: 'cpu' | 'wasm') => train(backend, maskedLanguage)],
])('%s', (_, run) => {
  it(`has the cpu backend's loss on wasm in each of ${STEPS} updates, learns, and keeps its memory constant`, async () => {
    const expected = await run('cpu');
    const actual = await run('wasm');
    const gaps = expected.losses.map((loss, step) => Math.abs(actual.losses[step]! - loss) / loss);
    for (const [step, gap] of gaps.entries()) expect(gap, `relative gap of the loss at step ${step}`).toBeLessThan(TOLERANCE);
    const mean = (losses: readonly number[]) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    expect(mean(actual.losses.slice(-5))).toBeLessThan(0.9 * mean(actual.losses.slice(0, 5)));
    for (const { memory } of [expected, actual])
      for (const [step, use] of memory.entries()) if (step > SETTLED) expect(use, `after step ${step}`).toEqual(memory[SETTLED]);
  }, 300_000);
});
