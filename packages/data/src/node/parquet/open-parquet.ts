import { printable, SelfsupError } from '@selfsup/core';
import type { ColumnChunk, CompressionCodec, Compressors, FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import zlib from 'node:zlib';
import { readAt, withFile } from '../read-file-within.ts';
import { systemReason } from '../system-reason.ts';

/** A column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string;
  /** What it holds: pictures as bytes, or in a group with `bytes`; text; integers; or anything else. */
  readonly kind: 'images' | 'text' | 'integers' | 'other';
  /** The names of its classes, by number, where Hugging Face's `datasets` wrote them down. */
  readonly classNames?: readonly string[];
  /** Whether Hugging Face's `datasets` calls it a picture. */
  readonly isDeclared: boolean;
}

/** Rows that are read in one go. */
export interface ParquetBlock {
  readonly first: number;
  readonly rows: number;
}

/** A Parquet file whose footer was read. */
export interface ParquetFile {
  readonly path: string;
  readonly numRows: number;
  readonly columns: readonly ParquetColumn[];
  /**
   * How the rows of a column are best read.
   *
   * @throws SelfsupError `SELFSUP_DATA` when the column is compressed in a way that is not known, or a row group is too large for the memory
   */
  blocksOf(column: string): readonly ParquetBlock[];
  /** Reads columns of some rows; bytes stay bytes, integers may be `bigint`. @throws SelfsupError `SELFSUP_DATA` on damage */
  read(columns: readonly string[], rows: ParquetBlock): Promise<Record<string, unknown>[]>;
}

/** More bytes of a column are not read at once. */
const MAX_AT_ONCE = 2 ** 30;
/** Where a file has an index of its pages, so many bytes are read at once. */
const USUAL_AT_ONCE = 2 ** 25;
const MAX_FOOTER = 2 ** 28;

function zstd(input: Uint8Array, length: number): Uint8Array {
  const { zstdDecompressSync } = zlib as Partial<typeof zlib>;
  if (!zstdDecompressSync) throw new Error('Zstandard needs Node 22.15 or later');
  return zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) });
}

/** Node's decompressors, none of which gives more than the page says that it has. */
async function createCompressors(): Promise<Compressors> {
  const { snappyUncompress } = await import('hyparquet');
  const within = (decompress: (input: Uint8Array, length: number) => Uint8Array) => (input: Uint8Array, length: number) => {
    if (!(length >= 0 && length <= MAX_AT_ONCE)) throw new Error(`a page has ${length} bytes, and ${MAX_AT_ONCE} are read`);
    return decompress(input, length);
  };
  return {
    SNAPPY: within((input, length) => {
      const page = new Uint8Array(length);
      snappyUncompress(input, page);
      return page;
    }),
    GZIP: within((input, length) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, length) })),
    BROTLI: within((input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) })),
    ZSTD: within(zstd),
  };
}

const KNOWN: readonly CompressionCodec[] = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD'];

type Feature = { readonly _type?: unknown; readonly names?: unknown } | undefined;

/** What Hugging Face's `datasets` wrote down about the columns. */
function featuresOf(metadata: readonly { key: string; value?: string }[] | undefined): Readonly<Record<string, Feature>> {
  const text = metadata?.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return {};
  try {
    const { info } = JSON.parse(text) as { info?: { features?: Record<string, Feature> } | null };
    return Object.fromEntries(Object.entries(info?.features ?? {}));
  } catch {
    return {}; // it only adds names
  }
}

const isText = ({ type, converted_type: converted, logical_type: logical }: SchemaElement) =>
  type === 'BYTE_ARRAY' && (converted === 'UTF8' || converted === 'ENUM' || logical?.type === 'STRING' || logical?.type === 'ENUM');
const isBytes = ({ type, converted_type: converted, logical_type: logical }: SchemaElement) =>
  type === 'BYTE_ARRAY' && converted === undefined && (logical === undefined || logical.type === 'FILE');

function kindOf({ element, children }: SchemaTree): ParquetColumn['kind'] {
  if (element.repetition_type === 'REPEATED') return 'other';
  if (children.length > 0) return children.some((child) => child.element.name === 'bytes' && isBytes(child.element)) ? 'images' : 'other';
  if (isBytes(element)) return 'images';
  if (isText(element)) return 'text';
  return (element.type === 'INT32' || element.type === 'INT64') &&
    !/^(DECIMAL|DATE|TIME)/.test(element.logical_type?.type ?? element.converted_type ?? '')
    ? 'integers'
    : 'other';
}

const flat = ({ element, children }: SchemaTree): SchemaElement[] => [element, ...children.flatMap(flat)];

/** The same file, of whose groups with pictures only the `bytes` are there: nothing else of them is read, such as paths. */
function withoutPaths(metadata: FileMetaData, { element: root, children }: SchemaTree): FileMetaData {
  const isGroup = (tree: SchemaTree) => tree.children.length > 1 && kindOf(tree) === 'images';
  const groups = new Set(children.filter(isGroup).map(({ element }) => element.name));
  if (groups.size === 0) return metadata;
  const kept = (tree: SchemaTree) => {
    if (!groups.has(tree.element.name)) return flat(tree);
    return [{ ...tree.element, num_children: 1 }, ...flat(tree.children.find(({ element }) => element.name === 'bytes')!)];
  };
  const isKept = ({ meta_data: meta }: ColumnChunk) => !meta || !groups.has(meta.path_in_schema[0]!) || meta.path_in_schema[1] === 'bytes';
  return {
    ...metadata,
    schema: [root, ...children.flatMap(kept)],
    row_groups: metadata.row_groups.map((group) => ({ ...group, columns: group.columns.filter(isKept) })),
  };
}

/**
 * Reads the footer of a Parquet file.
 *
 * @param path the file
 * @param who the caller, for messages
 * @returns see {@link ParquetFile}; nothing is held open
 * @throws SelfsupError `SELFSUP_DATA` when it is not a Parquet file, is cut short or damaged
 */
export async function openParquet(path: string, who: string): Promise<ParquetFile> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet');
  const fail = (what: string, cause?: unknown): never => {
    throw new SelfsupError('SELFSUP_DATA', `${who}: ${printable(path)} ${what}`, cause === undefined ? undefined : { cause });
  };
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof SelfsupError) throw cause;
      return fail(`is not a Parquet file that can be read: ${systemReason(cause)}; copy it again, or write it anew`, cause);
    }
  };
  const byteLength = await withFile(path, who, (_, size) => Promise.resolve(size));
  const file = {
    byteLength,
    slice: (start: number, end = byteLength) =>
      withFile(path, who, async (handle) => {
        if (!(start >= 0 && end >= start && end <= byteLength))
          throw new Error(`it is cut short or damaged: bytes ${start} to ${end} of ${byteLength} are not there`);
        const bytes = await readAt(handle, start, end - start);
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
      }),
  };
  const whole = await attempt(async () => {
    const tail = new DataView(await file.slice(Math.max(0, byteLength - 8)));
    if (byteLength < 12 || tail.getUint32(4) !== 0x50415231) throw new Error('it does not end as one; it may be cut short');
    const footer = tail.getUint32(0, true);
    if (footer > Math.min(MAX_FOOTER, byteLength - 8)) throw new Error(`its footer would have ${footer} bytes`);
    return parquetMetadataAsync(file);
  });
  const metadata = await attempt(() => withoutPaths(whole, parquetSchema(whole)));
  const compressors = await createCompressors();
  const columns = await attempt(() => {
    const features = featuresOf(metadata.key_value_metadata);
    return parquetSchema(metadata).children.map((child): ParquetColumn => {
      const { name } = child.element;
      const { _type: type, names } = features[name] ?? {};
      const isNames = type === 'ClassLabel' && Array.isArray(names) && names.every((each) => typeof each === 'string');
      return { name, kind: kindOf(child), ...(isNames && { classNames: names }), isDeclared: type === 'Image' };
    });
  });
  const groups = await attempt(() => metadata.row_groups.map(({ num_rows: rows, columns: chunks }) => ({ rows: Number(rows), chunks })));
  const numRows = groups.reduce((sum, { rows }) => sum + rows, 0);
  if (
    !Number.isSafeInteger(numRows) ||
    groups.some(({ rows }) => !(rows >= 0)) ||
    BigInt(numRows) !== metadata.num_rows ||
    numRows > 2 ** 31 - 1
  )
    fail(`is damaged: it has ${metadata.num_rows} rows in all and ${numRows} in its groups; write it anew`);
  const chunksOf = (chunks: readonly ColumnChunk[], column: string) =>
    chunks.flatMap(({ meta_data: meta, offset_index_offset: index }) => (meta?.path_in_schema[0] === column ? { meta, index } : []));
  return {
    path,
    numRows,
    columns,
    blocksOf(column) {
      const blocks: ParquetBlock[] = [];
      let first = 0;
      for (const { rows, chunks } of groups) {
        const own = chunksOf(chunks, column);
        const unknown = own.find(({ meta }) => !KNOWN.includes(meta.codec));
        if (unknown)
          fail(
            `has the column ${printable(column, { maxLength: 40 })} compressed by ${printable(String(unknown.meta.codec))}, which is not read; write it with snappy, gzip, brotli, zstd or none`,
          );
        const bytes = own.reduce(
          (sum, { meta }) => sum + Math.max(Number(meta.total_uncompressed_size), Number(meta.total_compressed_size)),
          0,
        );
        const isPaged = own.length > 0 && own.every(({ index }) => index !== undefined);
        if (!isPaged && bytes > MAX_AT_ONCE)
          fail(
            `has ${bytes} bytes of ${printable(column, { maxLength: 40 })} in one row group, and ${MAX_AT_ONCE} are read at once; write it with smaller row groups, such as \`row_group_size=100\``,
          );
        const most = isPaged && bytes > USUAL_AT_ONCE ? Math.max(1, Math.floor((rows * USUAL_AT_ONCE) / bytes)) : rows;
        for (let from = 0; from < rows; from += most) blocks.push({ first: first + from, rows: Math.min(most, rows - from) });
        first += rows;
      }
      return blocks;
    },
    read: (wanted, { first, rows }) =>
      attempt(async () => {
        const found = await parquetReadObjects({
          file,
          metadata,
          columns: [...wanted],
          rowStart: first,
          rowEnd: first + rows,
          utf8: false,
          useOffsetIndex: true,
          compressors,
        });
        if (found.length !== rows) throw new Error(`rows ${first} to ${first + rows} are not all there`);
        return found;
      }),
  };
}
