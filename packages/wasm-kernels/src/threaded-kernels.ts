import { SelfsupError } from './errors.ts';
import { FORK_COSTS, type Cost, type Geometry } from './fork-costs.ts';
import type { KernelExports } from './kernel-exports.ts';
import type { LoadedKernels } from './load-kernels.ts';
import { whyNoThreads } from './start-thread.ts';
import { startPool, type ThreadPool } from './thread-pool.ts';
import { backendMemory, type WasmBackend } from './wasm-backend.ts';

/** Shares are alike, so this is far above what a busy machine delays one of them. */
const JOB_LIMIT = 60_000;

/** What tests change: they fork every call. */
export const tuning = {
  /** The least work of a member, in nanoseconds on one thread: a job has at most as many members as it has such shares. */
  leastShare: 50_000,
  /** Milliseconds that a member waits for another, when its own share is done, until it counts that one as lost. */
  jobLimit: JOB_LIMIT,
};
/** The most threads that may be asked for. */
export const MOST_THREADS = 256;
/** The words of the barrier, and room to start them on a cache line of their own. */
const GATE_BYTES = 256;
const CACHE_LINE = 64;

/** Kernels that share their work among threads. */
export interface ThreadedKernels {
  /** The kernels, heavy ones forked. */
  readonly kernels: KernelExports;
  /** How many threads work now: 1 after a thread was lost. */
  readonly threads: number;
  /** Why there are fewer threads than wanted, or nothing. */
  readonly reason: string | undefined;
  /** Ends the threads; the kernels work on one thread afterwards. */
  dispose(): void;
}

/** How to thread kernels. */
export interface ThreadedKernelsOptions {
  /** All threads, the calling one included. */
  readonly threads: number;
}

/** The number of threads as the user gave it. */
export function assertThreads(who: string, threads: unknown): asserts threads is number {
  if (!Number.isInteger(threads) || (threads as number) < 1 || (threads as number) > MOST_THREADS) {
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`threads\` must be a whole number from 1 to ${MOST_THREADS}, got ${String(threads)}`,
    );
  }
}

/** The kernels of one thread, as they are. */
export function onOneThread(kernels: KernelExports, reason?: string): ThreadedKernels {
  return { kernels, threads: 1, reason, dispose: () => undefined };
}

/**
 * Starts threads for kernels: objects of the same type, whose heavy functions (FORK_COSTS) run as a team where that pays. Without threads, and after a
 * thread was lost, everything runs on the calling one.
 */
export async function threadKernels(
  { module, exports }: LoadedKernels,
  backend: WasmBackend,
  { threads }: ThreadedKernelsOptions,
): Promise<ThreadedKernels> {
  if (threads === 1) return onOneThread(exports);
  const memory = backendMemory(backend);
  const missing = whyNoThreads(memory);
  if (missing !== undefined) return onOneThread(exports, missing);
  const block = backend.wasm._malloc(GATE_BYTES + CACHE_LINE) >>> 0;
  const gate = Math.ceil(block / CACHE_LINE) * CACHE_LINE;
  new Uint8Array(memory.buffer, gate, GATE_BYTES).fill(0);
  const release = (): void => {
    if ((backend.wasm as unknown) != null) backend.wasm._free(block);
  };
  const names = Object.keys(FORK_COSTS) as (keyof KernelExports)[];
  let pool: ThreadPool;
  try {
    pool = await startPool({ module, memory, exports, gate, seats: threads, names, jobLimit: tuning.jobLimit });
  } catch (error) {
    release(); // whatever still starts gets no job and never comes to the barrier
    return onOneThread(exports, (error as Error).message);
  }
  return {
    kernels: forking(exports, pool),
    get threads() {
      return pool.broken === undefined ? threads : 1;
    },
    get reason() {
      return pool.broken;
    },
    dispose() {
      // After a failure a thread may still be at the barrier: its words are left alone.
      if (pool.broken === undefined) release();
      pool.dispose();
    },
  };
}

/** The kernels with those of FORK_COSTS replaced. */
function forking(exports: KernelExports, pool: ThreadPool): KernelExports {
  let geometry: Geometry = { tensors: [], window: [] };
  let told = false;
  const fork =
    (name: keyof KernelExports, cost: Cost) =>
    (...args: number[]): number | undefined => {
      if (pool.broken !== undefined) {
        if (!told) console.warn(`wasm-kernels: ${pool.broken}; the kernels work on one thread from now on`);
        told = true;
        return alone(name, args);
      }
      const { leastShare } = tuning;
      const shares = leastShare === 0 ? pool.seats : Math.floor(cost(args, geometry) / leastShare);
      const team = Math.min(pool.seats, shares);
      return team > 1 ? pool.run({ name, args, team, geometry }) : alone(name, args);
    };
  const alone = (name: keyof KernelExports, args: readonly number[]): number | undefined =>
    (exports[name] as (...args: number[]) => number | undefined)(...args);
  const forked = Object.fromEntries(
    Object.entries(FORK_COSTS).map(([name, cost]) => [name, fork(name as keyof KernelExports, cost)]),
  ) as Partial<KernelExports>;
  return {
    ...exports,
    ...forked,
    setTensors(...tensors) {
      geometry = { ...geometry, tensors };
      exports.setTensors(...tensors);
    },
    setWindow(...window) {
      geometry = { ...geometry, window };
      exports.setWindow(...window);
    },
  };
}
