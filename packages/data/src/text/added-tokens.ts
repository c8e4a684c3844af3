import { isIdeograph, isWhitespace } from './character-class.ts';
import { normalizeCharacter, type NormalizeOptions } from './split-words.ts';

/** A token that is looked for in a text before its words are spelled. */
export interface AddedToken {
  /** The token, as it is written in a text. */
  readonly content: string;
  /** Whether it counts only where no letter, digit or underscore touches it; default false. */
  readonly singleWord?: boolean;
  /** Whether it swallows the white space before it; default false. */
  readonly lstrip?: boolean;
  /** Whether it swallows the white space behind it; default false. */
  readonly rstrip?: boolean;
  /** Whether it is looked for in the normalized text, small letters say, rather than as it is written; default true, false for special ones. */
  readonly normalized?: boolean;
  /** Whether it stands for no text, and is left out when decoding; default false. */
  readonly special?: boolean;
}

/** An {@link AddedToken} with all its flags, and its id. */
export type NumberedToken = Required<AddedToken> & { readonly id: number };

/** A stretch of a text: an added token, or what lies between two of them. */
export interface Stretch {
  /** The added token's id; undefined for what lies between. */
  readonly id: number | undefined;
  readonly start: number;
  readonly end: number;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const WORD_BEFORE = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const WORD_AFTER = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const SPACE = /\p{White_Space}/u;

/** Finds tokens in a text, the leftmost and of those the longest, by what is written. */
function createMatcher(tokens: readonly (readonly [written: string, token: NumberedToken])[]): ((text: string) => Stretch[]) | undefined {
  const byWritten = new Map<string, NumberedToken>();
  for (const [written, token] of tokens) if (written !== '' && !byWritten.has(written)) byWritten.set(written, token);
  if (byWritten.size === 0) return undefined;
  const pattern = new RegExp([...byWritten.keys()].sort((a, b) => b.length - a.length).map(escaped).join('|'), 'g'); // prettier-ignore
  return (text) => {
    const stretches: Stretch[] = [];
    let from = 0; // behind the last token
    for (const match of text.matchAll(pattern)) {
      const token = byWritten.get(match[0])!;
      let start = match.index;
      let end = start + match[0].length;
      if (token.singleWord && (WORD_BEFORE.test(text.slice(Math.max(0, start - 2), start)) || WORD_AFTER.test(text.slice(end, end + 2))))
        continue;
      if (token.lstrip) while (start > from && SPACE.test(text[start - 1]!)) start--;
      if (token.rstrip) while (end < text.length && SPACE.test(text[end]!)) end++;
      if (start > from) stretches.push({ id: undefined, start: from, end: start });
      stretches.push({ id: token.id, start, end });
      from = end;
    }
    if (from < text.length) stretches.push({ id: undefined, start: from, end: text.length });
    return stretches;
  };
}

/** What BERT's normalizer makes of a character of a text: ideographs are spaced, all white space is the space. */
function written(character: string, code: number, options: NormalizeOptions): string {
  const letters = isWhitespace(code) ? ' ' : normalizeCharacter(character, options).join('');
  return isIdeograph(code) ? ` ${letters} ` : letters;
}

const remembered = Array.from({ length: 4 }, () => [] as (string | undefined)[]); // by options, then by code point below 0x10000

/** A text as BERT's normalizer leaves it, and where each of its units came from. */
export function normalizeText(text: string, options: NormalizeOptions): { normalized: string; starts: Int32Array; ends: Int32Array } {
  const table = remembered[(options.lowercase ? 1 : 0) + (options.stripAccents ? 2 : 0)]!;
  let normalized = '';
  let room = text.length + 64;
  let [starts, ends] = [new Int32Array(room), new Int32Array(room)];
  let size = 0;
  for (let i = 0; i < text.length;) {
    const code = text.codePointAt(i)!;
    const end = i + (code > 0xffff ? 2 : 1);
    const part = code > 0xffff ? written(text.slice(i, end), code, options) : (table[code] ??= written(text.slice(i, end), code, options));
    if (size + part.length > room) {
      room = 2 * (size + part.length);
      const more = (array: Int32Array) => {
        const longer = new Int32Array(room);
        longer.set(array);
        return longer;
      };
      [starts, ends] = [more(starts), more(ends)];
    }
    normalized += part;
    for (let unit = 0; unit < part.length; unit++, size++) {
      starts[size] = i;
      ends[size] = end;
    }
    i = end;
  }
  return { normalized, starts, ends };
}

/**
 * Makes the function that finds added tokens in texts, as Hugging Face's tokenizers find them: first those that are looked for as they are written, then, in what
 * lies between, those that are looked for in the normalized text.
 *
 * @param tokens the added tokens
 * @param options BERT's normalization
 * @returns the stretches of a text, in order; what is normalized to nothing may belong to none
 */
export function createTokenFinder(tokens: readonly NumberedToken[], options: NormalizeOptions): (text: string) => readonly Stretch[] {
  const order = [...tokens.filter(({ special }) => special), ...tokens.filter(({ special }) => !special)];
  const asWritten = createMatcher(order.filter(({ normalized }) => !normalized).map((token) => [token.content, token]));
  const inNormalized = createMatcher(
    order.filter(({ normalized }) => normalized).map((token) => [normalizeText(token.content, options).normalized, token]),
  );
  const whole = (text: string): Stretch[] => [{ id: undefined, start: 0, end: text.length }];
  return (text) => {
    const stretches = asWritten?.(text) ?? whole(text);
    if (!inNormalized) return stretches;
    return stretches.flatMap((stretch) => {
      if (stretch.id !== undefined) return [stretch];
      const { normalized, starts, ends } = normalizeText(text.slice(stretch.start, stretch.end), options);
      return inNormalized(normalized).map(({ id, start, end }) => ({
        id,
        start: stretch.start + starts[start]!,
        end: stretch.start + ends[end - 1]!,
      }));
    });
  };
}
