/** Options of {@link printable}. */
export interface PrintableOptions {
  /** At most so many characters of the text, an integer ≥ 1; what is longer ends with `…`; default Infinity. */
  maxLength?: number;
}

const SHORT: Readonly<Record<string, string>> = { '\n': String.raw`\n`, '\r': String.raw`\r`, '\t': String.raw`\t` };

/**
 * Control characters (ANSI escapes begin with one), line and paragraph separators, halves of surrogate pairs, and format characters:
 * marks of writing direction, zero-width spaces, tags. The two joiners stay, which emoji and Persian names need.
 */
const HIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * Makes a text from outside safe to print: a file name, a label, the name of a column, what another library says.
 *
 * @param text anything
 * @param options `maxLength`: what a message has room for; default all of it
 * @returns the text with `\n`, `\r`, `\t` and, for every other character that steers a terminal, turns the writing direction or cannot be seen, `\u{1b}`.
 * All other characters stay as they are, backslashes too, so that paths of Windows can be copied.
 * @remarks It is for people to read, and cannot be undone. Every message of selfsup that carries such a text passes it through here.
 * @see Boucher and Anderson: "Trojan Source: Invisible Vulnerabilities", https://arxiv.org/abs/2111.00169
 * @example
 * ```ts
 * import { printable } from '@selfsup/core';
 * console.log(printable('cat\u001b[31m\n.jpg')); // cat\u{1b}[31m\n.jpg
 * ```
 */
export function printable(text: string, options: PrintableOptions = {}): string {
  const { maxLength = Infinity } = options;
  const characters = text.length > maxLength ? Array.from(text.slice(0, 2 * maxLength + 2)) : undefined;
  const shown = characters && characters.length > maxLength ? `${characters.slice(0, maxLength).join('')}…` : text;
  return shown.replace(HIDDEN, (character) => SHORT[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
