// One rank of the check: trains each run, and rank 0 writes losses and checkpoints into the folder that it is given.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, workerData } from 'node:worker_threads';
import { closeBackends } from '@selfsup/backends';
import { soloCollective } from '@selfsup/core';
import { joinRanks } from '@selfsup/distributed';
import { memoryStore, pretrain } from '@selfsup/pretrain';
import { runs } from './runs.ts';

const [folder, ...names] = isMainThread ? process.argv.slice(2) : (workerData as { data: string[] }).data;
const compression = process.env['COMPRESSION'] as 'bf16' | 'fp16' | undefined;
const joined = await joinRanks({ ...(compression && { compression }) });
const collective = joined?.collective ?? soloCollective;
mkdirSync(folder!, { recursive: true });
for (const [name, config] of Object.entries(runs)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const store = memoryStore();
  const losses: number[] = [];
  for await (const event of pretrain({ ...config, threads: 1, wideVectors: false }, { store, collective }))
    if (event.type === 'step') losses.push(event.loss);
  if (collective.rank !== 0) continue;
  writeFileSync(join(folder!, `${name}.json`), JSON.stringify(losses));
  writeFileSync(join(folder!, `${name}.safetensors`), (await store.read('checkpoint.safetensors'))!);
}
await joined?.collective.close();
await closeBackends();
