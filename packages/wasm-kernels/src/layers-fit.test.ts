// model.fit of @tensorflow/tfjs-layers on these kernels: a CNN and a text classifier learn, step by step as on the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builds, integer, randomFrom, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

const CLASSES = 3;
const EXAMPLES = 150;

const weights = (seed: number) => initializers.glorotUniform({ seed });

/** 12×12 images of a bright row, a bright column or a bright diagonal, in noise. */
function images(): { x: tf.Tensor; y: tf.Tensor } {
  const random = randomFrom(11);
  const values = Float32Array.from({ length: EXAMPLES * 144 }, () => random() - 0.5);
  for (let n = 0; n < EXAMPLES; n++) {
    const at = integer(random, 1, 10);
    for (let i = 0; i < 12; i++) {
      const place = [at * 12 + i, i * 12 + at, ((i + at) % 12) * 12 + i][n % CLASSES]!;
      values[n * 144 + place]! += 1;
    }
  }
  return { x: tf.tensor4d(values, [EXAMPLES, 12, 12, 1]), y: labels() };
}

/** Sentences of 10 tokens below 40, in which two or three words of the class's own dozen occur. */
function sentences(): { x: tf.Tensor; y: tf.Tensor } {
  const random = randomFrom(12);
  const values = Float32Array.from({ length: EXAMPLES * 10 }, () => integer(random, 36, 39));
  for (let n = 0; n < EXAMPLES; n++) {
    for (let i = 0; i < 3; i++) values[n * 10 + integer(random, 0, 9)] = (n % CLASSES) * 12 + integer(random, 0, 11);
  }
  return { x: tf.tensor2d(values, [EXAMPLES, 10]), y: labels() };
}

function labels(): tf.Tensor {
  return tf.tensor2d(
    Float32Array.from({ length: EXAMPLES * CLASSES }, (_, i) => Number(Math.floor(i / CLASSES) % CLASSES === i % CLASSES)),
    [EXAMPLES, CLASSES],
  );
}

function cnn(): Sequential {
  return sequential({
    layers: [
      layers.conv2d({ inputShape: [12, 12, 1], filters: 8, kernelSize: 3, padding: 'same', kernelInitializer: weights(1) }),
      layers.batchNormalization(),
      layers.activation({ activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', depthwiseInitializer: weights(2) }),
      layers.separableConv2d({
        filters: 16,
        kernelSize: 3,
        depthwiseInitializer: weights(3),
        pointwiseInitializer: weights(4),
        activation: 'relu',
      }),
      layers.globalAveragePooling2d({}),
      layers.dropout({ rate: 0.1, seed: 5 }),
      layers.dense({ units: CLASSES, kernelInitializer: weights(6), activation: 'softmax' }),
    ],
  });
}

function textClassifier(): Sequential {
  return sequential({
    layers: [
      layers.embedding({ inputDim: 40, outputDim: 12, inputLength: 10, embeddingsInitializer: weights(1) }),
      layers.conv1d({ filters: 12, kernelSize: 3, activation: 'relu', padding: 'same', kernelInitializer: weights(2) }),
      layers.globalAveragePooling1d({}),
      layers.dense({ units: CLASSES, kernelInitializer: weights(3), activation: 'softmax' }),
    ],
  });
}

interface Problem {
  readonly build: () => Sequential;
  readonly data: () => { x: tf.Tensor; y: tf.Tensor };
  readonly epochs: number;
}

const PROBLEMS: readonly [string, Problem][] = [
  ['a CNN', { build: cnn, data: images, epochs: 12 }],
  ['a text classifier with an embedding', { build: textClassifier, data: sentences, epochs: 15 }],
];

/** The losses of the first `batches` batches of `fit`, and the accuracy at the end of all epochs that it ran. */
async function fit({ build, data, epochs }: Problem, batches: number): Promise<{ losses: number[]; accuracy: number }> {
  const { x, y } = data();
  const model = build();
  const optimizer = tf.train.adam(0.02, 0.9, 0.999, 1e-7);
  model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const losses: number[] = [];
  const history = await model.fit(x, y, {
    batchSize: 30,
    epochs,
    shuffle: false,
    yieldEvery: 'never',
    callbacks: {
      onBatchEnd: (_, logs) => {
        losses.push(logs!['loss']!);
        if (losses.length === batches) model.stopTraining = true;
      },
    },
  });
  model.dispose();
  optimizer.dispose();
  tf.dispose([x, y]);
  return { losses, accuracy: Number(history.history['acc']!.at(-1)) };
}

describe.each(builds)('model.fit (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });

  it.each(PROBLEMS)('%s learns, and starts as on the cpu backend', async (_, problem) => {
    const { losses, accuracy } = await fit(problem, Infinity);
    expect(accuracy).toBeGreaterThan(0.9); // chance is 0.33
    await tf.setBackend('cpu');
    const cpu = await fit({ ...problem, epochs: 1 }, 5);
    await tf.setBackend('wasm');
    cpu.losses.forEach((loss, step) => {
      expect(losses[step]! / loss, `step ${step}`).toBeCloseTo(1, 3);
    });
  });
});

describe('without the kernels', () => {
  it.each([
    ['a CNN', cnn, images, "Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'"],
    ['a text classifier', textClassifier, sentences, "Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'"],
  ] as const)('%s fails', async (_, build, data, message) => {
    (await startWasm('plain')).dispose();
    const { numTensors } = tf.memory();
    await expect(fit({ build, data, epochs: 1 }, 1)).rejects.toThrow(message);
    // tfjs leaves the tape of the failed step behind, with what it saved.
    expect(tf.memory().numTensors).toBeGreaterThan(numTensors);
    tf.engine().reset();
    await tf.setBackend('cpu');
  });
});
