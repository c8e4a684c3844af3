import { Worker } from 'node:worker_threads';

const BYTES = 64 << 20;
const ROUNDS = 5;

// Copies of memory of its own; the thread says how long they took.
const COPY = `
const { parentPort } = require('node:worker_threads');
const [to, from] = [new Uint8Array(${BYTES}).fill(1), new Uint8Array(${BYTES}).fill(2)];
parentPort.on('message', (rounds) => {
  const start = performance.now();
  for (let i = 0; i < rounds; i++) to.set(from);
  parentPort.postMessage(performance.now() - start);
});`;

/** 10⁹ bytes per second, read and written together, of so many threads that copy 64 MiB each at the same time: the best of 7. */
export async function copyBandwidth(threads: number): Promise<number> {
  const workers = Array.from({ length: threads }, () => new Worker(COPY, { eval: true, execArgv: [] }));
  const copy = (worker: Worker): Promise<number> =>
    new Promise((resolve) => {
      worker.once('message', resolve);
      worker.postMessage(ROUNDS);
    });
  try {
    let best = 0;
    for (let i = 0; i < 8; i++) {
      const slowest = Math.max(...(await Promise.all(workers.map(copy))));
      if (i > 0) best = Math.max(best, (threads * 2 * BYTES * ROUNDS) / 1e6 / slowest);
    }
    return best;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
