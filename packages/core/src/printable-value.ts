import { printable } from './printable.ts';

/** Options of {@link printableValue}. */
export interface PrintableValueOptions {
  /** At most so many characters, an integer ≥ 1; what is longer ends with `…`; default 160. */
  maxLength?: number;
}

const [DEEPEST, MOST_PARTS] = [4, 32];

function textOf(value: unknown, depth: number, maxLength: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, maxLength + 1));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return String(value);
  const rest = (length: number) => (length > MOST_PARTS ? ['…'] : []);
  const inner = (part: unknown) => textOf(part, depth + 1, maxLength);
  if (Array.isArray(value))
    return depth === DEEPEST ? '[…]' : `[${[...Array.from(value.slice(0, MOST_PARTS), inner), ...rest(value.length)].join(',')}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `a ${Object.prototype.toString.call(value).slice(8, -1)}`;
  if (depth === DEEPEST) return '{…}';
  const keys = Object.keys(value);
  const members = keys
    .slice(0, MOST_PARTS)
    .map((key) => `${JSON.stringify(key.slice(0, maxLength + 1))}:${inner((value as Readonly<Record<string, unknown>>)[key])}`);
  return `{${[...members, ...rest(keys.length)].join(',')}}`;
}

/**
 * Makes any value from outside fit for a message: short, on one line, and without characters that steer a terminal.
 *
 * @param value anything: nested deeply, in a circle, or of a kind that JSON does not know
 * @param options see {@link PrintableValueOptions}
 * @returns as JSON writes it, without spaces; numbers, `undefined` and `null` as JavaScript writes them, `a function`, `a Map`; what lies deeper than four levels or
 * comes after 32 parts as `…`
 * @see {@link printable} for texts that are to be seen without quotes
 * @example
 * ```ts
 * import { printableValue } from '@selfsup/core';
 * console.log(printableValue({ widths: [16, NaN] })); // {"widths":[16,NaN]}
 * ```
 */
export function printableValue(value: unknown, options: PrintableValueOptions = {}): string {
  const { maxLength = 160 } = options;
  let text: string;
  try {
    text = textOf(value, 0, maxLength);
  } catch {
    text = `an ${typeof value} that cannot be looked at`; // such as one whose properties throw
  }
  return printable(text, { maxLength });
}
