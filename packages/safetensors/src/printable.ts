const LONGEST = 120;

/**
 * A name or text from a file, safe to print: control characters, line and paragraph separators, marks that are invisible or turn the direction of writing
 * around, and lone surrogates are escaped, and a long text is cut.
 *
 * @param text anything
 * @returns the text, without quotes; at most 120 characters and an ellipsis
 * @example
 * ```ts
 * import { printable } from '@selfsup/safetensors';
 * console.log(printable('a\u001b[2Jb')); // a\u{1b}[2Jb
 * ```
 */
export function printable(text: string): string {
  const characters = Array.from(text.slice(0, 2 * LONGEST + 1));
  const shown = characters
    .slice(0, LONGEST)
    .map((character) =>
      /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character) ? `\\u{${character.codePointAt(0)!.toString(16)}}` : character,
    );
  return shown.join('') + (characters.length > LONGEST ? '…' : '');
}
