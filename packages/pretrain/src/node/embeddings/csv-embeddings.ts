import { beginFile } from '@selfsup/data/node';
import { csvCell } from '../../csv-cell.ts';
import type { EmbeddingsFile, EmbeddingsFileOptions } from './embeddings-format.ts';
import { embeddingColumns } from './embedding-columns.ts';

/** A table with a header: what the row stands for, then its numbers. Internal. */
export async function beginCsv(path: string, { dim }: EmbeddingsFileOptions): Promise<EmbeddingsFile> {
  const file = await beginFile(path, { who: 'beginEmbeddings' });
  let columns: ReturnType<typeof embeddingColumns> | undefined;
  return {
    async write({ items, features: { data } }) {
      let lines = '';
      if (!columns) {
        columns = embeddingColumns(items);
        lines = `${[...columns, ...Array.from({ length: dim }, (_, i) => `e${i}`)].join(',')}\n`;
      }
      for (const [row, item] of items.entries()) {
        for (const name of columns) lines += `${csvCell(String(item[name] ?? ''))},`;
        lines += `${data.subarray(row * dim, (row + 1) * dim).join(',')}\n`;
      }
      await file.write(lines);
    },
    keep: file.keep,
    drop: file.drop,
  };
}
