import { printableValue, SelfsupError } from '@selfsup/core';
import type { Settings } from './settings.ts';

/** The settings that may be given anew when a run goes on. */
export const continuedNames = ['epochs', 'batchSize', 'accumulate'] as const;

/** Values of {@link continuedNames}, as the user wrote them. */
export type ContinuedSettings = { readonly [K in (typeof continuedNames)[number]]?: unknown };

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;

/** Smaller forward passes that make up the same update, for advice; the largest first. */
export const smallerThan = (batchSize: number): number[] =>
  [2, 3, 4, 5, 7, 8]
    .map((parts) => batchSize / parts)
    .filter(isCount)
    .slice(0, 3);

/**
 * The settings of a run that goes on. It may have more epochs, and from there on follows the schedules of the longer run; and it may make the same updates from
 * smaller forward passes: an update keeps its number of samples, `batchSize` x `accumulate`, and with it steps, epochs and schedules stay.
 *
 * @param before the settings of the run so far
 * @param given what the user gives now; one of `batchSize` and `accumulate` follows from the other. `epochs` must have been compared with those of the run
 * @param nameOf how an option is written where the user wrote it
 * @returns the settings from here on
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when updates would have another number of samples
 * @remarks Normalization statistics, and losses of tasks without `embed`, are those of a forward pass, so the numbers are not those of the large batch.
 */
export function continuedSettings(before: Settings, given: ContinuedSettings, nameOf: (name: string) => string): Settings {
  const { epochs } = given;
  const longer = isCount(epochs) && epochs > before.epochs ? { ...before, epochs } : before;
  if (given.batchSize === undefined && given.accumulate === undefined) return longer;
  const samples = before.batchSize * before.accumulate;
  const { batchSize = isCount(given.accumulate) ? samples / given.accumulate : NaN } = given;
  const { accumulate = isCount(given.batchSize) ? samples / given.batchSize : NaN } = given;
  if (!isCount(batchSize) || !isCount(accumulate) || batchSize * accumulate !== samples) {
    const [size, passes] = [nameOf('batchSize'), nameOf('accumulate')];
    const smaller = smallerThan(before.batchSize);
    const got = (['batchSize', 'accumulate'] as const)
      .filter((name) => given[name] !== undefined)
      .map((name) => `${nameOf(name)} ${printableValue(given[name])}`);
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `this run makes each update from ${samples} samples (${size} ${before.batchSize}, ${passes} ${before.accumulate}) and goes on with as many, got ${got.join(', ')}; ` +
        `give ${size} alone, one that divides ${samples}${smaller.length > 0 ? `, such as ${smaller.join(', ')}` : ''}, or start a new run in another folder`,
    );
  }
  return batchSize === before.batchSize && accumulate === before.accumulate ? longer : { ...longer, batchSize, accumulate };
}
