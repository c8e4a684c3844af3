import { SelfsupError } from '@selfsup/core';

type Numbers = Readonly<Record<string, number>>;

/**
 * Checks a task's options that are numbers. Internal.
 *
 * @param who the task, for the message
 * @param options by name: those that must be `positive`, those that `count` something and must be integers ≥ 1, those that are integers `fromZero`
 * @throws SelfsupError `SELFSUP_OPTION` on the first that is out of range
 */
export function checkNumbers(who: string, options: Partial<Record<'positive' | 'count' | 'fromZero', Numbers>>): void {
  const { positive = {}, count = {}, fromZero = {} } = options;
  const check = (numbers: Numbers, expected: string, holds: (value: number) => boolean) => {
    for (const [name, value] of Object.entries(numbers))
      if (!holds(value)) throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be ${expected}, got ${String(value)}`);
  };
  check(positive, '> 0', (value) => value > 0 && value < Infinity);
  check(count, 'an integer >= 1', (value) => Number.isInteger(value) && value >= 1);
  check(fromZero, 'an integer >= 0', (value) => Number.isInteger(value) && value >= 0);
}
