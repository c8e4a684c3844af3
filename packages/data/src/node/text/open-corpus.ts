import { createRng, printable, SelfsupError, type Rng } from '@selfsup/core';
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { planSentencePairs } from '../../text/plan-sentence-pairs.ts';
import { planSequences } from '../../text/plan-sequences.ts';
import type { DocumentRule } from '../../text/split-documents.ts';
import type { SentenceRule } from '../../text/split-sentences.ts';
import { storeDataset } from '../../text/store-dataset.ts';
import type { TokenDataset } from '../../text/token-dataset.ts';
import { specialTokenId, type Tokenizer } from '../../text/tokenizer.ts';
import { buildCorpus } from './build-corpus.ts';
import type { UnusedKind } from '../unused-files.ts';
import type { Column } from './pick-columns.ts';
import { tableFormatOf } from './read-table.ts';
import { createIndex, readIndex, type CorpusIndex, type SplitName } from './corpus-index.ts';
import { findTextFiles } from './find-text-files.ts';
import { hashFile } from './hash-file.ts';
import { openShards } from './shard-store.ts';

/** How far {@link openCorpus} is. */
export interface CorpusProgress {
  /** `hashing` the files, to know whether they are cached, or `tokenizing` them. */
  readonly phase: 'hashing' | 'tokenizing';
  /** Bytes of the phase that are done. */
  readonly bytes: number;
  /** Bytes of all files. */
  readonly totalBytes: number;
}

/** Options of {@link openCorpus}. */
export interface OpenCorpusOptions {
  /** What turns text into tokens. */
  tokenizer: Tokenizer;
  /** Tokens in a sequence, special ones included, ≥ 4; default 128. */
  length?: number;
  /** What separates documents: `file` (default), `blank-line`, `chapter`, or a pattern of the lines that begin one. */
  documents?: DocumentRule;
  /**
   * Where the text of tables is (`.csv`, `.tsv`, `.jsonl`, `.ndjson`), of which each row is a document: a name of the first line or a key, a number from 0, or
   * several, which are joined with a line end; default `text`, `sentence`, `question`, `review`, `content`, `body`, `message`, `comment`, or `title` with `description`.
   */
  textColumn?: Column | readonly Column[];
  /** Whether the first line of tables (`.csv`, `.tsv`) has the names of the columns; default where it looks so. */
  header?: boolean;
  /** Whether sequences go on across the ends of documents, with a separator between them; default false. */
  acrossDocuments?: boolean;
  /** The share of the documents that is held out, in [0, 1): every 1/share-th one; default 0. */
  validationFraction?: number;
  /** Whether sequences are pairs for next-sentence prediction; default false. */
  nextSentence?: boolean;
  /** How pairs know sentences: `split` (default) by their punctuation, `lines`: one on each line. */
  sentences?: SentenceRule;
  /** How often a pair aims at a shorter length, in [0, 1]; default 0.1. */
  shortFraction?: number;
  /** The stream that pairs are drawn from; default that of seed 0. */
  rng?: Rng;
  /** What becomes of bytes that are no UTF-8: `error` (default), or `replace`, which counts them. */
  invalidUtf8?: 'error' | 'replace';
  /** The folder of the cache; default `selfsup/corpora` in `$XDG_CACHE_HOME`, or in `.cache` of the home directory. */
  cacheFolder?: string;
  /** At most how many bytes of tokens are kept in memory; default 1 GiB. What does not fit is read from the cache each time. */
  memoryBytes?: number;
  /** A shard of the cache, and what an interruption costs at most, has about as many tokens; default 4,194,304. */
  shardTokens?: number;
  /** Told after each MiB or so. */
  onProgress?: (progress: CorpusProgress) => void;
  /** Stops the work between two pieces; the next call goes on from the last shard. */
  signal?: AbortSignal;
}

/** What {@link openCorpus} opened. */
export interface Corpus {
  /** The sequences to train on. */
  readonly train: TokenDataset;
  /** The sequences of the documents that were held out. */
  readonly validation?: TokenDataset;
  /** The files of folders that are not used, by kind. */
  readonly unused: readonly UnusedKind[];
  /** What was counted while the files were read. */
  readonly statistics: {
    readonly files: number;
    readonly bytes: number;
    readonly documents: number;
    /** Tokens of the text, without separators and filling. */
    readonly tokens: number;
    readonly unknownTokens: number;
    /** How many places were no UTF-8, and where the first one is. */
    readonly invalidBytes: number;
    readonly firstInvalid?: { readonly path: string; readonly byte: number };
    /** Whether the tokens came from the cache. */
    readonly cached: boolean;
  };
}

const fail = (code: 'SELFSUP_OPTION' | 'SELFSUP_DATA', what: string): never => {
  throw new SelfsupError(code, `openCorpus: ${what}`);
};
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

function checkOptions({
  length = 128,
  validationFraction = 0,
  shortFraction = 0.1,
  shardTokens = 1,
  memoryBytes = 0,
}: OpenCorpusOptions): void {
  const integer = (name: string, value: number, min: number) => {
    if (!Number.isSafeInteger(value) || value < min) fail('SELFSUP_OPTION', `\`${name}\` must be an integer >= ${min}, got ${value}`);
  };
  integer('length', length, 4);
  integer('shardTokens', shardTokens, 1);
  integer('memoryBytes', memoryBytes, 0);
  if (!(validationFraction >= 0 && validationFraction < 1))
    fail('SELFSUP_OPTION', `\`validationFraction\` must be in [0, 1), got ${validationFraction}`);
  if (!(shortFraction >= 0 && shortFraction <= 1)) fail('SELFSUP_OPTION', `\`shortFraction\` must be in [0, 1], got ${shortFraction}`);
}

/** The index of the corpus, complete: from the cache, or built, or built on from where an earlier call stopped. */
async function prepare(
  files: readonly string[],
  options: OpenCorpusOptions,
  report: (phase: CorpusProgress['phase'], bytes: number) => void,
) {
  const {
    tokenizer,
    documents = 'file',
    textColumn,
    header,
    validationFraction = 0,
    invalidUtf8 = 'error',
    nextSentence = false,
    signal,
  } = options;
  const tables = files.map((file) => tableFormatOf(file) ?? null);
  const sentences = nextSentence ? (options.sentences ?? 'split') : undefined;
  const hashes: string[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    hashes.push(
      await hashFile(file, (bytes) => {
        report('hashing', bytes);
      }),
    );
  }
  const { vocabularySize } = tokenizer;
  const tokenizerHash = digest(JSON.stringify(tokenizer.toJson()));
  const rule = documents instanceof RegExp ? { source: documents.source, flags: documents.flags } : documents;
  const columns = tables.some((table) => table !== null) ? [textColumn ?? null, header ?? null] : null;
  const all = { format: 2, hashes, tables, columns, tokenizerHash, rule, sentences: sentences ?? null, validationFraction, invalidUtf8 };
  const key = digest(JSON.stringify(all)).slice(0, 32);
  const root = options.cacheFolder ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'selfsup', 'corpora');
  const folder = join(root, key);
  const found = await readIndex(folder, { key, vocabularySize, files: files.length });
  if (found?.complete) return { folder, index: found, cached: true };
  const index: CorpusIndex = found ?? (await createIndex(folder, { key, vocabularySize }));
  await buildCorpus(index, {
    folder,
    files,
    tokenizer,
    documents,
    textColumn,
    header,
    sentences,
    validationFraction,
    replaceInvalid: invalidUtf8 === 'replace',
    shardTokens: options.shardTokens ?? 1 << 22,
    onBytes: (bytes) => {
      report('tokenizing', bytes);
    },
    signal,
  });
  return { folder, index, cached: false };
}

/**
 * Opens text files as sequences of tokens: reads them in pieces, however large they are, tokenizes them into shards of a cache on disk, and cuts the documents
 * into sequences of one length, `[CLS] … [SEP]`.
 *
 * @param patterns files, folders (all `.txt` files below), or patterns such as `corpus/**\/*.txt`; a file named `.csv`, `.tsv`, `.jsonl` or `.ndjson` is a table
 * @param options `tokenizer`, and see {@link OpenCorpusOptions}
 * @returns `train`, `validation` where documents are held out, and `statistics`
 * @throws SelfsupError `SELFSUP_DATA` when no file matches, there is no text in them, none or all of the documents would be held out, a table
 *   is not understood, bytes are not UTF-8 (with file and byte), or the vocabulary lacks what frames a sequence; `SELFSUP_OPTION` on an option out of range
 * @see Devlin et al.: "BERT: Pre-training of Deep Bidirectional Transformers", appendix A.2, https://arxiv.org/abs/1810.04805
 * @remarks The cache is keyed by a hash of the files' bytes, the tokenizer and all that decides on the tokens; the length is not among them, so another one costs
 * nothing. It is compared with its checksums when it is opened, and made again where they differ. An interrupted call is gone on with by the next one, with the
 * same result. A vocabulary without a token like `[CLS]`, GPT-2's say, gives sequences of text alone, documents separated where they are crossed.
 * @example
 * ```ts
 * import { openCorpus, openTokenizer } from '@selfsup/data/node';
 * const tokenizer = await openTokenizer('vocab.txt');
 * const { train, validation } = await openCorpus('corpus/**\/*.txt', { tokenizer, documents: 'chapter', validationFraction: 0.1 });
 * ```
 */
export async function openCorpus(patterns: string | readonly string[], options: OpenCorpusOptions): Promise<Corpus> {
  checkOptions(options);
  const { tokenizer, length = 128, acrossDocuments = false, nextSentence = false, validationFraction = 0, memoryBytes = 2 ** 30 } = options;
  const { special, vocabularySize } = tokenizer;
  const framed = special.classify !== undefined || nextSentence;
  const first = framed ? [specialTokenId(tokenizer, 'classify')] : [];
  const last = framed ? [specialTokenId(tokenizer, 'separator')] : [];
  const pad = special.pad ?? special.separator ?? specialTokenId(tokenizer, 'pad');
  const { files, unused } = await findTextFiles('openCorpus', patterns);
  let bytes = 0;
  for (const file of files) bytes += (await stat(file).catch(() => undefined))?.size ?? 0; // what is wrong with it is told when it is read
  const done = { hashing: 0, tokenizing: 0 };
  const { folder, index, cached } = await prepare(files, options, (phase, count) => {
    done[phase] += count;
    options.onProgress?.({ phase, bytes: done[phase], totalBytes: bytes });
  });

  const { state, shards } = index;
  if (state.tokens === 0)
    fail('SELFSUP_DATA', `there is no text in ${files.length === 1 ? printable(files[0]!) : `any of ${files.length} files`}`);
  for (const [split, wanted] of [
    ['train', true],
    ['validation', validationFraction > 0],
  ] as const)
    // prettier-ignore
    if (wanted && shards[split].length === 0)
      fail(
        'SELFSUP_DATA',
        state.documents < 2
          ? `there is one document (tokens: ${state.tokens.toLocaleString('en-US')}), and none can be held out to measure on; give more texts, ` +
              "let `documents` cut finer ('line', 'blank-line', 'chapter' or, in code, a pattern), or hold nothing out (`validationFraction` 0)"
          : `\`validationFraction\` ${validationFraction} leaves no document for ${split === 'train' ? 'training' : 'validation'}, there are ${state.documents}; ` +
              "choose another fraction, or let `documents` cut finer: 'line', 'blank-line', 'chapter' or, in code, a pattern",
      );
  const name = files.length === 1 ? basename(files[0]!) : `${files.length} files`;
  const open = async (split: SplitName): Promise<TokenDataset> => {
    const separated = special.separator !== undefined;
    const store = await openShards(folder, shards[split], { vocabularySize, hasSentences: nextSentence, separated, memoryBytes });
    const room = length - first.length - last.length * (nextSentence ? 2 : 1);
    const rng = (options.rng ?? createRng(0)).fold('sentence-pairs').fold(split);
    const plan = nextSentence
      ? planSentencePairs(store, { room, shortFraction: options.shortFraction ?? 0.1, rng })
      : planSequences(store, { room, acrossDocuments });
    return storeDataset(store, plan, { name: `${name} (${split})`, sequenceLength: length, vocabularySize, first, last, pad });
  };
  return {
    train: await open('train'),
    ...(validationFraction > 0 && { validation: await open('validation') }),
    unused,
    statistics: {
      files: files.length,
      bytes,
      documents: state.documents,
      tokens: state.tokens,
      unknownTokens: state.unknownTokens,
      invalidBytes: state.invalid.count,
      ...(state.invalid.first && { firstInvalid: state.invalid.first }),
      cached,
    },
  };
}
