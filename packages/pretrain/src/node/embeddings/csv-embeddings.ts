import { beginFile } from '@selfsup/data/node';
import { csvCell } from '../../csv-cell.ts';
import { appendTable } from '../append-table.ts';
import type { EmbeddingsFile, EmbeddingsFileOptions } from './embeddings-format.ts';
import { embeddingColumns } from './embedding-columns.ts';

/** A table with a header: what the row stands for, then its numbers. Internal. */
export async function beginCsv(path: string, { dim, columns: given }: EmbeddingsFileOptions): Promise<EmbeddingsFile> {
  const file = await beginFile(path, { who: 'beginEmbeddings' });
  let columns = given;
  const headerOf = (names: readonly string[]) => `${[...names, ...Array.from({ length: dim }, (_, i) => `e${i}`)].join(',')}\n`;
  let begun = false;
  const begin = async (names: readonly string[]) => {
    if (!begun) await file.write(headerOf(names));
    begun = true;
  };
  return {
    async write({ items, features: { data } }) {
      columns ??= embeddingColumns(items);
      await begin(columns);
      let lines = '';
      for (const [row, item] of items.entries()) {
        for (const name of columns) lines += `${csvCell(String(item[name] ?? ''))},`;
        lines += `${data.subarray(row * dim, (row + 1) * dim).join(',')}\n`;
      }
      await file.write(lines);
    },
    async append(part) {
      columns ??= embeddingColumns([]);
      await begin(columns);
      await appendTable(file, part, { header: headerOf(columns) });
    },
    async keep() {
      if (columns) await begin(columns);
      await file.keep();
    },
    drop: () => file.drop(),
  };
}
