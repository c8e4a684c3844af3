// The page of check.ts, which calls these.
import * as tf from '@tensorflow/tfjs-core';
import { learn } from '../../examples/browser-training/learn.ts';
import { learnInWorker } from '../../examples/browser-training/learn-in-worker.ts';
import '../../examples/browser-training/wasm-files.ts';
import { checkOperations } from './check-operations.ts';
import { forceFailure } from './force-failures.ts';
import { recordRun, THREADS } from './record-run.ts';
import { proveWebgl, refuseWebgl, wasmFromNowhere } from './prove-webgl.ts';
import { trainBriefly } from './train-briefly.ts';

/** Whether the heap of the wasm backend is shared memory: that of its threaded build is. */
const isShared = () =>
  typeof SharedArrayBuffer !== 'undefined' &&
  (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.buffer instanceof SharedArrayBuffer;

/** What check.ts may ask for. */
export const checks = {
  parts: async () => ({ ...(await trainBriefly({ threads: THREADS })), shared: isShared() }),
  'pretrain on the page': () => recordRun(learn),
  'pretrain in a worker': () => recordRun((lesson, say) => learnInWorker(lesson, say).done),
  'wasm from nowhere': wasmFromNowhere,
  'webgl computes': proveWebgl,
  'operations on wasm': () => checkOperations('wasm'),
  'operations on webgl': () => checkOperations('webgl'),
  'operations on webgpu': () => checkOperations('webgpu'),
  'webgl refuses': refuseWebgl,
};
Object.assign(globalThis, { checks, forceFailure });
