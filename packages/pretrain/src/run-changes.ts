import { countOf } from '@selfsup/core';
import { continuedNames } from './continued-settings.ts';
import type { RunFile } from './run-file.ts';
import type { Settings } from './settings.ts';

/** What differs from the settings that a run had so far. */
export function changesOf({ settings: before }: RunFile, { settings, step }: { settings: Settings; step: number }): RunFile['changes'] {
  const changed = continuedNames.filter((setting) => settings[setting] !== before[setting]);
  return changed.map((setting) => ({ step, setting, from: before[setting], to: settings[setting] }));
}

/** What a change means for the run. */
export const describeChange = ({ setting, from, to }: RunFile['changes'][number]): string =>
  setting === 'epochs'
    ? `Planned for ${countOf(from, 'epochs')}, continued to ${to}: learning rate and schedules are from here on those of the longer run`
    : setting === 'batchSize'
      ? `Forward passes have ${countOf(to, 'samples')} instead of ${from} from here on; updates have as many as before, so steps, epochs and schedules stay`
      : `Each update is made from ${countOf(to, 'forward passes', 'forward pass')} instead of ${from}`;
