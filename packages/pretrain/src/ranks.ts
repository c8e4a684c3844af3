import { SelfsupError, type Collective } from '@selfsup/core';
import { broadcastBytes } from '@selfsup/trainer';
import { memoryStore, runFileNames, type RunStore } from './run-store.ts';

/** What ranks need of a run's files beside its texts; weights and state travel by themselves. */
const NEEDED: readonly string[] = [runFileNames.run, runFileNames.start, runFileNames.teacher, runFileNames.metrics];
const isText = (name: string): boolean =>
  /^[\w-]+\.(json|txt)$/.test(name) && name !== runFileNames.result && !name.startsWith('fine-tune-');

/**
 * Where a rank keeps its run: rank 0 in the store that it was given, the others in memory, on copies of what they need of it. So they need no common file system
 * for the run, and never write into it.
 */
export async function storeOfRank(store: RunStore, collective: Collective): Promise<RunStore> {
  if (collective.worldSize === 1) return store;
  const sent: { name: string; bytes: Uint8Array }[] = [];
  if (collective.rank === 0)
    for (const name of (await store.list()).filter((name) => NEEDED.includes(name) || isText(name))) {
      const bytes = await store.read(name);
      if (bytes) sent.push({ name, bytes });
    }
  const list = await broadcastBytes(
    new TextEncoder().encode(JSON.stringify(sent.map(({ name, bytes }) => [name, bytes.length]))),
    collective,
  );
  const copy = memoryStore(store.name);
  for (const [i, [name]] of (JSON.parse(new TextDecoder().decode(list)) as [string, number][]).entries()) {
    const bytes = await broadcastBytes(sent[i]?.bytes ?? new Uint8Array(0), collective);
    await copy.write(name, bytes);
  }
  return collective.rank === 0 ? store : copy;
}

/** What rank 0 decided, the same answer on all. */
export async function decidedByFirst(collective: Collective, decision: boolean): Promise<boolean> {
  const said = Float32Array.of(decision ? 1 : 0);
  await collective.broadcast(said);
  return said[0] === 1;
}

/** How many samples of a batch each rank has. */
export function batchOfRank(batchSize: number, { worldSize }: Collective): number {
  if (batchSize % worldSize !== 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`batchSize\` must be a multiple of the ${worldSize} ranks that share it, got ${batchSize}; use ${Math.max(worldSize, worldSize * Math.round(batchSize / worldSize))}, or another number of ranks`,
    );
  return batchSize / worldSize;
}
