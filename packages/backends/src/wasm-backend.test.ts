// The memory that selectBackend starts wasm on, in Node.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it } from 'vitest';
import type { WasmHeap } from './guard-malloc.ts';
import { selectBackend } from './select-backend.ts';

const folder = `${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`;
const isShared = () => (tf.backend() as unknown as { wasm: WasmHeap }).wasm.HEAPU8.buffer instanceof SharedArrayBuffer;

/** As a program does that has not asked selectBackend. */
async function startUnshared(): Promise<void> {
  await tf.setBackend('cpu');
  const factory = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory, 2);
  setWasmPaths(folder);
  await tf.setBackend('wasm');
  expect(isShared()).toBe(false);
}

afterEach(async () => {
  await tf.setBackend('cpu');
});

it('takes an unshared backend away on which nothing lies, and leaves the platform as it was', async () => {
  await startUnshared();
  const { description } = await selectBackend({ prefer: 'wasm', threads: 2 });
  expect([isShared(), description]).toEqual([true, expect.stringContaining(' SIMD, 2 threads, ')]);
  expect(Object.hasOwn(tf.env().platform, 'fetch')).toBe(false);
});

it('leaves an unshared backend with tensors alone, and says so', async () => {
  await startUnshared();
  const kept = tf.tensor1d([1, 2]);
  const { description } = await selectBackend({ prefer: 'wasm', threads: 2 });
  expect([isShared(), description]).toEqual([false, expect.stringContaining('1 thread (the memory of the wasm backend is not shared')]);
  expect([...(await kept.data())]).toEqual([1, 2]);
  kept.dispose();
});

// A thread reads TypeScript itself, which Node 20 cannot.
it.skipIf(!process.features.typescript)('takes one thread by itself in a worker, and more when told to', async () => {
  const program = `import { parentPort } from 'node:worker_threads';
    import { selectBackend } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    const said = [];
    for (const options of [{}, { threads: 2 }]) said.push((await selectBackend({ prefer: 'wasm', ...options })).description);
    parentPort.postMessage(said);`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
  const worker = new Worker(url, { execArgv: ['--conditions=@selfsup/source'] });
  const [said] = (await once(worker, 'message')) as [string[]];
  await worker.terminate();
  expect(said).toEqual([expect.stringContaining(' SIMD, 1 thread, '), expect.stringContaining(' SIMD, 2 threads, ')]);
});
