import { POOL_WORKER, type PoolWorkerData } from './pool-worker.ts';

/** A thread of a pool, in Node or in a browser. */
export interface PoolThread {
  /** Resolves when the thread is ready for jobs; rejects when it cannot start. */
  readonly ready: Promise<void>;
  /** Lets the process end although the thread waits for jobs. */
  unref(): void;
  /** Ends the thread wherever it is; resolves when it has ended, where the engine tells. */
  terminate(): Promise<unknown>;
}

/** Told when a thread ends or fails without having been asked to. */
export type OnEnd = (reason: string) => void;

function startInNode({ Worker }: typeof import('node:worker_threads'), data: PoolWorkerData, onEnd: OnEnd): PoolThread {
  // Neither flags, preloaded modules nor the environment of the program are for this thread.
  const worker = new Worker(POOL_WORKER, { eval: true, workerData: data, execArgv: [], env: {}, name: `kernels ${data.place}` });
  return {
    ready: new Promise((resolve, reject) => {
      worker.once('message', () => {
        resolve();
      });
      worker.once('error', (error) => {
        onEnd(String(error));
        reject(error instanceof Error ? error : new Error(String(error)));
      });
      worker.once('exit', (code) => {
        onEnd(`it ended with code ${code}`);
        reject(new Error(`it ended with code ${code}`));
      });
    }),
    unref: () => {
      worker.unref();
    },
    terminate: () => worker.terminate(),
  };
}

function startInBrowser(data: PoolWorkerData, onEnd: OnEnd): PoolThread {
  const url = URL.createObjectURL(new Blob([POOL_WORKER], { type: 'text/javascript' }));
  const worker = new Worker(url, { name: `kernels ${data.place}` });
  return {
    ready: new Promise<void>((resolve, reject) => {
      worker.onmessage = () => {
        resolve();
      };
      worker.onerror = (event) => {
        onEnd(event.message);
        reject(new Error(event.message || 'the page may not start a worker from a blob: URL (worker-src of its Content-Security-Policy)'));
      };
      worker.postMessage(data);
    }).finally(() => {
      URL.revokeObjectURL(url);
    }),
    unref: () => undefined,
    terminate: () => {
      worker.terminate();
      return Promise.resolve();
    },
  };
}

/** Starts a thread of a pool: a `node:worker_threads` worker in Node, else a Web Worker. */
export function startThread(data: PoolWorkerData, onEnd: OnEnd): PoolThread {
  const node = (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule?.('node:worker_threads');
  return node === undefined ? startInBrowser(data, onEnd) : startInNode(node, data, onEnd);
}

/** Why this thread cannot have others work for it, or nothing. */
export function whyNoThreads(memory: WebAssembly.Memory): string | undefined {
  if (typeof SharedArrayBuffer === 'undefined') return 'the page is not cross-origin isolated';
  if (!(memory.buffer instanceof SharedArrayBuffer))
    return 'the memory of the wasm backend is not shared; start it with selectBackend of @selfsup/backends';
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1); // not equal: returns at once where a thread may wait at all
  } catch {
    return 'the main thread of a page may not wait; train in a Web Worker';
  }
  return undefined;
}
