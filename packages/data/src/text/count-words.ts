import { detached } from './detached.ts';
import { normalizeChunk, visitChunks, type NormalizeOptions } from './split-words.ts';

const LONGEST = 400; // UTF-16 units; such a chunk is no word
const MOST = 4_000_000; // different chunks in memory

/** Counts the normalized words of texts of any length, the most frequent ones if they do not fit in memory. Words in order of appearance. */
export async function countWords(
  texts: Iterable<string> | AsyncIterable<string>,
  options: NormalizeOptions & { maxCharacters: number },
): Promise<Map<string, number>> {
  const chunks = new Map<string, number>();
  let least = 1;
  for await (const text of texts) {
    const visit = (start: number, end: number) => {
      if (end - start > LONGEST) return;
      const chunk = text.slice(start, end);
      const known = chunks.get(chunk);
      if (known === undefined) chunks.set(detached(chunk), 1);
      else chunks.set(chunk, known + 1);
    };
    visitChunks(text, visit, { start: 0, end: text.length });
    for (; chunks.size > MOST; least++) for (const [chunk, count] of chunks) if (count <= least) chunks.delete(chunk);
  }
  const words = new Map<string, number>();
  for (const [chunk, count] of chunks)
    for (const { characters, tooLong } of normalizeChunk(chunk, options, options.maxCharacters)) {
      const word = characters.join('');
      if (!tooLong) words.set(word, (words.get(word) ?? 0) + count);
    }
  return words;
}
