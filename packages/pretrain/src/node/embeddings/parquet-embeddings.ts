import { beginFile } from '@selfsup/data/node';
import type { ParquetWriter, SchemaElement } from 'hyparquet-writer';
import type { EmbeddedSample } from '../../embed-samples.ts';
import type { EmbeddingsFile, EmbeddingsFileOptions } from './embeddings-format.ts';
import { embeddingColumns } from './embedding-columns.ts';

/** Numbers that a row group holds at least, unless the file ends. */
const GROUP_VALUES = 2 ** 20;

function schemaOf(columns: ReturnType<typeof embeddingColumns>): SchemaElement[] {
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

/** A table with one column for the numbers, a list of float32. Internal. */
export async function beginParquet(path: string, { dim }: EmbeddingsFileOptions): Promise<EmbeddingsFile> {
  const { ByteWriter, ParquetWriter: Parquet } = await import('hyparquet-writer');
  const file = await beginFile(path, { who: 'beginEmbeddings' });
  const bytes = new ByteWriter();
  let table: { readonly writer: ParquetWriter; readonly columns: ReturnType<typeof embeddingColumns> } | undefined;
  let items: EmbeddedSample[] = [];
  let lists: number[][] = [];
  const begin = () => {
    const columns = embeddingColumns(items);
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
  return {
    async write({ items: more, features: { data } }) {
      for (const [row, item] of more.entries()) {
        items.push(item);
        lists.push([...data.subarray(row * dim, (row + 1) * dim)]);
      }
      if (items.length * dim >= GROUP_VALUES) await flush();
    },
    async keep() {
      await flush();
      (table ?? begin()).writer.finish();
      await send();
      await file.keep();
    },
    drop: file.drop,
  };
}
