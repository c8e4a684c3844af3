/** A token as a text has it: bytes of the text, or literally the name of an added token. */
export interface TextToken {
  /** How many bytes of UTF-8 it stands for. */
  readonly bytes: number;
  /** Whether its first byte is a space. */
  readonly spaced: boolean;
  /** The name to look for, when it is an added token: white space before it may have been dropped. */
  readonly added: string | undefined;
}

const SPACE = /\s/;
const widthAt = (text: string, i: number) => {
  const code = text.codePointAt(i)!;
  return code > 0xffff ? { units: 2, bytes: 4 } : { units: 1, bytes: code < 0x80 ? 1 : code < 0x800 ? 2 : 3 };
};

/**
 * Finds the places of byte-level tokens in their text: one behind the other, they spell its UTF-8.
 *
 * @param options `trim`: whether white space at both ends of a token does not count
 * @returns `[2n]`, UTF-16; a token that holds a part of a character gets the place of the whole one
 */
export function byteOffsets(text: string, tokens: readonly TextToken[], options: { trim: boolean }): Int32Array {
  const offsets = new Int32Array(2 * tokens.length);
  let unit = 0; // where the character starts that the next byte belongs to
  let inside = 0; // how many of its bytes are used up
  for (const [t, { bytes, spaced, added }] of tokens.entries()) {
    let start: number;
    let end: number;
    if (added !== undefined) {
      start = Math.max(unit, text.indexOf(added, unit));
      end = unit = Math.min(text.length, start + added.length);
      inside = 0;
    } else {
      if (inside === 0) while (unit < text.length && !spaced && text[unit] === ' ') unit++; // dropped behind an added token
      start = unit;
      end = unit;
      let left = bytes;
      if (spaced && inside === 0 && text[unit] !== ' ') left--; // the space that was put before the first word
      while (left > 0 && unit < text.length) {
        const width = widthAt(text, unit);
        const taken = Math.min(left, width.bytes - inside);
        left -= taken;
        inside += taken;
        end = unit + width.units;
        if (inside === width.bytes) {
          unit = end;
          inside = 0;
        }
      }
    }
    if (options.trim && added === undefined) {
      while (start < end && SPACE.test(text[start]!)) start++;
      while (end > start && SPACE.test(text[end - 1]!)) end--;
    }
    offsets[2 * t] = start;
    offsets[2 * t + 1] = end;
  }
  return offsets;
}
