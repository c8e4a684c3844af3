import { printable, SelfsupError } from '@selfsup/core';
import { createBudget } from '../pixel-budget.ts';
import { LABEL_NAMES, listed } from '../text/pick-columns.ts';
import type { ParquetBlock, ParquetColumn, ParquetFile } from './open-parquet.ts';

/** The pictures of a Parquet file. */
export interface ParquetImages {
  readonly numRows: number;
  /** The label of each row, where there are labels; undefined for a row without. */
  readonly labels: readonly (string | number | undefined)[] | undefined;
  /** The names of the classes by number, where the file has them. */
  readonly classNames: readonly string[] | undefined;
  /** The column of the labels. */
  readonly labelColumn: string | undefined;
  /** Reads the bytes of a picture. @throws SelfsupError `SELFSUP_DATA` when there are none */
  read(row: number): Promise<Uint8Array>;
}

const PICTURES = ['image', 'img', 'picture', 'photo', 'jpg', 'jpeg', 'png', 'webp', 'bytes', 'image_bytes', 'content', 'data'];
/** Bytes of pictures that are kept of all files together: neighbors are read together. */
const KEPT = 2 ** 27;

const usual = <C extends ParquetColumn>(columns: readonly C[], names: readonly string[]): C | undefined =>
  names.map((name) => columns.find((column) => column.name.trim().toLowerCase() === name)).find((column) => column !== undefined);

/** The column that has the pictures; undefined where none has. */
export function imageColumnOf({ columns }: Pick<ParquetFile, 'columns'>): ParquetColumn | undefined {
  const pictures = columns.filter(({ kind }) => kind === 'images');
  const declared = pictures.filter(({ isDeclared }) => isDeclared);
  return usual(declared, PICTURES) ?? declared[0] ?? usual(pictures, PICTURES) ?? (pictures.length === 1 ? pictures[0] : undefined);
}

function labelColumnOf({ columns }: ParquetFile): ParquetColumn | undefined {
  const classes = columns.filter(({ classNames }) => classNames !== undefined);
  const fitting = columns.filter(({ kind }) => kind === 'integers' || kind === 'text');
  return usual(classes, LABEL_NAMES) ?? classes[0] ?? usual(fitting, [...LABEL_NAMES, 'labels', 'cls', 'fine_label', 'coarse_label']);
}

/** What all Parquet files keep together: the pictures of the blocks that were read last. */
const blocks = new Map<object, { readonly bytes: number; readonly pictures: readonly (Uint8Array | undefined)[] }>();
const turns = createBudget(1); // one block at a time: each may take a GB

function keep(block: object, pictures: readonly (Uint8Array | undefined)[]): void {
  blocks.set(block, { bytes: pictures.reduce((sum, picture) => sum + (picture?.length ?? 0), 0), pictures });
  let sum = [...blocks.values()].reduce((total, { bytes }) => total + bytes, 0);
  for (const [oldest, { bytes }] of blocks) {
    if (sum <= KEPT || oldest === block) break;
    blocks.delete(oldest);
    sum -= bytes;
  }
}

const toBytes = (value: unknown): Uint8Array | undefined => {
  const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null | undefined)?.bytes;
  return bytes instanceof Uint8Array ? Uint8Array.from(bytes) : undefined; // not a view of the whole block
};

const ROWS_OF_LABELS = 1 << 16;

async function readLabels(file: ParquetFile, { name, classNames }: ParquetColumn): Promise<(string | number | undefined)[]> {
  const labels: (string | number | undefined)[] = [];
  file.blocksOf(name); // known compression
  for (let first = 0; first < file.numRows; first += ROWS_OF_LABELS) {
    for (const row of await file.read([name], { first, rows: Math.min(ROWS_OF_LABELS, file.numRows - first) })) {
      const value = row[name];
      const label = typeof value === 'bigint' ? Number(value) : value;
      if (typeof label === 'string') labels.push(label === '' ? undefined : label);
      else if (typeof label !== 'number' || (classNames && label < 0))
        labels.push(undefined); // -1 means unknown
      else labels.push(classNames ? classNames[label] : label);
    }
  }
  return labels;
}

/**
 * Finds the pictures of a Parquet file and their labels.
 *
 * @param file its footer
 * @param who the caller, for messages
 * @returns see {@link ParquetImages}; pictures are read by blocks of rows, of which 128 MiB are kept
 * @throws SelfsupError `SELFSUP_DATA` when it has no column of pictures, or a column is compressed in a way that is not read
 */
export async function parquetImages(file: ParquetFile, who: string): Promise<ParquetImages> {
  const column = imageColumnOf(file);
  if (!column)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: ${printable(file.path)} must have a column of pictures as bytes, such as \`image\`, got ${listed(file.columns.map(({ name, kind }) => `${name} (${kind})`)) || 'no columns'}`,
    );
  const labelColumn = labelColumnOf(file);
  const places = file.blocksOf(column.name);
  const loading = new Map<ParquetBlock, Promise<readonly (Uint8Array | undefined)[]>>();
  const load = (block: ParquetBlock) => {
    const known = blocks.get(block)?.pictures;
    if (known) return Promise.resolve(known);
    const started = loading.get(block);
    if (started) return started;
    const work = turns.within(1, async () => {
      const pictures = (await file.read([column.name], block)).map((row) => toBytes(row[column.name]));
      keep(block, pictures);
      return pictures;
    });
    loading.set(block, work);
    return work.finally(() => loading.delete(block));
  };
  return {
    numRows: file.numRows,
    labels: labelColumn && (await readLabels(file, labelColumn)),
    classNames: labelColumn?.classNames,
    labelColumn: labelColumn?.name,
    async read(row) {
      let [low, high] = [0, places.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (places[middle]!.first <= row) low = middle;
        else high = middle - 1;
      }
      const block = places[low]!;
      const picture = (await load(block))[row - block.first];
      if (!picture) throw new Error(`row ${row} has no bytes of a picture; a file that only names paths has none`);
      return picture;
    },
  };
}
