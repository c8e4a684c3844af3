import { printable, SelfsupError } from '@selfsup/core';
import { posix } from 'node:path';
import { readAt, withFile } from '../read-file-within.ts';
import { LABEL_NAMES } from '../text/pick-columns.ts';
import { addUnusedFile, type UnusedFiles } from '../unused-files.ts';
import { indexTar, type TarEntry } from './index-tar.ts';

/** A picture in a tar archive. */
export interface TarImage extends TarEntry {
  /** What the member beside it says: `key.cls`, `key.json` or `key.txt`. */
  readonly label: string | number | undefined;
}

/** The pictures of a tar archive. */
export interface TarImages {
  readonly images: readonly TarImage[];
  /** Which members the labels are from; undefined where the archive has none. */
  readonly labelsFrom: 'cls' | 'json' | 'txt' | undefined;
}

const PHOTO = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|bmp)$/i;
/** Larger members are no labels. */
const MAX_LABEL = { cls: 1024, json: 2 ** 20, txt: 1024 } as const;
type LabelKind = keyof typeof MAX_LABEL;
const labelKindOf = (name: string) => /\.(cls|json|txt)$/i.exec(name)?.[1]?.toLowerCase() as LabelKind | undefined;

/** What WebDataset calls the key: the path up to the first dot of the name. */
const keyOf = (name: string) => posix.join(posix.dirname(name), posix.basename(name).split('.')[0]!);

const plainLabel = (text: string): string | number | undefined => {
  const label = text.trim();
  return label === '' ? undefined : /^\d{1,9}$/.test(label) ? Number(label) : label;
};

function labelOfJson(text: string): string | number | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value === 'string') return plainLabel(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const key = ['class_name', 'label_name', ...LABEL_NAMES, 'cls'].find((name) => Object.hasOwn(value, name));
  const label = key === undefined ? undefined : (value as Record<string, unknown>)[key];
  return typeof label === 'string' ? plainLabel(label) : typeof label === 'number' && Number.isSafeInteger(label) ? label : undefined;
}

/** Whether texts beside pictures are classes: short, and each several times on average. Captions are not. */
const areClasses = (texts: readonly (string | number)[]) =>
  texts.length >= 4 && 2 * new Set(texts).size <= texts.length && texts.every((text) => String(text).length <= 64);

/**
 * Finds the pictures of a tar archive, as WebDataset writes them: `key.jpg` beside `key.cls`, `key.json` or `key.txt`. Any other archive of pictures will do.
 *
 * @param path the archive
 * @param options `who`: the caller, for messages; `unused`: is told of members that are not used
 * @returns see {@link TarImages}
 * @throws SelfsupError `SELFSUP_DATA` as `indexTar`
 */
export async function tarImages(path: string, { who, unused }: { who: string; unused: UnusedFiles }): Promise<TarImages> {
  const entries: TarEntry[] = [];
  const labels: Record<LabelKind, Map<string, string | number>> = { cls: new Map(), json: new Map(), txt: new Map() };
  const beside: Record<LabelKind, number> = { cls: 0, json: 0, txt: 0 };
  const examples: Partial<Record<LabelKind, string>> = {};
  const readLabel = async (
    kind: LabelKind,
    { name, offset, size }: TarEntry,
    read: (offset: number, size: number) => Promise<Uint8Array>,
  ) => {
    beside[kind]++;
    examples[kind] ??= name;
    if (size > MAX_LABEL[kind]) return;
    const text = Buffer.from(await read(offset, size)).toString();
    const label = kind === 'json' ? labelOfJson(text) : plainLabel(text);
    if (label !== undefined) labels[kind].set(keyOf(name), label);
  };
  await indexTar(path, {
    who,
    visit(entry, read) {
      const { name } = entry;
      if (name.split('/').some((part) => part.startsWith('.') || part === '__MACOSX')) return;
      if (PHOTO.test(name)) return entries.push(entry);
      const kind = labelKindOf(name);
      if (kind) return readLabel(kind, entry, read);
      addUnusedFile(unused, `${printable(posix.basename(path))}/${name}`);
    },
  });
  const labelsFrom = (['cls', 'json', 'txt'] as const).find(
    (kind) => labels[kind].size > 0 && (kind !== 'txt' || areClasses([...labels.txt.values()])),
  );
  for (const kind of ['cls', 'json', 'txt'] as const)
    for (let i = 0; i < beside[kind] && kind !== labelsFrom; i++)
      unused.add(
        `.${kind} members of tar archives`,
        kind === 'txt' ? 'holds text that is no class, such as a caption' : 'holds no label',
        examples[kind]!,
      );
  const own = labelsFrom && labels[labelsFrom];
  return { images: entries.map((entry) => ({ ...entry, label: own?.get(keyOf(entry.name)) })), labelsFrom };
}

/** Reads a picture of a tar archive. */
export const readTarImage = (path: string, { offset, size }: TarEntry, who: string): Promise<Uint8Array> =>
  withFile(path, who, async (file) => {
    const bytes = await readAt(file, offset, size);
    if (bytes.length < size)
      throw new SelfsupError('SELFSUP_DATA', `${who}: ${printable(path)} has become shorter since it was opened; do not change it`);
    return bytes;
  });
