import type { ScalarOrSchedule } from '@selfsup/core';
import { valueInForce } from './value-in-force.ts';

/** The learning rate as a function of the step, checked: a number at once, a schedule where it is read; `who` is named in the error. Internal. */
export function learningRateAt(who: string, learningRate: ScalarOrSchedule): (step: number) => number {
  return valueInForce(`${who}: \`learningRate\``, learningRate);
}
