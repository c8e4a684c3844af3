import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../write-whole.ts';

/** A shard of a corpus as the index describes it. */
export interface ShardEntry {
  readonly file: string;
  /** How many tokens, sentences that end in it, and documents that do. */
  readonly tokens: number;
  readonly sentences: number;
  readonly documents: number;
  readonly sha256: string;
}

/** What a shard holds; ends count from its own start. */
export interface ShardContent {
  readonly tokens: Uint16Array | Int32Array;
  readonly sentenceEnds: Uint32Array;
  readonly documentEnds: Uint32Array;
}

/** For messages about a cache that cannot be written. */
export const CACHE_WRITES = {
  who: 'openCorpus',
  advice: 'it is a part of a cache: remove what is there, or set `cacheFolder` to another folder',
};

/** Bytes of a token id: two where the vocabulary allows. */
export const bytesPerToken = (vocabularySize: number): 2 | 4 => (vocabularySize <= 0x10000 ? 2 : 4);

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const bytesOf = (array: Uint16Array | Int32Array | Uint32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Writes a shard: tokens, then sentence ends, then document ends, little-endian as every platform that Node supports here is. */
export async function writeShard(folder: string, file: string, content: ShardContent): Promise<ShardEntry> {
  const { tokens, sentenceEnds, documentEnds } = content;
  const bytes = Buffer.concat([bytesOf(tokens), bytesOf(sentenceEnds), bytesOf(documentEnds)]);
  await writeWhole(join(folder, file), bytes, CACHE_WRITES);
  return { file, tokens: tokens.length, sentences: sentenceEnds.length, documents: documentEnds.length, sha256: hash(bytes) };
}

/** Reads a shard and compares it with its entry; undefined when it is not what was written. */
export async function readShard(folder: string, entry: ShardEntry, width: 2 | 4): Promise<ShardContent | undefined> {
  const bytes = await readFile(join(folder, entry.file)).catch(() => undefined);
  const { tokens, sentences, documents } = entry;
  if (bytes?.length !== width * tokens + 4 * (sentences + documents) || hash(bytes) !== entry.sha256) return undefined;
  const part = (from: number, size: number) => Uint8Array.from(bytes.subarray(from, from + size)).buffer; // a copy: aligned
  const ends = width * tokens;
  return {
    tokens: width === 2 ? new Uint16Array(part(0, ends)) : new Int32Array(part(0, ends)),
    sentenceEnds: new Uint32Array(part(ends, 4 * sentences)),
    documentEnds: new Uint32Array(part(ends + 4 * sentences, 4 * documents)),
  };
}

/** Reads some tokens of a shard that was compared before. */
export async function readShardTokens(path: string, range: { start: number; length: number }, width: 2 | 4): Promise<ArrayLike<number>> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(width * range.length);
    await file.read(bytes, 0, bytes.length, width * range.start);
    return width === 2 ? new Uint16Array(bytes.buffer) : new Int32Array(bytes.buffer);
  } finally {
    await file.close();
  }
}
