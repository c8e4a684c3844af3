import { backend, getBackend, getKernel, registerKernel, unregisterKernel, type KernelConfig } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import type { KernelExports } from './kernel-exports.ts';
import {
  assertAssetsUrl,
  assertSimd,
  compiledUnder,
  instantiateKernels,
  loadKernels,
  loadKernelsNow,
  supportedSimd,
  type LoadedKernels,
  type SimdBuild,
} from './load-kernels.ts';
import { kernelTable } from './kernel-table.ts';
import { createRuntime, type KernelTable, type Runtime } from './runtime.ts';
import { assertThreads, onOneThread, threadKernels, type ThreadedKernels } from './threaded-kernels.ts';
import { whyNoThreads } from './start-thread.ts';
import { registerTrainingGradients } from './training-gradients.ts';
import { backendMemory, offerMemory, type WasmBackend } from './wasm-backend.ts';

/** Options of {@link registerTrainingKernels}. */
export interface RegisterTrainingKernelsOptions {
  /** The build to use. Default: `'relaxed'` where the engine has relaxed SIMD, else `'plain'`. `'wide'` pays only where {@link proveWideVectors} says so. */
  simd?: SimdBuild;
  /**
   * How many threads compute, the calling one included; results are the same bit by bit. They need a backend on a shared memory, which `selectBackend` of
   * `@selfsup/backends` starts in Node, and a thread that may wait: not the main thread of a page. Without these one thread computes, and `description`
   * says why. Default: 1; at most 256.
   */
  threads?: number;
  /**
   * Whether 3×3 convolutions of stride 1 and 2 may use Winograd's algorithm, which takes a quarter (9/16 with stride 2) of the multiplications and has two
   * to seven times the rounding error of plain sums (relative error in norm below 1e-5). An infinite input makes a whole tile NaN. Default: true.
   */
  winograd?: boolean;
  /** Folder (ending in `/`) that holds the six `.wasm` files, for pages that serve them elsewhere. Default: `assets/` of this package. */
  assetsUrl?: string | URL;
}

/** What {@link registerTrainingKernels} registered. */
export interface TrainingKernels {
  /** The build in use. */
  readonly simd: SimdBuild;
  /** How many threads compute: fewer than asked for where they cannot start, and 1 after one was lost. */
  readonly threads: number;
  /** One line for a person, such as `relaxed SIMD, 2 threads` or `plain SIMD, 1 thread (the page is not cross-origin isolated)`. */
  readonly description: string;
  /** Whether convolutions may use Winograd's algorithm. */
  readonly winograd: boolean;
  /** Names of the kernels that now belong to this package. */
  readonly kernels: readonly string[];
  /** Puts the stock kernels back and frees the scratch space. Calling it again does nothing. */
  dispose(): void;
}

interface Registration extends TrainingKernels {
  /** The backend that the kernels work on; none between `engine().reset()` and the next backend. */
  readonly owner: WasmBackend | undefined;
  /** The flags of the engine under which they were compiled. */
  readonly flags: string;
  /** How many threads were asked for on this backend; none where the threads of another one were lost. */
  readonly asked: number | undefined;
}

interface Wanted {
  readonly owner: WasmBackend;
  readonly simd: SimdBuild;
  readonly winograd: boolean;
  readonly threads: number;
  readonly assetsUrl: string | URL | undefined;
  readonly flags: string;
}

/** The kernels on the memory of one backend. */
interface Binding {
  readonly owner: WasmBackend;
  readonly team: ThreadedKernels;
  readonly runtime: Runtime;
  readonly table: KernelTable;
  readonly asked: number | undefined;
  readonly withdrawMemory: () => void;
}

let current: Registration | undefined;

const REPLACED = 'the wasm backend was replaced: one thread computes until selectBackend or registerTrainingKernels is called again';

function registered(kernelName: string): KernelConfig | undefined {
  return getKernel(kernelName, 'wasm');
}

function replaceKernel(config: KernelConfig): void {
  if (registered(config.kernelName)) unregisterKernel(config.kernelName, 'wasm');
  registerKernel(config);
}

/**
 * Registers the kernels that training needs on the wasm backend of TensorFlow.js, on the backend's own memory.
 *
 * Call it after `await tf.setBackend('wasm')`. It adds what the stock backend lacks (filter gradients of the convolution, both depthwise
 * gradients, the gradient of gather), replaces what it computes wrongly (max-pool gradient of windows without positive values, average-pool gradient of
 * windows over the edge, input gradient of strided convolutions, gather with batch dimensions, the sum of an empty tensor) and what it computes slowly
 * (matrix products, convolutions, sums and means), and adds the fused operations of `@selfsup/core`.
 *
 * @param options `simd`: force a build; `threads`: how many compute; `winograd`: false for convolutions by plain sums; `assetsUrl`: where the `.wasm` files are served.
 * @returns the build in use, the names of the registered kernels, and `dispose`, which restores the stock kernels and frees the scratch space.
 * A second call with the same build, algorithm and threads on the same backend returns the first registration, unless threads were lost or a flag of the
 * engine has changed since; any other replaces it.
 * @throws SelfsupError `SELFSUP_OPTION` for an option that cannot be; `SELFSUP_BACKEND` if the current backend is not wasm, or if the kernels cannot be loaded or linked.
 * The kernels themselves throw `SELFSUP_MEMORY` when the heap is exhausted and `SELFSUP_SHAPE` for operands that do not fit.
 * @remarks The scratch space grows to the largest operand that had to be packed and stays until `dispose`. After `tf.engine().reset()`, or after the
 * backend was removed and registered again, the kernels move to the new backend by themselves. Where they cannot, they throw `SELFSUP_BACKEND` until
 * this function is called again.
 * @example
 * ```ts
 * import '@tensorflow/tfjs-backend-wasm';
 * import * as tf from '@tensorflow/tfjs-core';
 * import { registerTrainingKernels } from '@selfsup/wasm-kernels';
 *
 * await tf.setBackend('wasm');
 * const { simd, kernels } = await registerTrainingKernels();
 * console.log(simd, kernels.length);
 * ```
 */
export async function registerTrainingKernels({
  simd = supportedSimd(),
  winograd = true,
  threads = 1,
  assetsUrl,
}: RegisterTrainingKernelsOptions = {}): Promise<TrainingKernels> {
  assertThreads('registerTrainingKernels', threads);
  assertSimd('registerTrainingKernels', simd);
  assertAssetsUrl('registerTrainingKernels', assetsUrl);
  if (getBackend() !== 'wasm') {
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `registerTrainingKernels: expected the backend 'wasm', got '${getBackend()}'; await tf.setBackend('wasm') first`,
    );
  }
  const owner = backend() as unknown as WasmBackend;
  const wanted = { owner, simd, winograd, threads, assetsUrl, flags: compiledUnder() };
  if (registeredFor(wanted)) return current!;
  const loaded = await loadKernels(backendMemory(owner), simd, assetsUrl);
  const team = await threadKernels(loaded, owner, { threads });
  if (registeredFor(wanted)) {
    team.dispose(); // another call was faster
    return current!;
  }
  current?.dispose();
  current = register(wanted, loaded, team);
  return current;
}

function registeredFor({ owner, simd, winograd, threads, flags }: Wanted): boolean {
  if (current?.owner !== owner || current.simd !== simd || current.winograd !== winograd || current.flags !== flags) return false;
  // Threads that were lost or did not start in time are tried again, those that cannot be here are not.
  return current.asked === threads && (current.threads === threads || whyNoThreads(backendMemory(owner)) !== undefined);
}

/**
 * Puts our kernels into tfjs's registry. tfjs calls `setupFunc` of every kernel when a backend becomes current and `disposeFunc` before one goes
 * (`engine().reset()`, `removeBackend`). Ours hand both calls on to the stock kernels that they displace, and move to the new backend themselves.
 */
function register(
  { owner, simd, winograd, threads: asked, assetsUrl, flags }: Wanted,
  { module }: LoadedKernels,
  team: ThreadedKernels,
): Registration {
  const replaced = new Map<string, KernelConfig>();
  const bind = (to: WasmBackend, team: ThreadedKernels, asked: number | undefined): Binding => {
    const runtime = createRuntime(
      { kernels: team.kernels, backend: to, winograd },
      (name, stock) => ((stock ? replaced.get(name) : undefined) ?? registered(name))?.kernelFunc,
    );
    return { owner: to, team, runtime, table: kernelTable(runtime), asked, withdrawMemory: offerMemory(to) };
  };
  let binding: Binding | undefined = bind(owner, team, asked);
  let live = true;
  const names = Object.keys(binding.table);

  const leave = (): void => {
    binding?.team.dispose();
    binding?.withdrawMemory();
    // A backend that was removed behind tfjs's back has no heap any more.
    if ((binding?.owner.wasm as unknown) != null) binding?.runtime.free();
    binding = undefined;
  };
  const follow = (to: WasmBackend): void => {
    if (!live || binding?.owner === to) return;
    const { threads } = registration;
    leave();
    try {
      binding = bind(to, onOneThread(kernelsFor(backendMemory(to)), threads > 1 ? REPLACED : undefined), asked === 1 ? 1 : undefined);
      if (threads > 1) console.warn(`wasm-kernels: ${REPLACED}`);
    } catch {
      // An engine that refuses to do this at once: the kernels say below what to do.
    }
  };
  const kernelsFor = (memory: WebAssembly.Memory): KernelExports => {
    try {
      return instantiateKernels(module, memory);
    } catch {
      return loadKernelsNow(memory, simd, assetsUrl).exports; // the other kind of memory
    }
  };

  for (const name of names) {
    const stock = registered(name);
    if (stock) replaced.set(name, stock);
    replaceKernel({
      kernelName: name,
      backendName: 'wasm',
      setupFunc: (to) => {
        stock?.setupFunc?.(to);
        follow(to as WasmBackend);
      },
      disposeFunc: (from) => {
        stock?.disposeFunc?.(from);
        if (binding?.owner === from) leave();
      },
      kernelFunc: ({ inputs, attrs, backend: caller }) => {
        if (!live) {
          throw new SelfsupError('SELFSUP_BACKEND', `${name}: these kernels were disposed of; call registerTrainingKernels again`);
        }
        if (caller !== binding?.owner) {
          throw new SelfsupError('SELFSUP_BACKEND', `${name}: the wasm backend was replaced; call registerTrainingKernels again`);
        }
        return binding.table[name]!(inputs, attrs ?? {});
      },
    });
  }
  const restoreGradients = registerTrainingGradients();
  const registration: Registration = {
    get owner() {
      return binding?.owner;
    },
    simd,
    winograd,
    flags,
    get asked() {
      return binding?.asked;
    },
    get threads() {
      return binding?.team.threads ?? 1;
    },
    get description() {
      const { threads = 1, reason } = binding?.team ?? {};
      return `${simd} SIMD, ${threads === 1 ? '1 thread' : `${threads} threads`}${reason === undefined ? '' : ` (${reason})`}`;
    },
    kernels: names,
    dispose() {
      if (!live) return;
      live = false;
      if (current === registration) current = undefined;
      for (const name of names) {
        const stock = replaced.get(name);
        if (stock) replaceKernel(stock);
        else unregisterKernel(name, 'wasm');
      }
      restoreGradients();
      leave();
    },
  };
  return registration;
}
