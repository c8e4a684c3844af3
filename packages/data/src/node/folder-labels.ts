import { open } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { matchLabels, readLabelTable } from './label-table.ts';
import type { WrittenLabels } from './photo-listing.ts';
import { readHead } from './read-file-within.ts';
import { LABEL_NAMES } from './text/pick-columns.ts';
import type { UnusedFiles } from './unused-files.ts';

/** Tables that lie in a folder of photos to say their classes; `metadata` is what Hugging Face's `datasets` calls them. */
const TABLE = /^(metadata|labels?|classes|annotations?)\.(csv|tsv|jsonl|ndjson)$/i;
const FIRST_LINE = 1 << 16;

/** Whether a table names a column of classes in its first line, which one of captions or boxes does not; one called `labels` may have no names. */
async function mayHaveClasses(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const [first = ''] = (await readHead(file, FIRST_LINE)).toString().replace(/^\ufeff/, '').split(/\r?\n/); // prettier-ignore
    const names = /l$|ndjson$/i.test(path) ? [...first.matchAll(/"([^"\\]+)"\s*:/g)].map(([, key]) => key!) : first.split(/[,;\t]/);
    if (names.length < 2) return false;
    return (
      !/^metadata/i.test(basename(path)) || names.some((name) => LABEL_NAMES.includes(name.trim().replace(/^"|"$/g, '').toLowerCase()))
    );
  } finally {
    await file.close();
  }
}

/**
 * Reads the tables of labels in a folder of photos: `labels.csv`, `metadata.csv` and the like, each for the photos of the folder that it is in.
 *
 * @param folder where the photos are
 * @param options `paths` of the photos and of the `others`, relative to the folder; `unused`: is told of tables without classes
 * @returns the labels, where there are any, and the paths of the tables that were `used` or counted
 * @throws SelfsupError `SELFSUP_DATA` as `readLabelTable` and `matchLabels`: on a table about files that are not there, or of a single class
 */
export async function labelsOfTables(
  folder: string,
  { paths, others, unused }: { paths: readonly string[]; others: readonly string[]; unused: UnusedFiles },
): Promise<{ labels?: WrittenLabels; used: readonly string[] }> {
  const tables = others.filter((path) => TABLE.test(posix.basename(path)));
  const of = new Map<string, string>();
  const from: string[] = [];
  for (const table of tables) {
    const path = join(folder, table);
    if (!(await mayHaveClasses(path))) {
      unused.add('tables', 'has no columns of files and classes, such as `file` and `label`', table);
      continue;
    }
    const place = posix.dirname(table);
    const own = place === '.' ? paths : paths.filter((each) => each.startsWith(`${place}/`));
    const { labels, classNames } = matchLabels(await readLabelTable(path), own.map((each) => join(folder, each)), { folder: join(folder, place) }); // prettier-ignore
    for (const [i, label] of labels.entries()) if (label >= 0) of.set(own[i]!, classNames[label]!);
    from.push(basename(table));
  }
  return { ...(from.length > 0 && { labels: { of, from: [...new Set(from)].join(', ') } }), used: tables };
}
