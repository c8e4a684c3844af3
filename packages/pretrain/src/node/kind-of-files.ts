import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { kindOfParquet } from '@selfsup/data/node';

/** Files that are looked at before it is said what a folder holds. */
const LOOKED_AT = 2000;

const kinds = {
  image: /\.(jpe?g|png|webp|gif|tiff?|avif|bmp|bin|tar)$|idx[13]-ubyte(\.gz)?$/i,
  video: /\.(mp4|m4v|mov|webm|mkv|avi|mpe?g|m2ts|wmv|asf|ogv|flv|3gp|3g2)$/i,
  text: /\.(txt|md|text|tsv|csv|jsonl)$/i,
} as const;

/** What files usually hold. */
export type FileKind = keyof typeof kinds;

const isParquet = (path: string) => /\.parquet$/i.test(path);
/** What a Parquet file holds; a damaged one is reported where data is opened. */
const lookInto = (path: string): Promise<FileKind | undefined> => kindOfParquet(path).catch(() => 'image' as const);

const kindOfName = (name: string): FileKind | undefined => (Object.keys(kinds) as FileKind[]).find((kind) => kinds[kind].test(name));

/**
 * Says what a path seems to hold, by the names of the files, and of Parquet files by their columns.
 *
 * @param path a file, a folder, or a pattern such as `corpus/*.txt`
 * @returns `image`, `video` or `text`, whichever more of the first 2,000 files are named like; undefined where neither is there
 */
export async function kindOfFiles(path: string): Promise<FileKind | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isDirectory()) return info && isParquet(path) ? lookInto(path) : kindOfName(path);
  const counts = { image: 0, video: 0, text: 0 };
  let parquet: string | undefined;
  const folders = [path];
  let looked = 0;
  for (let folder = folders.shift(); folder !== undefined && looked < LOOKED_AT; folder = folders.shift()) {
    const inside = folder;
    const entries = await readdir(inside, { withFileTypes: true }).catch(() => []); // an unreadable folder is reported where data is opened
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      looked++;
      if (entry.isDirectory()) folders.push(join(inside, entry.name));
      else if (isParquet(entry.name)) parquet ??= join(inside, entry.name);
      const kind = /^readme/i.test(entry.name) ? undefined : kindOfName(entry.name);
      if (kind) counts[kind]++;
    }
  }
  const [kind, count] = (Object.entries(counts) as [FileKind, number][]).reduce((most, each) => (each[1] > most[1] ? each : most));
  return count > 0 || parquet === undefined ? (count > 0 ? kind : undefined) : lookInto(parquet);
}
