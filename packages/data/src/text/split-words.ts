import { ALONE, characterClass, isDropped, SPACE, WORD } from './character-class.ts';

/** How {@link normalizeChunk} treats letters. */
export interface NormalizeOptions {
  /** Whether letters become small. */
  lowercase: boolean;
  /** Whether accents are taken off. */
  stripAccents: boolean;
}

/** A word after normalization. */
export interface Word {
  /** Its characters, one code point each; no more than were asked for. */
  readonly characters: string[];
  /** Where each character came from: start and end in the chunk, UTF-16. */
  readonly starts: number[];
  readonly ends: number[];
  /** Whether it has more characters than were asked for; then only the last end is kept up to date. */
  tooLong: boolean;
}

/**
 * Cuts a text at white space, around punctuation and around ideographs, and calls `visit` with start and end of each chunk.
 * White space is not visited. A chunk holds one word as a rule; {@link normalizeChunk} tells.
 */
export function visitChunks(text: string, visit: (start: number, end: number) => void, range: { start: number; end: number }): void {
  const { end } = range;
  let wordStart = -1;
  for (let i = range.start; i < end;) {
    let code = text.charCodeAt(i);
    let width = 1;
    if (code >= 0xd800 && code <= 0xdbff) {
      code = text.codePointAt(i)!;
      width = code > 0xffff ? 2 : 1;
    }
    const kind = characterClass(code);
    if (kind === WORD) {
      if (wordStart < 0) wordStart = i;
    } else {
      if (wordStart >= 0) visit(wordStart, i);
      wordStart = -1;
      if (kind === ALONE) visit(i, i + width);
    }
    i += width;
  }
  if (wordStart >= 0) visit(wordStart, end);
}

const MARK = /^\p{Mn}$/u;

/** What a code point becomes; empty when it is dropped. Canonical decomposition may turn it into several characters. */
export function normalizeCharacter(character: string, { lowercase, stripAccents }: NormalizeOptions): readonly string[] {
  if (isDropped(character.codePointAt(0)!)) return [];
  const parts = stripAccents ? Array.from(character.normalize('NFD')).filter((part) => !MARK.test(part)) : [character];
  return lowercase ? parts.flatMap((part) => Array.from(part.toLowerCase())) : parts;
}

const remembered = Array.from({ length: 4 }, () => [] as (readonly string[] | undefined)[]); // by options, then by code point below 0x10000

function normalizedAt(chunk: string, range: { start: number; end: number; code: number }, options: NormalizeOptions): readonly string[] {
  const { start, end, code } = range;
  if (code > 0xffff) return normalizeCharacter(chunk.slice(start, end), options);
  const table = remembered[(options.lowercase ? 1 : 0) + (options.stripAccents ? 2 : 0)]!;
  return (table[code] ??= normalizeCharacter(chunk.slice(start, end), options));
}

/**
 * Normalizes a chunk: drops control characters, takes accents off, lowers letters, and cuts where that brought punctuation to light (≠ is = with a mark).
 *
 * @param maxCharacters characters beyond this many are not kept: a word without end must not fill the memory
 */
export function normalizeChunk(chunk: string, options: NormalizeOptions, maxCharacters: number): Word[] {
  const words: Word[] = [];
  let word: Word | undefined;
  for (let i = 0; i < chunk.length;) {
    const code = chunk.codePointAt(i)!;
    const end = i + (code > 0xffff ? 2 : 1);
    for (const character of normalizedAt(chunk, { start: i, end, code }, options)) {
      const kind = characterClass(character.codePointAt(0)!);
      if (kind !== WORD) word = undefined;
      if (kind === SPACE) continue;
      if (!word) words.push((word = { characters: [], starts: [], ends: [], tooLong: false }));
      if (word.characters.length < maxCharacters) {
        word.characters.push(character);
        word.starts.push(i);
        word.ends.push(end);
      } else {
        word.tooLong = true;
        word.ends[word.ends.length - 1] = end;
      }
      if (kind === ALONE) word = undefined;
    }
    i = end;
  }
  return words;
}
