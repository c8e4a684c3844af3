import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { openCorpus, type OpenCorpusOptions } from '../src/node/text/open-corpus.ts';
import type { TokenDataset } from '../src/text/token-dataset.ts';
import { wordPieceTokenizer } from '../src/text/word-piece-tokenizer.ts';

/** The words of the tests' vocabulary. */
export const words = Array.from({ length: 90 }, (_, i) => `w${i}`);

/** A tokenizer with one token per word, and a full stop. */
export const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words, '.']);

/** Reads every row. */
export const all = async (dataset: TokenDataset) => dataset.read(Array.from({ length: dataset.length }, (_, i) => i));

/** The rows as text, without filling, which is checked. */
export async function rows(dataset: TokenDataset): Promise<string[]> {
  const { tokenIds, attentionMask, shape } = await all(dataset);
  return Array.from({ length: shape[0] }, (_, row) => {
    const span = (values: Int32Array) => [...values.subarray(row * shape[1], (row + 1) * shape[1])];
    const count = span(attentionMask).reduce((sum, one) => sum + one, 0);
    expect(span(attentionMask)).toEqual(Array.from({ length: shape[1] }, (__, i) => (i < count ? 1 : 0)));
    expect(new Set(span(tokenIds).slice(count)).size).toBeLessThan(2);
    expect(span(tokenIds)[count] ?? 0).toBe(0);
    return span(tokenIds).slice(0, count).map((token) => tokenizer.tokenOf(token)).join(' '); // prettier-ignore
  });
}

/** A folder for each test, with text in `corpus` and a cache. */
export function corpusFolder() {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'selfsup-corpus-'));
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });
  const at = (path: string) => join(root, path);
  return {
    at,
    put: async (path: string, content: string | Uint8Array): Promise<void> => {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content);
    },
    open: (options: Partial<OpenCorpusOptions> = {}, patterns: string | string[] = at('corpus')) =>
      openCorpus(patterns, { tokenizer, cacheFolder: at('cache'), ...options }),
    cacheFiles: async (): Promise<{ folder: string; names: string[] }> => {
      const folder = join(at('cache'), (await readdir(at('cache')))[0]!);
      return { folder, names: (await readdir(folder)).sort() };
    },
  };
}
