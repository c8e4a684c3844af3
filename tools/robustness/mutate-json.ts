import type { Chance } from './chance.ts';

const NUMBERS = ['-1', '0', '-0', '0.5', '1e999', '-1e999', '1e308', '9007199254740993', '4294967296', '2147483648', '16777216', '1e-320'];
const NAMES = ['__proto__', 'constructor', 'toString', 'length', '', '0', 'then', '\u001b[31m', '\ud800', '\u202e', 'x'.repeat(5000)];
const LITERALS = ['null', 'true', 'false', '""', '[]', '{}', '"NaN"', 'NaN', '[[[]]]', '{"__proto__":{"polluted":true}}', '"7"'];

const nested = (levels: number, open: string, close: string) => `${open.repeat(levels)}1${close.repeat(levels)}`;

/** Any value, as text. */
function anything(chance: Chance): string {
  const kind = chance.whole(10);
  if (kind < 4) return chance.pick(NUMBERS);
  if (kind < 7) return chance.pick(LITERALS);
  if (kind < 8) return JSON.stringify(chance.pick(NAMES));
  const levels = chance.pick([3, 100, 20_000]);
  return chance.happens(0.5) ? nested(levels, '[', ']') : nested(levels, '{"a":', '}');
}

/** The strings, numbers and words of a JSON text, with where they are; keys are those before a colon. */
const tokensOf = (text: string) =>
  [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length - (match[1]?.length ?? 0),
    isKey: match[1] !== undefined,
  }));

function replaceToken(text: string, chance: Chance): string {
  const tokens = tokensOf(text);
  if (tokens.length === 0) return anything(chance);
  const { start, end, isKey } = chance.pick(tokens);
  const [before, after] = [text.slice(0, start), text.slice(end)];
  if (!isKey) return before + anything(chance) + after;
  const kind = chance.whole(3);
  if (kind === 0) return before + JSON.stringify(chance.pick(NAMES)) + after; // another name
  const key = kind === 1 ? text.slice(start, end) : JSON.stringify(chance.pick(NAMES));
  return `${before}${key}:${anything(chance)},${text.slice(start)}`; // one more member, of the same name or another
}

/** Cuts out a value or a key, with what follows it. */
function removeToken(text: string, chance: Chance): string {
  const tokens = tokensOf(text);
  if (tokens.length === 0) return '';
  const { start, end } = chance.pick(tokens);
  return text.slice(0, start) + text.slice(end).replace(/^\s*[:,]/, '');
}

/**
 * Mutates a JSON text where it hurts: numbers become huge, negative or no numbers, values of another type or nested deeply, keys double or `__proto__`.
 *
 * @param text a JSON text
 * @param chance decides
 * @returns another text, not always JSON
 */
export function mutateJson(text: string, chance: Chance): string {
  let mutated = text;
  for (let i = 0, n = 1 + chance.whole(3); i < n; i++) mutated = (chance.happens(0.85) ? replaceToken : removeToken)(mutated, chance);
  return mutated;
}

/**
 * The same of a value: what a config or a file with a right check may hold.
 *
 * @param value what JSON can hold
 * @param chance decides
 * @returns another value that JSON can hold
 */
export function mutateValue(value: unknown, chance: Chance): unknown {
  const text = JSON.stringify(value);
  for (let tries = 0; tries < 20; tries++)
    try {
      return JSON.parse(mutateJson(text, chance)) as unknown;
    } catch {
      // it is no JSON
    }
  return value;
}
