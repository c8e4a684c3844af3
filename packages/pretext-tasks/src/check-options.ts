import { SelfsupError, type ScalarOrSchedule } from '@selfsup/core';

/** What a task throws on an option out of its range. Internal. */
export function optionError(who: string, option: { name: string; expected: string; got: unknown }): SelfsupError {
  const { name, expected, got } = option;
  return new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be ${expected}, got ${String(got)}`);
}

type Values = Readonly<Record<string, ScalarOrSchedule | undefined>>;

/** Throws unless all constants are finite and > 0; a schedule is not asked. Internal. */
export function checkPositive(who: string, options: Values): void {
  for (const [name, got] of Object.entries(options))
    if (typeof got === 'number' && !(got > 0 && got < Infinity)) throw optionError(who, { name, expected: 'finite and > 0', got });
}

/** Throws unless all are finite and ≥ 0. Internal. */
export function checkWeights(who: string, options: Readonly<Record<string, number>>): void {
  for (const [name, got] of Object.entries(options))
    if (!(got >= 0 && got < Infinity)) throw optionError(who, { name, expected: 'finite and >= 0', got });
}

/** Throws unless all are integers ≥ `least`, default 1. Internal. */
export function checkCounts(who: string, options: Readonly<Record<string, number>>, least = 1): void {
  for (const [name, got] of Object.entries(options))
    if (!Number.isInteger(got) || got < least) throw optionError(who, { name, expected: `an integer >= ${least}`, got });
}

/** Throws unless all are among the choices. Internal. */
export function checkChoice(who: string, options: Readonly<Record<string, string>>, choices: readonly string[]): void {
  for (const [name, got] of Object.entries(options))
    if (!choices.includes(got)) throw optionError(who, { name, expected: choices.map((choice) => `'${choice}'`).join(' or '), got });
}

/** Throws unless all constants lie in [0, 1]; a schedule is not asked. Internal. */
export function checkMomenta(who: string, options: Values): void {
  for (const [name, got] of Object.entries(options))
    if (typeof got === 'number' && !(got >= 0 && got <= 1)) throw optionError(who, { name, expected: 'in [0, 1]', got });
}
