import { SelfsupError } from '@selfsup/core';

/** Throws `SELFSUP_OPTION` unless every value is an integer ≥ `least`: ``conv2d: `filters` must be an integer >= 1, got 0``. */
export function checkIntegers(who: string, values: Readonly<Record<string, number>>, least = 1): void {
  for (const [name, value] of Object.entries(values))
    if (!Number.isSafeInteger(value) || value < least)
      throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be an integer >= ${least}, got ${value}`);
}

/** Throws `SELFSUP_OPTION` unless the value is one of the allowed ones. */
export function checkOneOf(who: string, name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be one of ${allowed.join(', ')}, got ${value}`);
}
