import { printable, SelfsupError } from '@selfsup/core';
import { beginFile } from '@selfsup/data/node';
import type { ParquetWriter, SchemaElement } from 'hyparquet-writer';
import type { EmbeddedSample } from '../../embed-samples.ts';
import type { EmbeddingsFile, EmbeddingsFileOptions } from './embeddings-format.ts';
import { embeddingColumns, type EmbeddingColumn } from './embedding-columns.ts';

/** Numbers that a row group holds, rounded up to whole rows; the last one holds the rest. */
const GROUP_VALUES = 2 ** 19;

function schemaOf(columns: readonly EmbeddingColumn[]): SchemaElement[] {
  return [
    { name: 'schema', num_children: columns.length + 1 },
    ...columns.map((name): SchemaElement =>
      name === 'index'
        ? { name, type: 'INT32', repetition_type: 'REQUIRED' }
        : { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ),
    { name: 'embedding', converted_type: 'LIST', repetition_type: 'REQUIRED', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  ];
}

/** A table with one column for the numbers, a list of float32; row groups have the same number of rows, however these are written. Internal. */
export async function beginParquet(path: string, { dim, columns: given }: EmbeddingsFileOptions): Promise<EmbeddingsFile> {
  const { ByteWriter, ParquetWriter: Parquet } = await import('hyparquet-writer');
  const file = await beginFile(path, { who: 'beginEmbeddings' });
  const bytes = new ByteWriter();
  const groupRows = Math.ceil(GROUP_VALUES / dim);
  let table: { readonly writer: ParquetWriter; readonly columns: readonly EmbeddingColumn[] } | undefined;
  let items: EmbeddedSample[] = [];
  let lists: number[][] = [];
  const begin = () => {
    const columns = given ?? embeddingColumns(items);
    table = { writer: new Parquet({ writer: bytes, schema: schemaOf(columns), createdBy: 'selfsup' }), columns };
    return table;
  };
  const send = async () => {
    const done = bytes.getBytes();
    await file.write(done);
    bytes.index = 0; // what is in the file needs no room here
  };
  const flush = async () => {
    if (items.length === 0) return;
    const { writer, columns } = table ?? begin();
    const columnData = [
      ...columns.map((name) => ({ name, data: items.map((item) => item[name] ?? null) })),
      { name: 'embedding', data: lists, encoding: 'PLAIN' as const, statistics: false },
    ];
    await writer.write({ columnData, rowGroupSize: items.length });
    [items, lists] = [[], []];
    await send();
  };
  const add = async (item: EmbeddedSample, numbers: Iterable<number>) => {
    items.push(item);
    lists.push([...numbers]);
    if (items.length === groupRows) await flush();
  };
  return {
    async write({ items: more, features: { data } }) {
      for (const [row, item] of more.entries()) await add(item, data.subarray(row * dim, (row + 1) * dim));
    },
    async append(part) {
      for await (const { embedding, ...item } of readParquet(part)) {
        if (embedding.length !== dim)
          throw new SelfsupError('SELFSUP_DATA', `${printable(part)} must have ${dim} numbers in a row, got ${embedding.length}`);
        await add(item, embedding);
      }
    },
    async keep() {
      await flush();
      await (table ?? begin()).writer.finish();
      await send();
      await file.keep();
    },
    drop: () => file.drop(),
  };
}

/** The rows of a table that {@link beginParquet} wrote, one row group in memory at a time. */
async function* readParquet(path: string): AsyncGenerator<EmbeddedSample & { readonly embedding: readonly number[] }, void, void> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    for (const row of await parquetReadObjects({ file, metadata, rowStart, rowEnd }))
      yield Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as EmbeddedSample & {
        embedding: number[];
      };
    rowStart = rowEnd;
  }
}
