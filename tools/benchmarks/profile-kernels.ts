import * as tf from '@tensorflow/tfjs-core';

/** What one kernel took, without the kernels that it called. */
export interface KernelTime {
  readonly name: string;
  readonly calls: number;
  readonly milliseconds: number;
}

/** Where the milliseconds of a step went. */
export interface Profile {
  /** The dearest first. */
  readonly kernels: readonly KernelTime[];
  /** What JavaScript took around the kernels. */
  readonly rest: number;
  /** The whole step. */
  readonly total: number;
}

/** Times every kernel of the current backend while `run` runs and returns its milliseconds. */
export async function profileKernels(run: () => Promise<number>): Promise<Profile> {
  const times = new Map<string, { calls: number; milliseconds: number }>();
  const nested: number[] = []; // what the callees of each running kernel took
  const configs = tf.getKernelsForBackend(tf.getBackend());
  const replace = (config: tf.KernelConfig) => {
    tf.unregisterKernel(config.kernelName, config.backendName);
    tf.registerKernel(config);
  };
  for (const config of configs) {
    const { kernelFunc, kernelName } = config;
    const timed: tf.KernelFunc = (params) => {
      nested.push(0);
      const start = performance.now();
      try {
        return kernelFunc(params);
      } finally {
        const took = performance.now() - start;
        const time = times.get(kernelName) ?? { calls: 0, milliseconds: 0 };
        times.set(kernelName, { calls: time.calls + 1, milliseconds: time.milliseconds + took - nested.pop()! });
        if (nested.length > 0) nested[nested.length - 1]! += took;
      }
    };
    replace({ ...config, kernelFunc: timed });
  }
  try {
    const total = await run();
    const kernels = [...times].map(([name, time]) => ({ name, ...time })).sort((a, b) => b.milliseconds - a.milliseconds);
    return { kernels, rest: total - kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0), total };
  } finally {
    configs.forEach(replace);
  }
}

/** The profile as a table: time, share and calls per kernel, the dearest first. */
export function profileTable({ kernels, rest, total }: Profile): string {
  const row = (name: string, milliseconds: number, calls: string) =>
    `${name.padEnd(34)} ${milliseconds.toFixed(1).padStart(9)} ${((100 * milliseconds) / total).toFixed(1).padStart(6)} % ${calls.padStart(6)}`;
  return [
    `${'kernel'.padEnd(34)} ${'ms'.padStart(9)} ${'share'.padStart(8)} ${'calls'.padStart(6)}`,
    ...kernels.map(({ name, milliseconds, calls }) => row(name, milliseconds, `${calls}`)),
    row('JavaScript around the kernels', rest, ''),
    row('step', total, ''),
  ].join('\n');
}
