import { createRng, drawPermutation, shareOf } from '@selfsup/core';
import type { Recording } from './recordings.ts';

/** Recordings that are learned from and judged by. */
export interface RecordingParts {
  readonly train: readonly Recording[];
  readonly test?: readonly Recording[];
  readonly testFrom?: 'own part' | 'held out';
}

/**
 * Splits recordings as a whole, never their windows: windows of one recording overlap and look alike, and a test on such windows would only ask for memory.
 *
 * @param recordings all of them
 * @param options `testFraction`: the share of the recordings of each class that is held out, at least one where a class has two; `seed` chooses them
 * @returns the parts that the data has, or some held out where all recordings have labels; without labels all are for training
 */
export function splitRecordings(recordings: readonly Recording[], options: { seed: number; testFraction: number }): RecordingParts {
  const { seed, testFraction } = options;
  if (recordings.some(({ part }) => part === 'test')) {
    const [train, test] = (['train', 'test'] as const).map((name) => recordings.filter(({ part }) => (part ?? 'train') === name));
    return { train: train!, test: test!, testFrom: 'own part' };
  }
  if (testFraction === 0 || recordings.some(({ label }) => label === undefined)) return { train: recordings };
  const rng = createRng(seed).fold('hold out');
  const test = new Set<Recording>();
  for (const label of classNamesOf(recordings)!) {
    const own = recordings.filter((recording) => recording.label === label);
    const count = own.length < 2 ? 0 : Math.min(own.length - 1, Math.max(1, shareOf(own.length, testFraction, 'nearest')));
    for (const index of drawPermutation(rng.fold(label), own.length).subarray(0, count)) test.add(own[index]!);
  }
  if (test.size === 0) return { train: recordings };
  return {
    train: recordings.filter((recording) => !test.has(recording)),
    test: recordings.filter((recording) => test.has(recording)),
    testFrom: 'held out',
  };
}

/** The classes of recordings in alphabetical order; undefined unless all recordings have one. */
export function classNamesOf(recordings: readonly Recording[]): readonly string[] | undefined {
  if (recordings.some(({ label }) => label === undefined)) return undefined;
  return [...new Set(recordings.map(({ label }) => label!))].sort();
}
