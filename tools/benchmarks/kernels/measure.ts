import * as tf from '@tensorflow/tfjs-core';

const SAMPLES = 9;
const SAMPLE_MS = 40;

/** Something to be timed: what it is, how much work a call is, and the call, whose results are disposed. */
export interface KernelCase {
  /** As the table shows it. */
  readonly name: string;
  /** Work of one call, in 10⁹ floating-point operations or 10⁹ bytes. */
  readonly work: number;
  /** What the work is counted in per second. */
  readonly unit: 'GFLOP/s' | 'GB/s';
  readonly run: () => tf.TensorContainer;
}

/** Median milliseconds of a call over 9 samples of at least 40 ms each; the first calls, which the engine compiles, do not count. */
export function medianMs(call: () => void): number {
  call();
  const start = performance.now();
  call();
  const repeats = Math.max(1, Math.ceil(SAMPLE_MS / (performance.now() - start)));
  const samples: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const from = performance.now();
    for (let r = 0; r < repeats; r++) call();
    samples.push((performance.now() - from) / repeats);
  }
  return samples.sort((a, b) => a - b)[SAMPLES >> 1]!;
}

/** Work per second of a case, or undefined where the backend has no such kernel. */
export function rateOf({ run, work }: KernelCase): number | undefined {
  try {
    const ms = medianMs(() => {
      tf.dispose(run());
    });
    return (work / ms) * 1000;
  } catch {
    return undefined;
  }
}

/** Uniform values in [−1, 1) that depend on the seed alone. */
export function randomTensor<R extends tf.Rank>(shape: tf.ShapeMap[R], seed: number): tf.Tensor<R> {
  return tf.randomUniform<R>(shape, -1, 1, 'float32', seed);
}
