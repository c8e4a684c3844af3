import { SelfsupError, type ScalarOrSchedule } from '@selfsup/core';

/** What a task throws on an option out of its range. Internal. */
export function optionError(who: string, option: { name: string; expected: string; got: unknown }): SelfsupError {
  const { name, expected, got } = option;
  return new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be ${expected}, got ${String(got)}`);
}

/** Throws unless all are > 0. Internal. */
export function checkPositive(who: string, options: Readonly<Record<string, number>>): void {
  for (const [name, got] of Object.entries(options)) if (!(got > 0)) throw optionError(who, { name, expected: '> 0', got });
}

/** Throws unless all are ≥ 0. Internal. */
export function checkWeights(who: string, options: Readonly<Record<string, number>>): void {
  for (const [name, got] of Object.entries(options)) if (!(got >= 0)) throw optionError(who, { name, expected: '>= 0', got });
}

/** Throws unless all are integers ≥ 1. Internal. */
export function checkCounts(who: string, options: Readonly<Record<string, number>>): void {
  for (const [name, got] of Object.entries(options))
    if (!Number.isInteger(got) || got < 1) throw optionError(who, { name, expected: 'an integer >= 1', got });
}

/** Throws unless all are among the choices. Internal. */
export function checkChoice(who: string, options: Readonly<Record<string, string>>, choices: readonly string[]): void {
  for (const [name, got] of Object.entries(options))
    if (!choices.includes(got)) throw optionError(who, { name, expected: choices.map((choice) => `'${choice}'`).join(' or '), got });
}

/** Throws on a constant momentum outside [0, 1]; a schedule is not asked. Internal. */
export function checkMomentum(who: string, momentum: ScalarOrSchedule | undefined): void {
  if (typeof momentum === 'number' && !(momentum >= 0 && momentum <= 1))
    throw optionError(who, { name: 'momentum', expected: 'in [0, 1]', got: momentum });
}
