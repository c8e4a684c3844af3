import type { Batch } from '@selfsup/core';
import type { Trainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { StepCase } from './step-case.ts';

/** Makes a batch of random data, times one step of the trainer on it, and disposes it. */
export async function timeStep<B extends Batch>(trainer: Trainer<B>, batch: B): ReturnType<StepCase['run']> {
  const [start, cpu] = [performance.now(), process.threadCpuUsage()];
  const { loss } = await trainer.trainStep(batch);
  const milliseconds = performance.now() - start;
  const { user, system } = process.threadCpuUsage(cpu);
  tf.dispose(batch as unknown as tf.TensorContainer);
  return { loss, milliseconds, cpuMilliseconds: (user + system) / 1000 };
}
