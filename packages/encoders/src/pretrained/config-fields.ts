import { printableValue, SelfsupError } from '@selfsup/core';

/** The fields of a parsed JSON file, checked as they are read; an absent file has none. */
export interface ConfigFields {
  /** Whether there is a file. */
  readonly given: boolean;
  /** The field as it is; undefined where it is absent or null. */
  value(name: string): unknown;
  /** An integer ≥ 1, or undefined. */
  count(name: string): number | undefined;
  /** A number that passes, or undefined. */
  number(name: string, expected: string, passes: (value: number) => boolean): number | undefined;
  /** A list of numbers that pass, or undefined. */
  numbers(name: string, expected: string, passes: (value: number) => boolean): number[] | undefined;
  /** A text, or undefined. */
  text(name: string): string | undefined;
  /** The fields under a name. */
  fields(name: string): ConfigFields;
  /** Throws `SELFSUP_CHECKPOINT` unless each field is absent or has this value. */
  only(values: Readonly<Record<string, unknown>>): void;
  /** Throws `SELFSUP_CHECKPOINT`. */
  fail(name: string, expected: string, got: unknown): never;
}

const show = (value: unknown) => (value === undefined ? 'nothing' : printableValue(value));

/** Reads the fields of `config`, which errors call `file`. */
export function configFields(who: string, file: string, config: unknown): ConfigFields {
  const given = config !== undefined && config !== null;
  if (given && (typeof config !== 'object' || Array.isArray(config)))
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: ${file} must hold an object, got ${show(config)}`);
  const record = (config ?? {}) as Readonly<Record<string, unknown>>;
  const value = (name: string) => (Object.hasOwn(record, name) ? (record[name] ?? undefined) : undefined);
  const fail = (name: string, expected: string, got: unknown): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: \`${name}\` of ${file} must be ${expected}, got ${show(got)}`);
  };
  const number: ConfigFields['number'] = (name, expected, passes) => {
    const found = value(name);
    if (found === undefined) return undefined;
    return typeof found === 'number' && passes(found) ? found : fail(name, expected, found);
  };
  return {
    given,
    value,
    fail,
    number,
    count: (name) => number(name, 'an integer >= 1', (found) => Number.isSafeInteger(found) && found >= 1),
    numbers(name, expected, passes) {
      const found = value(name);
      if (found === undefined) return undefined;
      const fits = Array.isArray(found) && found.length > 0 && found.every((item) => typeof item === 'number' && passes(item));
      return fits ? [...(found as number[])] : fail(name, expected, found);
    },
    text(name) {
      const found = value(name);
      return found === undefined || typeof found === 'string' ? found : fail(name, 'a text', found);
    },
    fields: (name) => configFields(who, `${file}, ${name}`, value(name)),
    only(values) {
      for (const [name, expected] of Object.entries(values)) {
        const found = value(name) ?? expected;
        if (found !== expected) fail(name, show(expected), found);
      }
    },
  };
}
