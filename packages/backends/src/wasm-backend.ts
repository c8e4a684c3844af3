import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { SelfsupError } from '@selfsup/core';
import type { BackendOptions, BackendSetup, PreparedBackend } from './backend-setup.ts';
import { checkWasmFile, SERVE_WASM_FILES, WASM_FILES } from './check-wasm-file.ts';
import { coresHere } from './count-cores.ts';
import { guardMalloc, type WasmHeap } from './guard-malloc.ts';
import { importBackend } from './import-backend.ts';
import { startOnSharedMemory } from './share-memory.ts';

interface NodeProcess {
  getBuiltinModule?: (name: string) => unknown;
  execArgv?: readonly string[];
  versions?: { node?: string; bun?: string; deno?: string };
}

function nodeProcess(): Required<Pick<NodeProcess, 'getBuiltinModule'>> | undefined {
  const node = (globalThis as { process?: NodeProcess }).process;
  return node?.versions?.node && node.getBuiltinModule ? { getBuiltinModule: node.getBuiltinModule.bind(node) } : undefined;
}

const inNode = (): boolean => nodeProcess() !== undefined;

/** In Node the .wasm files lie beside the package's entry; a browser needs `wasmPath` or the bundler's own arrangement. */
function pathInNode(): string | undefined {
  const node = nodeProcess();
  if (node === undefined) return undefined;
  const { createRequire } = node.getBuiltinModule('node:module') as typeof import('node:module');
  const path = node.getBuiltinModule('node:path') as typeof import('node:path');
  const file = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm');
  return path.dirname(file) + path.sep;
}

/**
 * tfjs starts its threads from the text of one of its functions, which asks `typeof` of a variable that a thread does not have. Minifiers that rewrite that
 * question break the thread, and tfjs then waits for it forever; where this code was minified so, it goes without threads. Returns whether it does.
 */
function avoidBrokenThreads(): boolean {
  const question = (variable: unknown) => typeof variable === 'undefined';
  const isBroken = !String(question).includes('typeof');
  if (isBroken) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  return isBroken;
}

/** The binary that tfjs will ask for in this engine. */
async function binaryInUse(): Promise<string> {
  const [simd, threads] = await Promise.all(
    ['WASM_HAS_SIMD_SUPPORT', 'WASM_HAS_MULTITHREAD_SUPPORT'].map((flag) => tf.env().getAsync(flag)),
  );
  return WASM_FILES[simd !== true ? 0 : threads === true ? 2 : 1];
}

/** How many threads are wanted, and why not more. */
function wantedThreads(threads: 'auto' | number): number {
  if (threads !== 'auto') return threads;
  const node = (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.('node:worker_threads');
  return node === undefined || node.isMainThread ? coresHere() : 1;
}

/** Takes away a backend on a memory of its own, which threads cannot share, where nothing lies in it. */
function removeUnsharedBackend(): void {
  const backend = tf.engine().registry['wasm'] as BackendWasm | undefined; // findBackend would start one
  if (backend === undefined || backend.numDataIds() > 0) return;
  if ((backend.wasm as unknown as WasmHeap).HEAPU8.buffer instanceof SharedArrayBuffer) return;
  const factory = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory, 2);
}

const TURBOSHAFT = '--turboshaft-wasm';

/** Whether this V8 has a better compiler for WebAssembly that it does not use by itself: Node 22 and 23, started without the flag. */
function hasSleepingCompiler(): boolean {
  const { versions, execArgv = [] } = (globalThis as { process?: NodeProcess }).process ?? {};
  const isOn = execArgv.some((flag) => /^--turboshaft[-_]wasm$/.test(flag));
  return !isOn && /^2[23]\./.test(versions?.node ?? '') && versions?.bun === undefined && versions?.deno === undefined;
}

/** What this process knows of that compiler: its flag, or why it is not on. */
let compiler: string | undefined;

async function setUp(options: BackendOptions): Promise<PreparedBackend> {
  const { wasmPath, trainingKernels = true, winograd = true, threads: asked = 'auto', wideVectors = false } = options;
  if (wideVectors === true && !trainingKernels)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      "selectBackend: `wideVectors: true` needs the training kernels, which `trainingKernels: false` leaves out; take one of the two away, or `wideVectors: 'auto'`",
    );
  tf.enableProdMode();
  const isMinified = avoidBrokenThreads() && typeof SharedArrayBuffer !== 'undefined' && !inNode(); // elsewhere tfjs's own threads are not needed
  const wanted = wantedThreads(asked);
  const threads = isMinified ? 1 : wanted;
  const { setWasmPaths } = await importBackend('wasm', {
    package: '@tensorflow/tfjs-backend-wasm',
    load: () => import('@tensorflow/tfjs-backend-wasm'),
  });
  const path = wasmPath === undefined ? pathInNode() : wasmPath.replace(/\/*$/, '/');
  const share = threads > 1 && trainingKernels && path !== undefined && inNode() && typeof SharedArrayBuffer !== 'undefined';
  if (share) removeUnsharedBackend();
  let started: boolean | undefined;
  if (path !== undefined && tf.getBackend() !== 'wasm') {
    const file = path + (await binaryInUse());
    await checkWasmFile(file);
    try {
      setWasmPaths(path);
    } catch (cause) {
      throw new SelfsupError(
        'SELFSUP_BACKEND',
        `selectBackend: tfjs failed to load its wasm backend before and takes no other path now; reload the page (${(cause as Error).message})`,
        { cause },
      );
    }
    if (share) {
      started = await startOnSharedMemory({
        file,
        setPaths: (usePlatformFetch) => {
          setWasmPaths(path, usePlatformFetch);
        },
        start: () => tf.setBackend('wasm'),
      });
    }
  }
  started ??= await tf.setBackend('wasm');
  if (!started) {
    const looked = path === undefined ? `for ${await binaryInUse()} beside the script or the page` : `for ${path}${await binaryInUse()}`;
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `selectBackend: tfjs could not start its wasm backend; it looked ${looked}; ${SERVE_WASM_FILES}`,
    );
  }
  await tf.ready();
  if (!trainingKernels) {
    guardMalloc((tf.backend() as BackendWasm).wasm as unknown as WasmHeap); // the training kernels do it by themselves
    return { name: 'wasm', description: 'wasm (stock kernels)' };
  }
  const { registerTrainingKernels, proveTurboshaft, proveWideVectors } = await import('@selfsup/wasm-kernels').catch((cause: unknown) => {
    throw new SelfsupError('SELFSUP_BACKEND', 'selectBackend: stock wasm cannot train; run `npm install @selfsup/wasm-kernels`', { cause });
  });
  const whyNarrow = wideVectors === false ? undefined : await proveWideVectors();
  if (wideVectors === true && whyNarrow !== undefined)
    throw new SelfsupError('SELFSUP_BACKEND', `selectBackend: \`wideVectors\`: ${whyNarrow}; with 'auto' the narrow build computes`);
  const wide = wideVectors !== false && whyNarrow === undefined;
  if (wideVectors !== false && hasSleepingCompiler()) compiler = (await proveTurboshaft()) ?? TURBOSHAFT;
  const { description, kernels } = await registerTrainingKernels({ winograd, threads, ...(wide && { simd: 'wide' as const }) });
  const rest = [
    `${kernels.length} training kernels`,
    ...(winograd ? [] : ['no Winograd']),
    ...(threads < wanted ? ['no threads: a minifier has broken those of tfjs'] : []),
    ...(hasSleepingCompiler() ? [compiler ?? "`wideVectors: 'auto'` may double the speed"] : []),
    ...(whyNarrow === undefined ? [] : [whyNarrow]),
  ];
  return { name: 'wasm', description: `wasm (${[description, ...rest].join(', ')})` };
}

/** The WebAssembly backend, with its allocator guarded and the training kernels installed. */
export const wasmSetup: BackendSetup = { name: 'wasm', setUp };
