import { existsSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { SelfsupError } from '@selfsup/core';
import type { SelectedBackend } from '@selfsup/backends';
import { unitOf, type OpenedData } from '../open-data.ts';
import { settingsOf, type RunConfig } from '../options/define-run.ts';
import { loadConfig } from '../options/load-config.ts';
import { assertSameSettings, resolveSettings, type RunSettings } from '../options/run-settings.ts';
import { assertFreeForRun } from '../run-folder.ts';
import { readRunFile, type RunFile } from '../run-file.ts';
import type { LearningRun } from '../training/learning-run.ts';
import { version } from '../version.ts';

/** What the user asked for, made complete; nothing has been opened or written. */
export interface RunPlan {
  /** The folder of the run. */
  readonly path: string;
  readonly settings: RunSettings;
  /** How to run, and the functions. */
  readonly config: RunConfig;
  /** The file that the functions came from. */
  readonly configFile?: string;
  /** What run.json says, when an earlier run is continued. */
  readonly earlier?: RunFile;
}

const FUNCTIONS = ['views', 'optimizer', 'projectionHead'] as const;

function defaultPath({ task, data, encoder }: RunSettings): string {
  return join('runs', `${task}-${basename(data).replace(/\..*$/, '') || 'data'}-${encoder}`);
}

/**
 * Reads flags and config and checks them, also against the run that is to be continued.
 *
 * @param flags the flags of the command line; undefined ones were not given
 * @param configFile the file of `--config`
 * @returns see {@link RunPlan}
 * @throws SelfsupError `SELFSUP_OPTION`, `SELFSUP_STATE`, `SELFSUP_CHECKPOINT`
 */
export async function planRun(flags: RunConfig, configFile: string | undefined): Promise<RunPlan> {
  const file = configFile === undefined ? {} : await loadConfig(configFile);
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as RunConfig;
  const config: RunConfig = { ...file, ...given };
  if (config.resume !== true) {
    const settings = resolveSettings(settingsOf(config));
    const path = config.out ?? defaultPath(settings);
    assertFreeForRun(path, { overwrite: config.overwrite ?? false });
    return { path, settings, config, ...(configFile === undefined ? {} : { configFile }) };
  }
  const path = config.out ?? defaultPath(resolveSettings(settingsOf(config)));
  const earlier = readRunFile(path);
  assertSameSettings(settingsOf(config), earlier.settings);
  if (configFile !== undefined || earlier.configFile === undefined)
    return { path, settings: earlier.settings, config, earlier, ...(configFile === undefined ? {} : { configFile }) };
  if (!existsSync(earlier.configFile))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `this run has functions from ${earlier.configFile}, which is not there; pass it with --config`,
    );
  const { views, optimizer, projectionHead } = await loadConfig(earlier.configFile);
  const functions = {
    ...(views && { views }),
    ...(typeof optimizer === 'function' && { optimizer }),
    ...(projectionHead && { projectionHead }),
  };
  return { path, settings: earlier.settings, config: { ...config, ...functions }, configFile: earlier.configFile, earlier };
}

/**
 * Writes down what a new run is.
 *
 * @param plan from {@link planRun}
 * @param parts the opened data, the backend and the built run
 * @returns the content of run.json
 */
export function describeRun(plan: RunPlan, parts: { data: OpenedData; backend: SelectedBackend; run: LearningRun }): RunFile {
  const { settings, config, configFile } = plan;
  const { data, backend, run } = parts;
  const { train, test, heldOut, mean, std } = data;
  const hasFunctions = FUNCTIONS.some((name) => typeof config[name] === 'function');
  return {
    format: 1,
    selfsup: version,
    settings,
    images: { size: train.height, channels: train.channels, mean, std },
    dataset: { name: train.name, train: train.length, test: test?.length ?? 0, heldOut },
    stepsPerEpoch: run.loader.stepsPerEpoch,
    totalSteps: run.totalSteps,
    backend: backend.name,
    ...(hasFunctions && configFile !== undefined ? { configFile: relative('.', configFile) } : {}),
  };
}

/**
 * Refuses to continue a run on other data.
 *
 * @param earlier what run.json says
 * @param data the data as it is now
 * @throws SelfsupError `SELFSUP_CHECKPOINT`
 */
export function assertSameData({ dataset, images }: RunFile, data: OpenedData): void {
  const { train } = data;
  const [before, now] = [
    [dataset.train, images.size, images.channels],
    [train.length, train.height, train.channels],
  ].map(([count, size, channels]) => `${count!} ${unitOf(data)} of ${size!}x${size!}x${channels!}`);
  if (before !== now)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `this run was trained on ${before!}, the data has ${now!} now; restore the data, or start a new run`,
    );
}
