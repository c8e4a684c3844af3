import { createTokenFinder, normalizeText } from './added-tokens.ts';
import { detached } from './detached.ts';
import { encodeWithTemplate, type Pieces } from './encode-with-template.ts';
import { normalizeChunk, visitChunks } from './split-words.ts';
import type { SpecialTokens, Tokenizer } from './tokenizer.ts';
import { tidySpaces, wordPieceJson, type WordPieceDefinition } from './word-piece-json.ts';

interface CachedChunk {
  readonly ids: number[];
  /** Start and end of each piece from the chunk's start on. */
  readonly offsets: number[];
}

const CACHE_SIZE = 1 << 17; // chunks; a novel has some 20,000
const CACHED_LENGTH = 48; // longer chunks are rare, and tokenized each time

/**
 * Makes a WordPiece tokenizer of what defines it; see `wordPieceTokenizer`.
 *
 * @param definition checked
 * @param special the tokens that mean something to a model
 */
export function createWordPiece(definition: WordPieceDefinition, special: SpecialTokens): Tokenizer {
  const { tokens: vocabulary, added, unknown, template, lowercase, stripAccents, continuationPrefix, maxWordCharacters } = definition;
  const idByToken = new Map(vocabulary.map((token, id) => [token, id]));
  const tokens = [...vocabulary];
  for (const { id, content } of added) tokens[id] = content;
  const addedIds = new Set(added.map(({ id }) => id));
  const idByName = new Map(tokens.map((token, id) => [token, id]));
  const specialIds = [
    ...new Set([...(Object.values(special) as number[]), ...added.filter((token) => token.special).map(({ id }) => id)]),
  ].sort((a, b) => a - b);
  const leftOut = new Set(added.filter((token) => token.special).map(({ id }) => id)); // when decoding
  // what a token becomes as text: of one that is looked for in the normalized text, what is looked for
  const textOf = new Map(
    added.map(({ id, content, normalized }) => [id, normalized ? normalizeText(content, { lowercase, stripAccents }).normalized : content]),
  );
  const findTokens = createTokenFinder(added, { lowercase, stripAccents });
  const isContinuation = (id: number) => {
    const token = tokens[id] ?? '';
    return !addedIds.has(id) && continuationPrefix !== '' && token.startsWith(continuationPrefix) && token !== continuationPrefix;
  };
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
    for (const { id, start, end } of findTokens(text)) {
      if (id === undefined) visitChunks(text, visit, { start, end });
      else {
        ids.push(id);
        offsets.push(start, end);
      }
    }
    return { ids: Int32Array.from(ids), offsets: Int32Array.from(offsets) };
  };

  return {
    kind: 'word-piece',
    vocabularySize: tokens.length,
    special,
    specialIds,
    encode: (text, encodeOptions = {}) => encodeWithTemplate(split, template, text, encodeOptions),
    decode(ids, { skipSpecialTokens = true } = {}) {
      let text = '';
      for (let i = 0; i < ids.length; i++) {
        const id = ids[i]!;
        if (skipSpecialTokens && leftOut.has(id)) continue;
        const token = textOf.get(id) ?? tokens[id] ?? tokens[unknown]!;
        text += text !== '' && isContinuation(id) ? token.slice(continuationPrefix.length) : (text === '' ? '' : ' ') + token;
      }
      return definition.tidy ? tidySpaces(text) : text;
    },
    tokenOf: (id) => tokens[id],
    idOf: (token) => idByName.get(token),
    isContinuation,
    toJson: () => wordPieceJson(definition),
  };
}
