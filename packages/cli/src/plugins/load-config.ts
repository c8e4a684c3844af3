import { printable, SelfsupError } from '@selfsup/core';
import type { RunConfig } from '@selfsup/pretrain';
import { describeValue } from './describe-value.ts';
import { loadModule } from './load-module.ts';

/** A config as the command takes it: with the folder of the run. */
export type CommandConfig = RunConfig & {
  /** The folder of the run whose encoder this one starts from. */
  readonly init?: string | undefined;
  /** The folder of the run whose encoder this one learns from. */
  readonly teacher?: string | undefined;
  /** The folder of the run; default `runs/<task>-<data>-<encoder>`. */
  readonly out?: string | undefined;
  /** False: no report.html. */
  readonly report?: boolean | undefined;
};

/**
 * Loads a `selfsup.config.ts` (or .js, .mjs, .json): its default export, usually made by `defineRun`.
 *
 * @param path the file
 * @param from the folder that the path starts from
 * @returns the config; what its fields hold is checked where the run is planned
 * @throws SelfsupError `SELFSUP_OPTION` when the file is missing, does not load, or exports no object
 */
export async function loadConfig(path: string, from: string): Promise<CommandConfig> {
  const name = /^[.\\/]/.test(path) ? path : `./${path}`; // a config is always a file
  const config = await loadModule(name, { who: '--config', from });
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `--config: ${printable(path)} must have a default export made by defineRun({ … }), got ${describeValue(config)}`,
    );
  for (const [field, kind] of [
    ['out', 'string'],
    ['report', 'boolean'],
    ['init', 'string'],
    ['teacher', 'string'],
  ] as const) {
    const value: unknown = (config as CommandConfig)[field];
    if (value !== undefined && typeof value !== kind)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `--config: \`${field}\` in ${printable(path)} must be a ${kind}, got ${describeValue(value)}`,
      );
  }
  return config as CommandConfig;
}
