import { CHECKPOINT } from './curves.ts';
import type { PlaceFindings } from './findings.ts';
import { knownDefect } from './known-defects.ts';

/** How far the losses of a training may be apart. */
export const TOLERANCE = 1e-3;

/** The largest difference between losses, as a part of the loss where that is above 1. */
export function largestDifference(got: readonly number[], expected: readonly number[]): number {
  if (got.length !== expected.length) return Infinity;
  return got.reduce((most, loss, i) => {
    const error = Math.abs(loss - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    return Number.isNaN(error) ? Infinity : Math.max(most, error);
  }, 0);
}

/** One thing that is not as it should be. */
export interface Failure {
  readonly place: string;
  readonly what: string;
}

/**
 * Everything that is wrong in a place and not known.
 *
 * @param found what was found there
 * @param reference the losses on cpu by training
 * @returns the failures
 */
export function failuresOf(found: PlaceFindings, reference: Readonly<Record<string, readonly number[]>>): Failure[] {
  const { place } = found;
  const checks = (found.checks ?? []).flatMap(({ operation, kind, problem }) =>
    problem === undefined || knownDefect(place, operation, kind) ? [] : [`${operation}, ${kind}: ${problem}`],
  );
  const curves = Object.entries(found.curves ?? {}).flatMap(([name, losses]) => {
    const error = largestDifference(losses, reference[name] ?? losses);
    return error <= TOLERANCE ? [] : [`the losses of ${name} are ${error.toExponential(1)} from those on cpu`];
  });
  const continued = (found.continued ?? []).flatMap(({ curve, from, losses }) => {
    const expected = (reference[curve] ?? found.curves?.[curve])?.slice(CHECKPOINT) ?? losses;
    const error = largestDifference(losses, expected);
    return error <= TOLERANCE
      ? []
      : [`the losses of ${curve} from the checkpoint of ${from} are ${error.toExponential(1)} from those on cpu`];
  });
  return [...checks, ...curves, ...continued].map((what) => ({ place, what }));
}
