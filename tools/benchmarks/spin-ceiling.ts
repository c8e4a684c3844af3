import { Worker } from 'node:worker_threads';

// Arithmetic on registers alone; the thread says how long it took.
const SPIN = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (rounds) => {
  let [a, b] = [1.5, 0.5];
  const from = performance.now();
  for (let i = 0; i < rounds; i++) { a = a * 0.999999 + b; b = b * 1.000001 - a * 1e-9; }
  parentPort.postMessage(performance.now() - from + (a === b ? 1e9 : 0));
});`;
const ROUNDS = 30_000_000;
const PAIRS = 5;

const spin = (workers: readonly Worker[]): Promise<number> =>
  Promise.all(
    workers.map(
      (worker) =>
        new Promise<number>((resolve) => {
          worker.once('message', resolve);
          worker.postMessage(ROUNDS);
        }),
    ),
  ).then((times) => Math.max(...times));

/** How many times the work of one thread so many do on this machine, now, when nothing but arithmetic is asked of them: the most that threads can gain. */
export async function spinCeiling(threads: number): Promise<number> {
  const workers = Array.from({ length: threads }, () => new Worker(SPIN, { eval: true, execArgv: [] }));
  try {
    await spin(workers); // compile
    const gains: number[] = [];
    for (let i = 0; i < PAIRS; i++) {
      const one = await spin(workers.slice(0, 1));
      gains.push((threads * one) / (await spin(workers)));
    }
    return gains.sort((a, b) => a - b)[PAIRS >> 1]!;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
