import { printable, SelfsupError } from '@selfsup/core';
import { beginFile, beginNpy, readNpyRows } from '@selfsup/data/node';
import type { EmbeddedRows, EmbeddedSample } from '../../embed-samples.ts';
import { readLines } from '../read-lines.ts';
import type { EmbeddingsFile, EmbeddingsFileOptions } from './embeddings-format.ts';

/** The file beside a `.npy` that says what each row stands for. */
export const indexPathOf = (path: string): string => path.replace(/\.npy$/i, '.index.json');

/** Rows that are read at once. */
const PIECE = 2048;

/** A `.npy` of the numbers, and beside it a `.index.json` of `{ "rows": [...] }`. Internal. */
export async function beginNpyWithIndex(path: string, { dim }: EmbeddingsFileOptions): Promise<EmbeddingsFile> {
  const numbers = await beginNpy(path, { dim });
  const index = await beginFile(indexPathOf(path), { who: 'beginEmbeddings' }).catch(async (error: unknown) => {
    await numbers.drop();
    throw error;
  });
  let rows = 0;
  const write = async ({ items, features }: EmbeddedRows) => {
    await numbers.write(features.data);
    await index.write(items.map((item) => `${rows++ === 0 ? '{"rows": [\n' : ',\n'}${JSON.stringify(item)}`).join(''));
  };
  return {
    write,
    async append(part) {
      for await (const piece of readNpyWithIndex(part)) await write(piece);
    },
    async keep() {
      await index.write(rows === 0 ? '{"rows": []}\n' : '\n]}\n');
      await numbers.keep();
      await index.keep();
    },
    async drop() {
      await numbers.drop();
      await index.drop();
    },
  };
}

/** The rows of what {@link beginNpyWithIndex} wrote, piece by piece. Internal. */
export async function* readNpyWithIndex(path: string): AsyncGenerator<EmbeddedRows, void, void> {
  const lines = readLines(indexPathOf(path));
  const next = async (): Promise<string | undefined> => {
    const { value, done } = await lines.next();
    return done === true ? undefined : value;
  };
  await next(); // `{"rows": [`
  try {
    for await (const { data, shape } of readNpyRows(path, { rows: PIECE })) {
      const items: EmbeddedSample[] = [];
      while (items.length < shape[0]) {
        const line = await next();
        if (line?.startsWith('{') !== true) {
          const shown = printable(indexPathOf(path));
          throw new SelfsupError('SELFSUP_DATA', `${shown} has fewer rows than the array beside it; it is damaged, or not of selfsup`);
        }
        items.push(JSON.parse(line.replace(/,$/, '')) as EmbeddedSample);
      }
      yield { items, features: { data, shape } };
    }
  } finally {
    await lines.return();
  }
}
