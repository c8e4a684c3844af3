import { SelfsupError } from '@selfsup/core';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SplitState } from '../../text/split-documents.ts';
import { bytesPerToken, readShard, type ShardEntry } from './corpus-shard.ts';
import type { InvalidBytes } from './decode-utf8.ts';
import { writeWhole } from './write-whole.ts';

/** The parts of a corpus. */
export type SplitName = 'train' | 'validation';

/** How far the building of a corpus has come; plain data, so that it goes on after an interruption. */
export interface BuildState {
  /** The next byte is `byte` of file `file`. */
  file: number;
  byte: number;
  split: SplitState;
  /** Where the document goes that is open; null when none is. */
  open: SplitName | null;
  /** Documents begun so far. */
  documents: number;
  tokens: number;
  unknownTokens: number;
  invalid: InvalidBytes;
}

/** The file `index.json` of a cached corpus. */
export interface CorpusIndex {
  readonly format: 1;
  /** The hash of all that the content depends on. */
  readonly key: string;
  readonly vocabularySize: number;
  complete: boolean;
  readonly state: BuildState;
  readonly shards: Record<SplitName, ShardEntry[]>;
}

const FILE = 'index.json';

/** Writes the index; what it lists must be on disk before. */
export async function writeIndex(folder: string, index: CorpusIndex): Promise<void> {
  await writeWhole(join(folder, FILE), JSON.stringify(index));
}

const isEntry = (entry: unknown): boolean => {
  const { file, tokens, sentences, documents, sha256 } = (entry ?? {}) as Record<keyof ShardEntry, unknown>;
  const counts = [tokens, sentences, documents].every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return counts && typeof sha256 === 'string' && typeof file === 'string' && /^(train|validation)-\d+\.bin$/.test(file);
};

/** Reads the index of a folder and compares every shard with it; undefined when anything is missing or damaged: it is a cache, and made again. */
export async function readIndex(folder: string, expected: { key: string; vocabularySize: number }): Promise<CorpusIndex | undefined> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const index = JSON.parse(text) as CorpusIndex;
    if (index.format !== 1 || index.key !== expected.key || index.vocabularySize !== expected.vocabularySize) return undefined;
    for (const split of ['train', 'validation'] as const)
      for (const entry of index.shards[split])
        if (!isEntry(entry) || !(await readShard(folder, entry, bytesPerToken(index.vocabularySize)))) return undefined;
    const { file, byte, documents, tokens } = index.state;
    return [file, byte, documents, tokens].every(Number.isSafeInteger) && typeof index.complete === 'boolean' ? index : undefined;
  } catch {
    return undefined; // no JSON, or another shape
  }
}

/** Starts an index. What is in the folder stays, for another process may be at the same work: it writes the same files with the same bytes. */
export async function createIndex(folder: string, { key, vocabularySize }: { key: string; vocabularySize: number }): Promise<CorpusIndex> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new SelfsupError('SELFSUP_DATA', `openCorpus: the cache folder ${folder} cannot be made; set \`cacheFolder\` to one that can`, {
      cause,
    });
  });
  const state: BuildState = {
    file: 0,
    byte: 0,
    split: { fresh: true, midLine: false, characters: 0 },
    open: null,
    documents: 0,
    tokens: 0,
    unknownTokens: 0,
    invalid: { count: 0 },
  };
  return { format: 1, key, vocabularySize, complete: false, state, shards: { train: [], validation: [] } };
}
