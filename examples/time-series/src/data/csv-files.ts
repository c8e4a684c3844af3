import { SelfsupError } from '@selfsup/core';
import type { DatasetOpener, DatasetOptions, Skipped } from '@selfsup/pretrain';
import type { SeriesOptions } from '../series-options.ts';
import { parseCsv, type ParsedCsv } from './parse-csv.ts';
import type { OpenedRecordings, Recording } from './recordings.ts';

/** A file with the folders between it and the root, such as `['train', 'walking']`. */
interface Found {
  readonly path: string;
  /** Below the root, with slashes. */
  readonly id: string;
  readonly folders: readonly string[];
}

const isCsv = (name: string): boolean => /\.(csv|tsv)$/i.test(name);

async function listFiles(root: string): Promise<readonly Found[]> {
  const [{ readdir, stat }, path] = await Promise.all([import('node:fs/promises'), import('node:path')]);
  const info = await stat(root).catch((error: unknown) => {
    throw new SelfsupError('SELFSUP_DATA', `there is nothing at ${root}; give a CSV file or a folder of them`, { cause: error });
  });
  if (!info.isDirectory()) return [{ path: root, id: path.basename(root), folders: [] }];
  const names = await readdir(root, { recursive: true });
  return names
    .filter(isCsv)
    .map((name) => {
      const parts = path.normalize(name).split(path.sep);
      return { path: path.join(root, name), id: parts.join('/'), folders: parts.slice(0, -1) };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Which part of the data a file belongs to by its first folder, and its class by the next. */
function placeOf({ folders }: Found, hasParts: boolean): Pick<Recording, 'part' | 'label'> {
  if (!hasParts) return { label: folders[0] };
  return { part: folders[0] === 'test' ? 'test' : 'train', label: folders[1] };
}

/** The recordings of a file: all of it, or one for each value of a column. */
function recordingsOf(found: Found, { segments }: ParsedCsv, place: Pick<Recording, 'part' | 'label'>): readonly Recording[] {
  return segments.map(({ label = place.label, recording, values }, i) => ({
    id: segments.length === 1 ? found.id : `${found.id}#${recording ?? i + 1}`,
    values,
    label,
    part: place.part,
  }));
}

async function openFiles(root: string, { options, progress }: DatasetOptions): Promise<OpenedRecordings> {
  const { readFile } = await import('node:fs/promises');
  const { columns, labelColumn, recordingColumn } = options as Partial<SeriesOptions>;
  const files = await listFiles(root);
  const parts = new Set(files.map(({ folders }) => folders[0]));
  const hasParts = parts.size === 2 && parts.has('train') && parts.has('test');
  const hasClasses = files.some((found) => placeOf(found, hasParts).label !== undefined);
  const recordings: Recording[] = [];
  const skipped: Skipped[] = [];
  let channelNames: readonly string[] | undefined;
  const stage = progress?.stage('Reading recordings', { total: files.length, unit: 'files' });
  for (const [i, found] of files.entries()) {
    const skip = (reason: string) => skipped.push({ path: found.path, reason });
    try {
      const place = placeOf(found, hasParts);
      const parsed = parseCsv(await readFile(found.path, 'utf8'), { name: found.id, columns, labelColumn, recordingColumn });
      channelNames ??= parsed.channelNames;
      if (parsed.channelNames.join() !== channelNames.join())
        skip(`it has the channels ${parsed.channelNames.join(', ')}, other files ${channelNames.join(', ')}`);
      else if (hasClasses && place.label === undefined && labelColumn === undefined) skip('it does not lie in the folder of a class');
      else recordings.push(...recordingsOf(found, parsed, place));
    } catch (error) {
      skip(error instanceof Error ? error.message : String(error));
    }
    stage?.update(i + 1);
  }
  stage?.end();
  if (recordings.length === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${root} has no recordings; give CSV files, in folders of classes or with a column of labels${skipped[0] ? `. ${skipped[0].path}: ${skipped[0].reason}` : ''}`,
    );
  return { name: root, channelNames: channelNames!, recordings, skipped };
}

/**
 * Opens recordings from files: a folder `<class>/*.csv`, the same below `train` and `test`, a folder without classes, or a single file. With `labelColumn` the
 * class comes from that column; rows of one class that follow each other count as one recording. A path at which there is nothing is accepted too, to say so.
 */
export const csvFiles: DatasetOpener<OpenedRecordings> = {
  name: 'CSV files of recordings',
  modality: 'time-series',
  accepts: (data) => typeof data === 'string' && data !== '',
  open: (data, settings) => openFiles(data as string, settings),
};
