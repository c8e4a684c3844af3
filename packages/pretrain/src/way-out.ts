import { isSelfsupError, SelfsupError } from '@selfsup/core';
import { smallerThan } from './continued-settings.ts';
import type { Settings } from './settings.ts';

/**
 * Adds to an error of training what can be done about it in a run: which options help, and whether the run goes on with them or begins again.
 *
 * @param error whatever was thrown
 * @param run its settings, how many updates were made, and how an option is written where the user wrote it
 * @returns an error with the same code, or the same one where there is nothing to add
 */
export function withWayOut(
  error: unknown,
  { settings, step, nameOf }: { settings: Settings; step: number; nameOf: (name: string) => string },
): unknown {
  if (!isSelfsupError(error)) return error;
  const { batchSize, learningRate, clipNorm } = settings;
  const more = (advice: string) => new SelfsupError(error.code, `${error.message}. ${advice}`, { cause: error });
  if (error.code === 'SELFSUP_MEMORY') {
    const [smaller] = smallerThan(batchSize);
    if (smaller === undefined) return error;
    return more(
      `This run can go on with ${nameOf('resume')} and ${nameOf('batchSize')} ${smaller}: the same updates from smaller forward passes`,
    );
  }
  if (error.code === 'SELFSUP_NON_FINITE' && step === 0)
    return more(
      `No update was made yet, so the learning rate has no part in it: an option of the task or the encoder is out of all proportion, or the data is; look at both, and begin again`,
    );
  if (error.code === 'SELFSUP_NON_FINITE')
    return more(
      `This run would go on to the same place; begin it again with ${nameOf('overwrite')} and a ${nameOf('learningRate')} below ${Number(learningRate.toPrecision(3))}` +
        (clipNorm === undefined ? `, or with ${nameOf('clipNorm')} 1` : ''),
    );
  return error;
}
