import { SelfsupError, valueAt, type ScalarOrSchedule } from '@selfsup/core';

/** Throws unless `value` lies in [min, max), or above 0 where `min` is not given. Internal. */
export function assertRange(what: string, value: number, range: { min?: number; max?: number }): void {
  const { min, max = Infinity } = range;
  if ((min === undefined ? value > 0 : value >= min) && value < max) return;
  const expected = max < Infinity ? `in [${min ?? 0}, ${max})` : `${min === undefined ? '> 0' : `>= ${min}`} and finite`;
  throw new SelfsupError('SELFSUP_OPTION', `${what} must be ${expected}, got ${value}`);
}

/** A rate or a decay as a function of the step, checked to be >= 0: a number at once, a schedule where it is read. `what` names it in the error. Internal. */
export function valueInForce(what: string, value: ScalarOrSchedule): (step: number) => number {
  const at = (step: number) => {
    const number = valueAt(value, step);
    if (!(number >= 0 && number < Infinity))
      throw new SelfsupError('SELFSUP_OPTION', `${what} must be >= 0 and finite, got ${number} at step ${step}`);
    return number;
  };
  if (typeof value === 'number') at(0);
  return at;
}
