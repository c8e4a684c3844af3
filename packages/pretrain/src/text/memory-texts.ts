import { createRng, drawPermutation, SelfsupError, shareOf } from '@selfsup/core';
import { subset } from '@selfsup/data';
import {
  arrayTexts,
  loadTokenizer,
  sentinelIds,
  specialTokenId,
  trainWordPiece,
  wordPieceTokenizer,
  type TokenDataset,
  type Tokenizer,
  type TokenizerJson,
} from '@selfsup/data/text';
import type { DatasetOpener, DatasetOptions } from '../modality.ts';
import { silentProgress } from '../progress.ts';
import { documentSequences } from './document-sequences.ts';
import { wordPieceOptions } from './learn-word-piece.ts';
import { learningVocabulary, openingOf, type OpenedSequences, type OpenedTexts, type TextOpening, type TextRows } from './opened-text.ts';

/** A tokenizer, or the content of a `tokenizer.json` as text or parsed. */
export type GivenTokenizer = Tokenizer | TokenizerJson | string;

/** Texts in memory. */
export interface TextsInMemory extends TextRows {
  /**
   * Documents, which are cut into as many sequences as they need. With labels each text is one sequence, and what does not fit into it is cut off.
   */
  readonly texts: readonly string[];
  /** The names of the classes, by label. */
  readonly classNames?: readonly string[];
  /** What the data is called; default `texts`. */
  readonly name?: string;
  /** Default: a WordPiece vocabulary is learned from the texts. */
  readonly tokenizer?: GivenTokenizer;
  /** Texts to judge by; default a part of the others is held out. */
  readonly test?: TextRows;
}

/** Token sequences to learn from, with what made their ids. */
export interface TokenDatasets {
  /** The sequences to learn from. */
  readonly train: TokenDataset;
  /** Sequences to judge by; default a part of the others is held out. */
  readonly test?: TokenDataset;
  /** What made the tokens. */
  readonly tokenizer: GivenTokenizer;
}

const isObject = (data: unknown): data is Readonly<Record<string, unknown>> => typeof data === 'object' && data !== null;
const isList = (data: unknown): data is readonly string[] => Array.isArray(data) && data.every((text) => typeof text === 'string');
const isTexts = (data: unknown): data is TextsInMemory => isObject(data) && isList(data['texts']);
const isTokenDataset = (data: unknown): data is TokenDataset =>
  isObject(data) && typeof data['read'] === 'function' && typeof data['sequenceLength'] === 'number';
const isTokenDatasets = (data: unknown): data is TokenDatasets =>
  isObject(data) && isTokenDataset(data['train']) && data['tokenizer'] !== undefined;
/** Whether something is a tokenizer rather than the content of its file. */
export const isTokenizer = (given: unknown): given is Tokenizer => isObject(given) && typeof given['encode'] === 'function';

/** The tokenizer of the run, the one that came with the data, or a new one; at the start from an encoder its own, unless the data brings it with tokens added. */
async function tokenizerOf(given: GivenTokenizer | undefined, opening: TextOpening, learn: () => Promise<Tokenizer>): Promise<Tokenizer> {
  const { before } = opening;
  if (isTokenizer(opening.tokenizer) && (!before || given === undefined)) return opening.tokenizer;
  if (typeof opening.tokenizer === 'string')
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`tokenizer\` must be left out for text in memory, got the path ${opening.tokenizer}; give the content of tokenizer.json beside the texts`,
    );
  if (given === undefined) return learn();
  return isTokenizer(given) ? given : loadTokenizer(given);
}

function refusePairs({ nextSentence }: TextOpening, name: string): void {
  if (nextSentence)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`nextSentence\` must be left out for text in memory such as ${name}: pairs of sentences are made of files only`,
    );
}

/** Which of `length` rows are held out, chosen by the seed: `[train, test]`, each ascending. */
export function holdOut(length: number, { seed, testFraction }: { seed: number; testFraction: number }): [Int32Array, Int32Array] {
  const count = Math.min(shareOf(length, testFraction, 'nearest'), length - 1);
  const order = drawPermutation(createRng(seed).fold('hold out'), length);
  return [order.slice(Math.max(0, count)).sort(), order.slice(0, Math.max(0, count)).sort()];
}

const pick = <T>(items: readonly T[], indices: Int32Array): T[] => Array.from(indices, (index) => items[index]!);

/** Labeled texts, one sequence each. */
function labeledSequences(data: TextsInMemory, tokenizer: Tokenizer, settings: DatasetOptions): OpenedSequences {
  const { length, testFraction } = openingOf(settings);
  const { texts, classNames, name = 'texts', test } = data;
  const make = (rows: TextRows) =>
    arrayTexts(rows.texts, { tokenizer, length, name, ...(rows.labels && { labels: rows.labels }), ...(classNames && { classNames }) });
  const all = make(data);
  if (test) return { train: all, test: make(test), testFrom: 'own part', tokenizer, texts: { train: texts, test: test.texts } };
  const [kept, held] = holdOut(texts.length, { seed: settings.seed, testFraction });
  if (held.length === 0) return { train: all, tokenizer, texts: { train: texts } };
  return {
    train: subset(all, kept),
    test: subset(all, held),
    testFrom: 'held out',
    tokenizer,
    texts: { train: pick(texts, kept), test: pick(texts, held) },
  };
}

/** Holds the last sequences out, where texts are too few for that. */
function splitEnd(dataset: TokenDataset, testFraction: number): Pick<OpenedSequences, 'train' | 'test'> {
  const { length } = dataset;
  const count = testFraction === 0 ? 0 : Math.min(Math.max(1, shareOf(length, testFraction, 'nearest')), length - 1);
  if (count === 0) return { train: dataset };
  const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
  return { train: subset(dataset, range(0, length - count)), test: subset(dataset, range(length - count, length)) };
}

/** Documents, cut into sequences. */
function textSequences(data: TextsInMemory, tokenizer: Tokenizer, settings: DatasetOptions): OpenedSequences {
  const { length, testFraction } = openingOf(settings);
  const { texts, name = 'texts', test } = data;
  const cut = (documents: readonly string[]) => documentSequences(documents, { tokenizer, length, name });
  const [kept, held] = holdOut(texts.length, { seed: settings.seed, testFraction });
  const parts = test ? [texts, test.texts] : held.length > 0 ? [pick(texts, kept), pick(texts, held)] : [texts];
  const [learned, judged] = parts.map(cut) as [ReturnType<typeof cut>, ReturnType<typeof cut> | undefined];
  const facts = {
    documents: texts.length + (test?.texts.length ?? 0),
    tokens: learned.tokens + (judged?.tokens ?? 0),
    unknownTokens: learned.unknownTokens + (judged?.unknownTokens ?? 0),
  };
  const split = judged ? { train: learned.dataset, test: judged.dataset } : splitEnd(learned.dataset, testFraction);
  return { ...split, testFrom: test ? 'own part' : 'held out', tokenizer, facts };
}

async function openSequences(data: TextsInMemory | TokenDatasets, settings: DatasetOptions): Promise<OpenedSequences> {
  const opening = openingOf(settings);
  const { hidesTokens, sentinels, testFraction, length } = opening;
  const { progress = silentProgress } = settings;
  const name = isTexts(data) ? (data.name ?? 'texts') : data.train.name;
  refusePairs(opening, name);
  const tokenizer = await tokenizerOf(data.tokenizer, opening, async () => {
    progress.line(learningVocabulary(opening));
    return wordPieceTokenizer(await trainWordPiece((data as TextsInMemory).texts, wordPieceOptions(opening)));
  });
  if (hidesTokens) specialTokenId(tokenizer, 'mask');
  sentinelIds(tokenizer, { needed: sentinels, most: sentinels });
  if (isTexts(data)) return (data.labels ? labeledSequences : textSequences)(data, tokenizer, settings);
  const { train, test } = data;
  for (const part of [train, ...(test ? [test] : [])])
    if (part.sequenceLength !== length || part.vocabularySize !== tokenizer.vocabularySize)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${part.name} must have sequences of \`length\` ${length} and the ${tokenizer.vocabularySize} ids of its tokenizer, got ${part.sequenceLength} and ${part.vocabularySize}`,
      );
  if (test) return { train, test, testFrom: 'own part', tokenizer };
  const [kept, held] = holdOut(train.length, { seed: settings.seed, testFraction });
  if (held.length === 0) return { train, tokenizer };
  return { train: subset(train, kept), test: subset(train, held), testFrom: 'held out', tokenizer };
}

function openTexts(data: TextsInMemory | TokenDatasets): OpenedTexts {
  if (!isTexts(data))
    throw new SelfsupError('SELFSUP_DATA', `${data.train.name} holds token ids; give texts to encode, as { texts: [...] }`);
  const { texts, labels, classNames, name = 'texts', test } = data;
  return { name, texts, ...(labels && { labels }), ...(classNames && { classNames }), ...(test && { test }) };
}

/** Opens a list of texts, {@link TextsInMemory} or {@link TokenDatasets}. */
export const memoryTexts: DatasetOpener<OpenedSequences | OpenedTexts> = {
  name: 'texts in memory',
  modality: 'text',
  accepts: (data) => isList(data) || isTexts(data) || isTokenDatasets(data),
  async open(given, settings) {
    const data = isList(given) ? { texts: given } : (given as TextsInMemory | TokenDatasets);
    return openingOf(settings).as === 'texts' ? openTexts(data) : openSequences(data, settings);
  },
};
