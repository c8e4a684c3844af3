import { SelfsupError } from '@selfsup/core';

/** Whether a value will do, and what to say if not. */
export type SettingCheck = readonly [accepts: (value: unknown) => boolean, expected: string];

/** An integer ≥ `min`. */
export const integer = (min: number): SettingCheck => [
  (value) => Number.isSafeInteger(value) && (value as number) >= min,
  `an integer >= ${min}`,
];

/** A finite number that `accepts` takes. */
export const number = (accepts: (value: number) => boolean, expected: string): SettingCheck => [
  (value) => typeof value === 'number' && Number.isFinite(value) && accepts(value),
  expected,
];

/** Text that is not empty. */
export const text = (expected: string): SettingCheck => [(value) => typeof value === 'string' && value !== '', expected];

/** One of some names. */
export const oneOf = (...names: readonly string[]): SettingCheck => [
  (value) => typeof value === 'string' && names.includes(value),
  `one of ${names.join(', ')}`,
];

/** How the user writes a setting on the command line: `batchSize` is `--batch-size`. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * Checks every setting that is there.
 *
 * @param settings the values; undefined counts as not there
 * @param checks by name
 * @throws SelfsupError `SELFSUP_OPTION` naming the flag, what was expected and what came
 */
export function checkSettings<S extends object>(settings: S, checks: Readonly<Record<keyof S, SettingCheck>>): void {
  for (const name of Object.keys(checks) as (keyof S & string)[]) {
    const value: unknown = settings[name];
    const [accepts, expected] = checks[name];
    if (value !== undefined && !accepts(value))
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `${flagOf(name)} must be ${expected}, got ${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}`,
      );
  }
}

/**
 * Refuses to continue a run with other settings than it started with.
 *
 * @param given what the user gave now; undefined counts as not given
 * @param options the settings of the run, and the names of all there are
 * @throws SelfsupError `SELFSUP_CHECKPOINT` naming the first setting that differs
 */
export function assertUnchanged(
  given: Readonly<Record<string, unknown>>,
  { saved, names }: { saved: Readonly<Record<string, unknown>>; names: readonly string[] },
): void {
  for (const name of names) {
    const [now, before] = [given[name], saved[name]];
    if (now !== undefined && JSON.stringify(now) !== JSON.stringify(before))
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `this run was trained with ${flagOf(name)} ${JSON.stringify(before) ?? '(not set)'}, got ${JSON.stringify(now)}; resume without the flag, or start a new run with another --out`,
      );
  }
}
