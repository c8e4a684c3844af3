import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SelfsupError } from '@selfsup/core';
import type { RunSettings } from './options/run-settings.ts';

/** The content of run.json: all that is needed to rebuild the encoder and to continue the run. */
export interface RunFile {
  /** The version of this format. */
  readonly format: 1;
  /** The version of selfsup that began the run. */
  readonly selfsup: string;
  /** What the run computes. */
  readonly settings: RunSettings;
  /** What the encoder takes. */
  readonly images: {
    /** Height and width. */
    readonly size: number;
    /** 1 (gray) or 3 (RGB). */
    readonly channels: number;
    /** Per channel. */
    readonly mean: readonly number[];
    /** Per channel. */
    readonly std: readonly number[];
  };
  /** The data as it was found. */
  readonly dataset: { readonly name: string; readonly train: number; readonly test: number; readonly heldOut: boolean };
  /** Updates per epoch. */
  readonly stepsPerEpoch: number;
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** The backend of the first session. */
  readonly backend: string;
  /** The config file, relative to the working directory of that session, when it holds functions. */
  readonly configFile?: string;
}

/**
 * Reads run.json.
 *
 * @param path the folder of the run
 * @returns its content
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when there is no run, or one of another format
 */
export function readRunFile(path: string): RunFile {
  const file = join(path, 'run.json');
  if (!existsSync(file))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${path} holds no run (there is no run.json); train one with: selfsup train --out ${path} …`,
    );
  let content: Partial<RunFile> | undefined;
  try {
    content = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunFile>;
  } catch (error) {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${file} is no JSON; train again with --overwrite`, { cause: error });
  }
  if ((content as { kind?: string }).kind === 'text')
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${path} is a run on text; this command takes one on images, text has predict-mask`);
  if (content.format !== 1 || !content.settings || !content.images)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${file} must have format 1, got ${JSON.stringify(content.format)}; use the selfsup that wrote it`,
    );
  const { settings } = content; // runs of before there was a choice had SGD
  return { ...(content as RunFile), settings: { ...settings, optimizer: (settings as Partial<RunSettings>).optimizer ?? 'sgd' } };
}
