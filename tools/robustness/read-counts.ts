import { parseArgs } from 'node:util';

/**
 * Reads flags that are whole numbers, such as `--rounds 200 --seed 1`.
 *
 * @param defaults the flags with what they are when nobody gives them
 * @returns the same names with their numbers
 * @throws Error on a flag that is not known or not a whole number
 */
export function readCounts<N extends string>(defaults: Readonly<Record<N, number>>): Record<N, number> {
  const names = Object.keys(defaults) as N[];
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])) });
  const found = names.map((name) => {
    const text = (values as Partial<Record<string, string>>)[name];
    const value = text === undefined ? defaults[name] : Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, got '${String(text)}'`);
    return [name, value] as const;
  });
  return Object.fromEntries(found) as Record<N, number>;
}
