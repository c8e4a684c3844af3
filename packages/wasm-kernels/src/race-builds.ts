import type { KernelExports } from './kernel-exports.ts';

/** The product that is timed: about 0.3 ms. */
const [M, N, K] = [240, 256, 256];
const PAGE = 65536;

/** A build that is timed. */
export interface Trial {
  /** Computes the product once. */
  readonly run: () => void;
  /** Its bits. */
  readonly result: () => Uint32Array;
}

/** A build on a memory of its own, with operands whose products do not round alike by chance. */
export function trial(module: WebAssembly.Module): Trial {
  const memory = new WebAssembly.Memory({ initial: 48 });
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports;
  const [a, b, c] = [PAGE, PAGE + 4 * M * K, PAGE + 4 * (M * K + K * N)];
  const scratch = c + 4 * M * N;
  memory.grow(Math.ceil(kernels.matmulScratch(M, N, K, 0) / PAGE));
  const operands = new Float32Array(memory.buffer, a, M * K + K * N);
  let state = 1;
  for (let i = 0; i < operands.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    operands[i] = state / 2 ** 31 - 1;
  }
  return {
    run: () => {
      kernels.matmul(a, b, c, M, N, K, 0, 0, 0, 0, scratch);
    },
    result: () => new Uint32Array(memory.buffer, c, M * N).slice(),
  };
}

/** The best milliseconds of each, run in turns. */
export function race(runs: readonly (() => void)[], milliseconds: number): number[] {
  const best = runs.map(() => Infinity);
  const start = performance.now();
  while (performance.now() - start < milliseconds) {
    runs.forEach((run, i) => {
      const from = performance.now();
      run();
      best[i] = Math.min(best[i]!, performance.now() - from);
    });
  }
  return best;
}
