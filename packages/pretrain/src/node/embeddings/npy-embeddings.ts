import { beginFile, beginNpy } from '@selfsup/data/node';
import type { EmbeddingsFile, EmbeddingsFileOptions } from './embeddings-format.ts';

/** The file beside a `.npy` that says what each row stands for. */
export const indexPathOf = (path: string): string => path.replace(/\.npy$/i, '.index.json');

/** A `.npy` of the numbers, and beside it a `.index.json` of `{ "rows": [...] }`. Internal. */
export async function beginNpyWithIndex(path: string, { dim }: EmbeddingsFileOptions): Promise<EmbeddingsFile> {
  const numbers = await beginNpy(path, { dim });
  const index = await beginFile(indexPathOf(path), { who: 'beginEmbeddings' }).catch(async (error: unknown) => {
    await numbers.drop();
    throw error;
  });
  let rows = 0;
  return {
    async write({ items, features }) {
      await numbers.write(features.data);
      await index.write(items.map((item) => `${rows++ === 0 ? '{"rows": [\n' : ',\n'}${JSON.stringify(item)}`).join(''));
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
