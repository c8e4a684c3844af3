/** A character that goes into a word; accents and control characters count too, and are dropped later. */
export const WORD = 0;
/** A character between words. */
export const SPACE = 1;
/** A character that is a word of its own: punctuation, or an ideograph of Chinese and Japanese. */
export const ALONE = 2;

const PUNCTUATION = /^\p{P}$/u;
const WHITE_SPACE = /^\p{White_Space}$/u;
const CONTROL = /^[\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u;

/** The blocks that BERT spaces out, extensions A to E and compatibility forms; neither kana nor hangul. */
export const isIdeograph = (code: number): boolean =>
  (code >= 0x4e00 && code <= 0x9fff) ||
  (code >= 0x3400 && code <= 0x4dbf) ||
  (code >= 0x20000 && code <= 0x2a6df) ||
  (code >= 0x2a700 && code <= 0x2b73f) ||
  (code >= 0x2b740 && code <= 0x2b81f) ||
  (code >= 0x2b820 && code <= 0x2ceaf) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0x2f800 && code <= 0x2fa1f);

/** All printable ASCII but letters and digits: $ and ^ are symbols in Unicode, and still punctuation to BERT. */
const isAsciiPunctuation = (code: number) =>
  (code >= 33 && code <= 47) || (code >= 58 && code <= 64) || (code >= 91 && code <= 96) || (code >= 123 && code <= 126);

/** Whether BERT takes a code point for punctuation. */
export const isPunctuation = (code: number): boolean => isAsciiPunctuation(code) || PUNCTUATION.test(String.fromCodePoint(code));

/** Whether BERT takes a code point for white space; tab and line ends are. */
export const isWhitespace = (code: number): boolean =>
  code === 9 || code === 10 || code === 13 || (WHITE_SPACE.test(String.fromCodePoint(code)) && !CONTROL.test(String.fromCodePoint(code)));

/** Whether BERT drops a code point: control and format characters, those of private use, and the replacement character. */
export const isDropped = (code: number): boolean =>
  code === 0xfffd || (code !== 9 && code !== 10 && code !== 13 && CONTROL.test(String.fromCodePoint(code)));

function computeClass(code: number): number {
  if (isWhitespace(code)) return SPACE;
  return isIdeograph(code) || isPunctuation(code) ? ALONE : WORD;
}

const basicPlane = new Uint8Array(0x10000).fill(255);

/**
 * The class of a code point as BERT's basic tokenizer sees it: {@link WORD}, {@link SPACE} or {@link ALONE}.
 *
 * @see https://github.com/google-research/bert/blob/master/tokenization.py
 */
export function characterClass(code: number): number {
  if (code > 0xffff) return computeClass(code);
  const known = basicPlane[code]!;
  return known === 255 ? (basicPlane[code] = computeClass(code)) : known;
}
