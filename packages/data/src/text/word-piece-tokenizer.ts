import { SelfsupError } from '@selfsup/core';
import { detached } from './detached.ts';
import { encodeWithTemplate, type Pieces } from './encode-with-template.ts';
import { normalizeChunk, visitChunks } from './split-words.ts';
import type { SpecialTokens, Tokenizer } from './tokenizer.ts';
import { tidySpaces, wordPieceJson } from './word-piece-json.ts';
import { parseVocabulary } from './word-piece-vocabulary.ts';

/** Options of {@link wordPieceTokenizer}. */
export interface WordPieceOptions {
  /** Whether letters become small: true for uncased vocabularies; default true. */
  lowercase?: boolean;
  /** Whether accents are taken off; default as `lowercase`. */
  stripAccents?: boolean;
  /** What begins a token that goes on with a word; default `##`. */
  continuationPrefix?: string;
  /** Words with more characters are unknown; default 100. */
  maxWordCharacters?: number;
  /** The special tokens by what they are for; default `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]`, those that the vocabulary has. */
  specialTokens?: Partial<Record<keyof SpecialTokens, string>>;
}

interface CachedChunk {
  readonly ids: number[];
  /** Start and end of each piece from the chunk's start on. */
  readonly offsets: number[];
}

const CACHE_SIZE = 1 << 17; // chunks; a novel has some 20,000
const CACHED_LENGTH = 48; // longer chunks are rare, and tokenized each time

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Makes BERT's tokenizer: cleans the text, spaces ideographs out, lowers letters and takes accents off, splits at white space and punctuation, and
 * spells each word with the longest pieces of the vocabulary, from the left.
 *
 * @param vocabulary the content of a `vocab.txt`, one token per line, or the tokens; the id of a token is its place
 * @param options see {@link WordPieceOptions}
 * @returns the tokenizer; ids and offsets are those of Hugging Face's tokenizers
 * @throws SelfsupError `SELFSUP_DATA` on a vocabulary that is empty, has a token twice, or lacks the unknown token
 * @see Devlin et al.: "BERT: Pre-training of Deep Bidirectional Transformers", https://arxiv.org/abs/1810.04805, and google-research/bert's tokenization.py
 * @remarks Special tokens that are written out in a text, `[MASK]` say, are that token. Chunks of text are remembered once they are spelled, which makes
 * English prose ten times as fast; the memory is bounded.
 * @example
 * ```ts
 * import { wordPieceTokenizer } from '@selfsup/data/text';
 * const tokenizer = wordPieceTokenizer('[UNK]\n[CLS]\n[SEP]\nrunn\n##ing\n!');
 * console.log(tokenizer.encode('Running!').ids); // 1, 3, 4, 5, 2
 * ```
 */
export function wordPieceTokenizer(vocabulary: string | readonly string[], options: WordPieceOptions = {}): Tokenizer {
  const { lowercase = true, stripAccents = lowercase, continuationPrefix = '##', maxWordCharacters = 100 } = options;
  if (!Number.isSafeInteger(maxWordCharacters) || maxWordCharacters < 1)
    throw new SelfsupError('SELFSUP_OPTION', `wordPieceTokenizer: \`maxWordCharacters\` must be an integer >= 1, got ${maxWordCharacters}`);
  const { tokens, idByToken, special, specialIds } = parseVocabulary(vocabulary, options.specialTokens);
  const unknown = special.unknown!;
  const specialNames = specialIds.map((id) => tokens[id]!);
  const specialPattern = new RegExp(specialNames.map(escaped).join('|'), 'g');
  const continues = (token: string) => continuationPrefix !== '' && token.startsWith(continuationPrefix) && token !== continuationPrefix;
  const cache = new Map<string, CachedChunk>();

  const spell = (chunk: string): CachedChunk => {
    const ids: number[] = [];
    const offsets: number[] = [];
    for (const { characters, starts, ends, tooLong } of normalizeChunk(chunk, { lowercase, stripAccents }, maxWordCharacters)) {
      const before = ids.length;
      let from = 0;
      while (from < characters.length && !tooLong) {
        let to = characters.length;
        let id: number | undefined;
        for (; to > from; to--) {
          id = idByToken.get((from > 0 ? continuationPrefix : '') + characters.slice(from, to).join(''));
          if (id !== undefined) break;
        }
        if (id === undefined) break;
        ids.push(id);
        offsets.push(starts[from]!, ends[to - 1]!);
        from = to;
      }
      if (from < characters.length) {
        ids.length = before; // one piece that is missing makes the whole word unknown
        offsets.length = 2 * before;
        ids.push(unknown);
        offsets.push(starts[0]!, ends.at(-1)!);
      }
    }
    return { ids, offsets };
  };

  const lookUp = (chunk: string): CachedChunk => {
    const known = cache.get(chunk);
    if (known) return known;
    const spelled = spell(chunk);
    if (chunk.length <= CACHED_LENGTH) {
      if (cache.size >= CACHE_SIZE) cache.clear();
      cache.set(detached(chunk), spelled);
    }
    return spelled;
  };

  const split = (text: string): Pieces => {
    const ids: number[] = [];
    const offsets: number[] = [];
    const visit = (start: number, end: number) => {
      const found = lookUp(text.slice(start, end));
      for (let i = 0; i < found.ids.length; i++) {
        ids.push(found.ids[i]!);
        offsets.push(start + found.offsets[2 * i]!, start + found.offsets[2 * i + 1]!);
      }
    };
    let start = 0;
    for (const match of text.matchAll(specialPattern)) {
      visitChunks(text, visit, { start, end: match.index });
      start = match.index + match[0].length;
      ids.push(idByToken.get(match[0])!);
      offsets.push(match.index, start);
    }
    visitChunks(text, visit, { start, end: text.length });
    return { ids: Int32Array.from(ids), offsets: Int32Array.from(offsets) };
  };

  const classify = special.classify === undefined ? [] : [special.classify];
  const separator = special.separator === undefined ? [] : [special.separator];
  const template = { first: classify, last: separator, between: separator, lastOfPair: separator, pairSegment: 1 } as const;
  return {
    kind: 'word-piece',
    vocabularySize: tokens.length,
    special,
    specialIds,
    encode: (text, encodeOptions = {}) => encodeWithTemplate(split, template, text, encodeOptions),
    decode(ids, { skipSpecialTokens = true } = {}) {
      let text = '';
      for (let i = 0; i < ids.length; i++) {
        if (skipSpecialTokens && specialIds.includes(ids[i]!)) continue;
        const token = tokens[ids[i]!] ?? tokens[unknown]!;
        text += text !== '' && continues(token) ? token.slice(continuationPrefix.length) : (text === '' ? '' : ' ') + token;
      }
      return tidySpaces(text);
    },
    tokenOf: (id) => tokens[id],
    idOf: (token) => idByToken.get(token),
    isContinuation: (id) => continues(tokens[id] ?? ''),
    toJson: () => wordPieceJson({ tokens, special, specialIds, lowercase, stripAccents, continuationPrefix, maxWordCharacters }),
  };
}
