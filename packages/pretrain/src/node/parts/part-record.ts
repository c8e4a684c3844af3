import { printable, SelfsupError } from '@selfsup/core';
import type { Shard } from '@selfsup/distributed';
import { beginFile } from '@selfsup/data/node';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { fromCheckedJson, toCheckedJson } from '../../checked-json.ts';
import type { Skipped } from '../../modality.ts';
import type { Progress } from '../../progress.ts';

/** What a part is made from: parts that do not share it do not belong together. */
export type PartIdentity = Readonly<Record<string, string | number>>;

/** One part of a job, and the folder that all of them lie in. */
export interface PartPlace {
  /** Where parts are kept; made where there is none. */
  readonly folder: string;
  /** Which part. */
  readonly shard: Pick<Shard, 'index' | 'count'>;
  /** What the job is. */
  readonly identity: PartIdentity;
}

const skippedSchema = z.object({ path: z.string(), reason: z.string(), kind: z.string().optional(), count: z.int().optional() });

const recordSchema = z.strictObject({
  format: z.literal(1),
  index: z.int().min(0),
  count: z.int().min(1),
  identity: z.record(z.string(), z.union([z.string(), z.number()])),
  rows: z.int().min(0),
  /** Facts of the command that made it. */
  facts: z.record(z.string(), z.json()),
  skipped: z.array(skippedSchema),
  files: z.array(z.strictObject({ name: z.string(), bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) })).min(1),
});

/** What is known of a part that is finished: kept beside it as `part-00017.json`. */
export type PartRecord = Omit<z.output<typeof recordSchema>, 'skipped'> & { readonly skipped: readonly Skipped[] };

/** The files of a part: of the part 17 that ends in `.npy` it is `part-00017.npy`. */
export const partPath = (folder: string, index: number, end: string): string =>
  join(folder, `part-${String(index).padStart(5, '0')}${end}`);

/** The numbers of the parts that have a record. */
export async function recordedParts(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((name) => /^part-(\d{5,9})\.json$/.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b); // prettier-ignore
}

/** The record of a part; undefined where there is none, `damaged` where it is not as it was written. */
export async function readPart(folder: string, index: number): Promise<PartRecord | 'damaged' | undefined> {
  const path = partPath(folder, index, '.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const record = recordSchema.parse(fromCheckedJson(text, { name: printable(path), advice: 'make it again' }));
    return record.index === index ? record : 'damaged';
  } catch {
    return 'damaged';
  }
}

async function sha256Of(path: string, onBytes: (bytes: number) => void = () => undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    onBytes(chunk.length);
  }
  return hash.digest('hex');
}

const MEGABYTE = 2 ** 20;

/**
 * Reads the files of parts, and finds those that are not as they were written.
 *
 * @param folder of the parts
 * @param records what was written
 * @param options where progress is shown, and what stops it
 * @returns the numbers of damaged parts
 */
export async function damagedParts(
  folder: string,
  records: readonly PartRecord[],
  { progress, signal }: { progress: Progress; signal?: AbortSignal | undefined },
): Promise<readonly number[]> {
  const bytes = records.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0);
  const stage = progress.stage('Checking parts', { total: Math.ceil(bytes / MEGABYTE), unit: 'MiB' });
  let read = 0;
  const damaged: number[] = [];
  try {
    for (const { index, files } of records)
      for (const { name, bytes: size, sha256 } of files) {
        signal?.throwIfAborted();
        const path = join(folder, basename(name));
        const info = await stat(path).catch(() => undefined);
        const whole =
          info?.size === size &&
          sha256 ===
            (await sha256Of(path, (more) => {
              signal?.throwIfAborted();
              read += more;
              stage.update(Math.floor(read / MEGABYTE));
            }));
        if (!whole && !damaged.includes(index)) damaged.push(index);
      }
  } finally {
    stage.end();
  }
  return damaged;
}

const names: Readonly<Record<string, string>> = {
  encoder: 'another encoder, or the same before it was trained further',
  classifier: 'another classifier',
  data: 'other data: the list of names, texts or labels was not the same',
  samples: 'another number of samples',
};

/** Says how one identity differs from another; undefined where it does not. Only what both have is compared. */
export function differenceOfParts(found: PartIdentity, expected: PartIdentity): string | undefined {
  const name = ['samples', ...Object.keys(expected)].find((key) => key in expected && key in found && found[key] !== expected[key]);
  if (name === undefined) return undefined;
  const short = (value: string | number) => printable(String(value), { maxLength: 24 });
  return `${names[name] ?? `another ${name}`} (${name} ${short(found[name]!)}, not ${short(expected[name]!)})`;
}

/**
 * Finds a part that an earlier process finished.
 *
 * @param place see {@link PartPlace}
 * @param options where progress is shown, and what stops it
 * @returns its record; undefined where there is none, or it is damaged, which is said
 * @throws SelfsupError `SELFSUP_DATA` when the folder holds the part of another job
 */
export async function finishedPart(
  { folder, shard: { index, count }, identity }: PartPlace,
  { progress, signal }: { progress: Progress; signal?: AbortSignal | undefined },
): Promise<PartRecord | undefined> {
  const record = await readPart(folder, index);
  if (record === undefined) return undefined;
  const shown = printable(partPath(folder, index, ''));
  if (record === 'damaged') {
    progress.warn(`the record of ${shown} is damaged; the part is made again`);
    return undefined;
  }
  const other =
    record.count === count ? differenceOfParts(record.identity, identity) : `another number of parts (${record.count}, not ${count})`;
  if (other !== undefined)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${shown} is there already, made with ${other}; choose another place for the parts, or remove those of the other job from ${printable(folder)}`,
    );
  if ((await damagedParts(folder, [record], { progress, signal })).length === 0) return record;
  progress.warn(`${shown} is not as it was written, or a file of it is missing; it is made again`);
  return undefined;
}

/**
 * Records that a part is finished: its files have their names, and the record comes last. What was left of earlier attempts is removed.
 *
 * @param place see {@link PartPlace}
 * @param content rows, facts, what could not be used, and how the names of the files end, such as `.npy`
 * @returns the record
 */
export async function recordPart(
  { folder, shard: { index, count }, identity }: PartPlace,
  { ends, ...content }: Pick<PartRecord, 'rows' | 'facts' | 'skipped'> & { readonly ends: readonly string[] },
): Promise<PartRecord> {
  const files = await Promise.all(
    ends.map(async (end) => {
      const path = partPath(folder, index, end);
      return { name: basename(path), bytes: (await stat(path)).size, sha256: await sha256Of(path) };
    }),
  );
  const record: PartRecord = { format: 1, index, count, identity, ...content, files };
  const file = await beginFile(partPath(folder, index, '.json'), { who: 'recordPart' });
  try {
    await file.write(toCheckedJson(record));
    await file.keep();
  } finally {
    await file.drop();
  }
  const own = `${basename(partPath(folder, index, ''))}.`;
  for (const name of await readdir(folder))
    if (name.startsWith(own) && name.endsWith('.partial')) await rm(join(folder, name), { force: true });
  return record;
}
