import { printable, SelfsupError } from '@selfsup/core';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SplitState } from '../../text/split-documents.ts';
import { bytesPerToken, CACHE_WRITES, readShard, type ShardEntry } from './corpus-shard.ts';
import type { InvalidBytes } from './decode-utf8.ts';
import { systemReason } from '../system-reason.ts';
import { writeWhole } from '../write-whole.ts';

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
  await writeWhole(join(folder, FILE), JSON.stringify(index), CACHE_WRITES);
}

const isEntry = (entry: unknown): boolean => {
  const { file, tokens, sentences, documents, sha256 } = (entry ?? {}) as Record<keyof ShardEntry, unknown>;
  const counts = [tokens, sentences, documents].every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return counts && typeof sha256 === 'string' && typeof file === 'string' && /^(train|validation)-\d+\.bin$/.test(file);
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isFields = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Whether a value is a {@link BuildState}, of a corpus of so many files. */
function isState(value: unknown, files: number): value is BuildState {
  if (!isFields(value)) return false;
  const { file, byte, split, open, documents, tokens, unknownTokens, invalid } = value;
  if (![file, byte, documents, tokens, unknownTokens].every(isCount) || (file as number) > files) return false;
  if (open !== null && open !== 'train' && open !== 'validation') return false;
  if (!isFields(split) || typeof split.fresh !== 'boolean' || typeof split.midLine !== 'boolean' || !isCount(split.characters))
    return false;
  if (!isFields(invalid) || !isCount(invalid.count)) return false;
  const { first } = invalid;
  return first === undefined || (isFields(first) && typeof first.path === 'string' && isCount(first.byte));
}

/** Whether a value is a {@link CorpusIndex}; what reads the file and what writes it agree by this. */
function isIndex(value: unknown, files: number): value is CorpusIndex {
  if (!isFields(value) || value.format !== 1 || typeof value.key !== 'string' || !isCount(value.vocabularySize)) return false;
  const { shards, state, complete } = value;
  if (!isFields(shards) || typeof complete !== 'boolean' || !isState(state, files) || complete !== (state.file === files)) return false;
  return (['train', 'validation'] as const).every((split) => Array.isArray(shards[split]) && shards[split].every(isEntry));
}

/** Reads the index of a folder and compares every shard with it; undefined when anything is missing or damaged: it is a cache, and made again. */
export async function readIndex(
  folder: string,
  expected: { key: string; vocabularySize: number; files: number },
): Promise<CorpusIndex | undefined> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    return undefined; // not JSON
  }
  if (!isIndex(index, expected.files) || index.key !== expected.key || index.vocabularySize !== expected.vocabularySize) return undefined;
  for (const split of ['train', 'validation'] as const)
    for (const entry of index.shards[split]) if (!(await readShard(folder, entry, bytesPerToken(index.vocabularySize)))) return undefined;
  return index;
}

/** Starts an index. What is in the folder stays, for another process may be at the same work: it writes the same files with the same bytes. */
export async function createIndex(folder: string, { key, vocabularySize }: { key: string; vocabularySize: number }): Promise<CorpusIndex> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new SelfsupError(
      'SELFSUP_DATA',
      `openCorpus: the cache folder ${printable(folder)} cannot be made: ${systemReason(cause)}; set \`cacheFolder\` to one that can`,
      {
        cause,
      },
    );
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
