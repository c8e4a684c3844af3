import { SelfsupError, type ScalarOrSchedule } from '@selfsup/core';

type Values = Readonly<Record<string, ScalarOrSchedule | undefined>>;

/** The error for an option of a task that is not as expected. Internal. */
export function refuseOption(who: string, name: string, [expected, got]: readonly [expected: string, got: unknown]): SelfsupError {
  return new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be ${expected}, got ${String(got)}`);
}

/** Throws `SELFSUP_OPTION` unless all are integers of at least `least`. Internal. */
export function checkCounts(who: string, counts: Readonly<Record<string, number>>, least: number): void {
  for (const [name, count] of Object.entries(counts))
    if (!Number.isInteger(count) || count < least) throw refuseOption(who, name, [`an integer >= ${least}`, count]);
}

/** Throws `SELFSUP_OPTION` unless the constants among them are > 0; schedules are checked where they are read. Internal. */
export function checkTemperatures(who: string, temperatures: Values): void {
  for (const [name, value] of Object.entries(temperatures))
    if (typeof value === 'number' && !(value > 0)) throw refuseOption(who, name, ['> 0', value]);
}

/** Throws `SELFSUP_OPTION` unless the constants among them lie in [0, 1]. Internal. */
export function checkMomenta(who: string, momenta: Values): void {
  for (const [name, value] of Object.entries(momenta))
    if (typeof value === 'number' && !(value >= 0 && value <= 1)) throw refuseOption(who, name, ['in [0, 1]', value]);
}
