import { Worker } from 'node:worker_threads';

/** Watches over the calls of a process that may never come back. */
export interface CallWatch {
  /** A call begins. */
  begin(): void;
  /** It has ended. */
  end(): void;
  /** No more calls. */
  close(): void;
}

/** What the watching thread runs: a thread that is blocked in a call serves no timers. */
const PROGRAM = `
const { workerData: { began, seconds, rank, pid } } = require('node:worker_threads');
const { writeSync } = require('node:fs');
setInterval(() => {
  const since = Atomics.load(began, 0);
  if (since === 0n || Date.now() - Number(since) < 1000 * seconds) return;
  writeSync(2, 'selfsup: rank ' + rank + ' has waited for the others for ' + seconds + ' seconds; a rank stands still, or the network does. The job ends; continue with --resume\\n');
  process.kill(pid, 'SIGKILL');
}, Math.min(1000, 250 * seconds));
`;

/**
 * Ends this process when a call takes longer than it may: nothing comes back from a rank that is gone, and even \`MPI_Abort\` can hang where the network is.
 *
 * @param options seconds that a call may take, and the rank for the message
 */
export function watchCalls({ seconds, rank }: { seconds: number; rank: number }): CallWatch {
  const began = new BigInt64Array(new SharedArrayBuffer(8));
  const worker = new Worker(PROGRAM, { eval: true, workerData: { began, seconds, rank, pid: process.pid }, execArgv: [] });
  worker.unref();
  let open = 0;
  return {
    begin() {
      if (open++ === 0) Atomics.store(began, 0, BigInt(Date.now()));
    },
    end() {
      if (--open === 0) Atomics.store(began, 0, 0n);
    },
    close() {
      void worker.terminate();
    },
  };
}
