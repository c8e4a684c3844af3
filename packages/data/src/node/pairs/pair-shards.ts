import { printable, SelfsupError } from '@selfsup/core';
import { basename, join, posix } from 'node:path';
import { indexTar, type TarEntry } from '../shards/index-tar.ts';
import { readTarImage } from '../shards/tar-images.ts';
import { LABEL_NAMES } from '../text/pick-columns.ts';
import { CAPTION_NAMES, partOf, type PairRow } from './pair-row.ts';

const who = 'openImageTexts';
const PHOTO = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|bmp)$/i;
/** A larger text is no caption. */
const MAX_TEXT = 2 ** 16;
const MAX_JSON = 2 ** 20;

/** What WebDataset calls the key: the path up to the first dot of the name. */
const keyOf = (name: string) => posix.join(posix.dirname(name), posix.basename(name).split('.')[0]!);

/** What an object has under the first of the usual keys, as texts: of a list several. Empty ones are left out. */
function textsIn(value: unknown, keys: readonly string[]): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const key = keys.find((name) => Object.hasOwn(value, name));
  const found = key === undefined ? undefined : (value as Record<string, unknown>)[key];
  const each: readonly unknown[] = Array.isArray(found) ? found : [found];
  return each.flatMap((one) => (typeof one === 'string' || typeof one === 'number' ? [String(one).trim()] : [])).filter(Boolean);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Finds the pairs of tar archives as WebDataset writes them: `key.jpg` beside `key.txt`, or beside a `key.json` with a `caption`, of several texts a list; a `key.cls` is the class.
 *
 * @param folder where they lie
 * @param shards their names, in order; those that begin like `test` or `val` are the test part
 * @param options `mostOf`: at most so many pairs of each, to look into them; default all
 * @returns the pairs in the order of the archives, and how many pictures have no text
 * @throws SelfsupError `SELFSUP_DATA` when one is no archive, is damaged, or there is no pair in them
 */
export async function readPairShards(
  folder: string,
  shards: readonly string[],
  { mostOf = Infinity }: { mostOf?: number } = {},
): Promise<{ rows: PairRow[]; empty: number }> {
  const rows: PairRow[] = [];
  let empty = 0;
  for (const shard of shards) {
    const path = join(folder, shard);
    const images: TarEntry[] = [];
    const [texts, labels] = [new Map<string, readonly string[]>(), new Map<string, string>()];
    await indexTar(path, {
      who,
      async visit(entry, read) {
        const { name, offset, size } = entry;
        if (images.length >= mostOf || name.split('/').some((part) => part.startsWith('.') || part === '__MACOSX')) return;
        if (PHOTO.test(name)) {
          images.push(entry);
          return;
        }
        const kind = /\.(txt|json|cls)$/i.exec(name)?.[1]?.toLowerCase();
        if (kind === undefined || size > (kind === 'json' ? MAX_JSON : MAX_TEXT)) return;
        const text = Buffer.from(await read(offset, size))
          .toString()
          .trim();
        const key = keyOf(name);
        if (kind === 'txt') texts.set(key, text === '' ? [] : [text]);
        else if (kind === 'cls') labels.set(key, text);
        else {
          const value = parsed(text);
          const [captions, [label = '']] = [textsIn(value, CAPTION_NAMES), textsIn(value, LABEL_NAMES)];
          if (captions.length > 0 && !texts.has(key)) texts.set(key, captions);
          if (label !== '' && !labels.has(key)) labels.set(key, label);
        }
      },
    });
    for (const image of images) {
      const key = keyOf(image.name);
      const captions = texts.get(key) ?? [];
      if (captions.length === 0) {
        empty++;
        continue;
      }
      const file = { path: join(path, image.name), size: image.size, read: () => readTarImage(path, image, who) };
      for (const caption of captions) rows.push({ file, caption, label: labels.get(key) ?? '', part: partOf(basename(shard)) });
    }
  }
  if (rows.length === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: there are no images with texts in ${shards.length === 1 ? printable(join(folder, shards[0]!)) : `the ${shards.length} archives of ${printable(folder)}`}; they must hold key.jpg beside key.txt, or beside key.json with a caption`,
    );
  return { rows, empty };
}
