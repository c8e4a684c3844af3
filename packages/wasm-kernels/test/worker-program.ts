// What worker-threads.test.ts runs in a thread of its own: a step of training on wasm. Posts the loss, the gradients and what is left.
import { parentPort, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { startWasm } from './wasm-under-test.ts';
import { trainingStep } from './training-step.ts';
import type { SimdBuild } from '../src/index.ts';

const registration = await startWasm((workerData as { simd: SimdBuild }).simd);
const result = await trainingStep();
registration.dispose();
parentPort!.postMessage({ ...result, kernels: registration.kernels.length, tensors: tf.memory().numTensors });
