import { basename, join, relative } from 'node:path';
import { SelfsupError } from '@selfsup/core';
import type { RunConfig } from '../options/define-run.ts';
import { loadConfig } from '../options/load-config.ts';
import { assertFreeForRun } from '../run-folder.ts';
import { version } from '../version.ts';
import type { TextRun } from './create-text-run.ts';
import { hashTokenizer, type OpenedText } from './open-text.ts';
import { readTextRunFile, type TextRunFile } from './text-run-file.ts';
import { assertSameTextSettings, resolveTextSettings, type TextSettings } from './text-settings.ts';

/** What the user asked for, made complete; nothing has been opened or written. */
export interface TextRunPlan {
  /** The folder of the run. */
  readonly path: string;
  readonly settings: TextSettings;
  readonly config: RunConfig;
  /** The file that the functions came from. */
  readonly configFile?: string;
  /** What run.json says, when an earlier run is continued. */
  readonly earlier?: TextRunFile;
}

function defaultPath({ task, data, encoder }: TextSettings): string {
  const named = data.split(/[\\/]/).filter((part) => part !== '' && !/[*?[\]{}]/.test(part));
  return join('runs', `${task}-${basename(named.at(-1) ?? 'text').replace(/\..*$/, '') || 'text'}-${encoder}`);
}

/**
 * Reads flags and config of a run on text and checks them, also against the run that is to be continued.
 *
 * @param flags the flags of the command line; undefined ones were not given
 * @param configFile the file of `--config`
 * @returns see {@link TextRunPlan}
 * @throws SelfsupError `SELFSUP_OPTION`, `SELFSUP_STATE`, `SELFSUP_CHECKPOINT`
 */
export async function planTextRun(flags: RunConfig, configFile: string | undefined): Promise<TextRunPlan> {
  const file = configFile === undefined ? {} : await loadConfig(configFile);
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as RunConfig;
  const config: RunConfig = { ...file, ...given };
  for (const name of ['views', 'projectionHead'] as const)
    if (config[name] !== undefined)
      throw new SelfsupError('SELFSUP_OPTION', `--config: \`${name}\` is for images; a task on text has none`);
  const origin = configFile === undefined ? {} : { configFile };
  if (config.resume !== true) {
    const settings = resolveTextSettings(config);
    const path = config.out ?? defaultPath(settings);
    assertFreeForRun(path, { overwrite: config.overwrite ?? false });
    return { path, settings, config, ...origin };
  }
  const path = config.out ?? defaultPath(resolveTextSettings(config));
  const earlier = readTextRunFile(path);
  assertSameTextSettings(config, earlier.settings);
  if (configFile !== undefined || earlier.configFile === undefined) return { path, settings: earlier.settings, config, earlier, ...origin };
  const { optimizer } = await loadConfig(earlier.configFile);
  return {
    path,
    settings: earlier.settings,
    config: { ...(optimizer && { optimizer }), ...config },
    configFile: earlier.configFile,
    earlier,
  };
}

/**
 * Writes down what a new run is.
 *
 * @param plan from {@link planTextRun}
 * @param parts the opened text, the backend and the built run
 * @returns the content of run.json
 */
export function describeTextRun(plan: TextRunPlan, parts: { text: OpenedText; backend: string; run: TextRun }): TextRunFile {
  const { text, backend, run } = parts;
  const { train, validation, tokenizer, statistics } = text;
  const { documents, tokens, unknownTokens } = statistics;
  const hasFunctions = plan.config.optimizer !== undefined && plan.configFile !== undefined;
  return {
    format: 1,
    kind: 'text',
    selfsup: version,
    settings: plan.settings,
    text: { vocabularySize: tokenizer.vocabularySize, tokenizerHash: hashTokenizer(tokenizer) },
    dataset: {
      name: train.name.replace(/ \(train\)$/, ''),
      train: train.length,
      test: validation?.length ?? 0,
      documents,
      tokens,
      unknownTokens,
    },
    stepsPerEpoch: run.stepsPerEpoch,
    totalSteps: run.totalSteps,
    backend,
    ...(hasFunctions ? { configFile: relative('.', plan.configFile) } : {}),
  };
}

/**
 * Refuses to continue a run on other text.
 *
 * @param earlier what run.json says
 * @param text the text as it is now
 * @throws SelfsupError `SELFSUP_CHECKPOINT`
 */
export function assertSameText({ dataset }: TextRunFile, { train, validation }: OpenedText): void {
  const [before, now] = [
    [dataset.train, dataset.test],
    [train.length, validation?.length ?? 0],
  ].map(([count, heldOut]) => `${count!} sequences and ${heldOut!} held out`);
  if (before !== now)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `this run was trained on ${before!}, the text gives ${now!} now; restore the text, or start a new run`,
    );
}
