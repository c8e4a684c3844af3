import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SelfsupError } from '@selfsup/core';
import type { RunConfig } from './define-run.ts';
import { textSettingNames } from '../text/text-settings.ts';
import { settingNames } from './run-settings.ts';

const KNOWN: readonly string[] = [
  ...new Set<string>([...settingNames, ...textSettingNames]),
  ...['backend', 'out', 'resume', 'overwrite', 'maxSeconds', 'knnEvery', 'checkpointEvery', 'report'],
  ...['views', 'projectionHead'],
];
const FUNCTIONS: readonly string[] = ['views', 'optimizer', 'projectionHead'];

/** This package itself, for a config outside of any installation of it: `index.ts` beside the sources, `index.js` beside the build. */
function ownEntry(): string {
  const candidates = ['../index.ts', './index.js', '../index.js'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return candidates.find((path) => existsSync(path)) ?? 'selfsup';
}

/**
 * Loads a `selfsup.config.ts` (or .js, .mjs, .json): its default export, usually made by `defineRun`.
 *
 * @param path the file
 * @returns the config
 * @throws SelfsupError `SELFSUP_OPTION` when the file is missing, does not load, exports no object, or has an unknown field
 */
export async function loadConfig(path: string): Promise<RunConfig> {
  const file = resolve(path);
  if (!existsSync(file)) throw new SelfsupError('SELFSUP_OPTION', `--config: there is no file ${path}`);
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, { tryNative: true, alias: { selfsup: ownEntry() } });
  let config: unknown;
  try {
    config = await jiti.import(file, { default: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    throw new SelfsupError('SELFSUP_OPTION', `--config: ${path} does not load: ${reason}`, { cause: error });
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new SelfsupError('SELFSUP_OPTION', `--config: ${path} must have a default export made by defineRun({ … })`);
  const unknown = Object.keys(config).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined)
    throw new SelfsupError('SELFSUP_OPTION', `--config: ${path} has an unknown field \`${unknown}\`; known: ${KNOWN.join(', ')}`);
  const record = config as Record<string, unknown>;
  const named = (name: string) => name === 'optimizer' && typeof record[name] === 'string';
  const wrong = FUNCTIONS.find((name) => record[name] !== undefined && typeof record[name] !== 'function' && !named(name));
  if (wrong !== undefined) throw new SelfsupError('SELFSUP_OPTION', `--config: \`${wrong}\` in ${path} must be a function`);
  return config;
}
