// One rank of `npm run bench:ranks`: steps of one rank with the whole batch and of all ranks with a share each, by turns. Rank 0 says how long they took.
import { writeFileSync } from 'node:fs';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { closeBackends, selectBackend } from '@selfsup/backends';
import { joinRanks } from '@selfsup/distributed';
import { mlmStep } from './mlm-step.ts';
import { simclrStep } from './simclr-step.ts';

/** What a rank is told. */
export interface RankSteps {
  readonly task: 'simclr' | 'mlm';
  /** Of all ranks together. */
  readonly batch: number;
  readonly steps: number;
  readonly synchronize: boolean;
  readonly compression?: 'bf16' | 'fp16';
  /** Where rank 0 writes what it found, under MPI. */
  readonly file?: string;
}

/** What rank 0 found, in milliseconds. */
export interface RankTimes {
  readonly description: string;
  readonly alone: readonly number[];
  readonly together: readonly number[];
}

const given = isMainThread ? (JSON.parse(process.argv[2]!) as RankSteps) : (workerData as { data: RankSteps }).data;
const { task, batch, steps, synchronize, compression, file } = given;
const joined = await joinRanks({ ...(compression && { compression }) });
if (!joined) throw new Error('bench:ranks: a rank was started alone');
const { collective } = joined;
await selectBackend({ prefer: 'wasm', threads: 1, wideVectors: 'auto' });
const make = { simclr: simclrStep, mlm: mlmStep }[task];
const solo = collective.rank === 0 ? make(batch) : undefined;
const shared = make(batch / collective.worldSize, { collective, synchronizeNormalization: synchronize });
const [alone, together]: [number[], number[]] = [[], []];
for (let i = 0; i <= steps; i++) {
  await collective.barrier();
  const one = await solo?.run();
  await collective.barrier();
  const all = await shared.run();
  if (i === 0) continue; // kernels are compiled
  if (one) alone.push(one.milliseconds);
  together.push(all.milliseconds);
}
const times: RankTimes = { description: solo?.description ?? '', alone, together };
if (collective.rank === 0) {
  if (file === undefined) parentPort!.postMessage(times);
  else writeFileSync(file, JSON.stringify(times));
}
solo?.dispose();
shared.dispose();
await collective.close();
await closeBackends();
