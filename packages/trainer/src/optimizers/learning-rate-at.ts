import { SelfsupError, valueAt, type ScalarOrSchedule } from '@selfsup/core';

/** The learning rate as a function of the step, checked: a number at once, a schedule where it is read; `who` is named in the error. Internal. */
export function learningRateAt(who: string, learningRate: ScalarOrSchedule): (step: number) => number {
  const rateAt = (step: number) => {
    const rate = valueAt(learningRate, step);
    if (!(rate >= 0 && rate < Infinity))
      throw new SelfsupError('SELFSUP_OPTION', `${who}: \`learningRate\` must be >= 0 and finite, got ${rate} at step ${step}`);
    return rate;
  };
  if (typeof learningRate === 'number') rateAt(0);
  return rateAt;
}
