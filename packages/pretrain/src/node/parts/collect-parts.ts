import { printable, SelfsupError } from '@selfsup/core';
import type { Skipped } from '../../modality.ts';
import type { Progress } from '../../progress.ts';
import { damagedParts, differenceOfParts, partPath, readPart, recordedParts, type PartIdentity, type PartRecord } from './part-record.ts';

/** All parts of a job. */
export interface CollectedParts {
  /** In order. */
  readonly records: readonly PartRecord[];
  /** Rows of all. */
  readonly rows: number;
  /** What could not be used, what several parts say once. */
  readonly skipped: readonly Skipped[];
}

/** `3,7-9`: as `sbatch --array` takes it. */
function inRanges(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}

/**
 * Finds the parts of a job, and makes sure that all are there, whole, and belong together.
 *
 * @param folder where they are
 * @param options `identity`: what they must have been made from, as far as it is known; where progress is shown, and what stops it
 * @returns see {@link CollectedParts}
 * @throws SelfsupError `SELFSUP_DATA` that names the parts that are missing, damaged, or of another job
 */
export async function collectParts(
  folder: string,
  { identity, progress, signal }: { identity: PartIdentity; progress: Progress; signal?: AbortSignal | undefined },
): Promise<CollectedParts> {
  const shown = printable(folder);
  const fail = (message: string): never => {
    throw new SelfsupError('SELFSUP_DATA', message);
  };
  const numbers = await recordedParts(folder);
  const found = await Promise.all(numbers.map(async (index) => [index, await readPart(folder, index)] as const));
  const records = found.flatMap(([, record]) => (record === 'damaged' || record === undefined ? [] : [record]));
  const damaged = found.flatMap(([index, record]) => (record === 'damaged' ? [index] : []));
  const [first] = records;
  if (!first) return fail(`${shown} holds no finished part; make them first, each with \`shard\` (auto, or 0/16 and so on)`);
  const nameOf = ({ index }: PartRecord) => printable(partPath(folder, index, ''));
  const foreign = (record: PartRecord, difference: string, beside: string) =>
    fail(`${nameOf(record)} was made with ${difference}, ${beside}; make it again in a folder of its own, or remove it`);
  for (const record of records) {
    const difference = differenceOfParts(record.identity, identity);
    if (difference !== undefined) foreign(record, difference, 'as this command has it');
    if (record.count !== first.count)
      foreign(record, `another number of parts (${record.count}, not ${first.count})`, `unlike ${nameOf(first)}`);
    const beside = differenceOfParts(record.identity, first.identity);
    if (beside !== undefined) foreign(record, beside, `unlike ${nameOf(first)}`);
  }
  const { count } = first;
  damaged.push(...(await damagedParts(folder, records, { progress, signal })));
  const missing = Array.from({ length: count }, (_, index) => index).filter((index) => !numbers.includes(index));
  const again = [...missing, ...damaged].sort((a, b) => a - b);
  if (again.length > 0) {
    const lists = [
      ...(missing.length > 0 ? [`missing ${inRanges(missing)}`] : []),
      ...(damaged.length > 0 ? [`damaged ${inRanges([...damaged].sort((a, b) => a - b))}`] : []),
    ];
    fail(
      `${count - again.length} of ${count} parts are ready in ${shown}: ${lists.join(', ')}; make these first, such as with \`shard\` ${again[0]!}/${count} (on Slurm: --array=${inRanges(again)} with \`shards\` ${count})`,
    );
  }
  const skipped = new Map(records.flatMap((record) => record.skipped).map((entry) => [JSON.stringify(entry), entry]));
  return { records, rows: records.reduce((sum, { rows }) => sum + rows, 0), skipped: [...skipped.values()] };
}
