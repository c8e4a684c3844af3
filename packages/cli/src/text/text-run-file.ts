import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SelfsupError } from '@selfsup/core';
import type { TextSettings } from './text-settings.ts';

/** The content of run.json of a run on text; the tokenizer lies beside it as tokenizer.json. */
export interface TextRunFile {
  /** The version of this format. */
  readonly format: 1;
  /** Tells it from a run on images. */
  readonly kind: 'text';
  /** The version of selfsup that began the run. */
  readonly selfsup: string;
  /** What the run computes. */
  readonly settings: TextSettings;
  /** What the encoder takes. */
  readonly text: { readonly vocabularySize: number; readonly tokenizerHash: string };
  /** The data as it was found: sequences to learn from, sequences held out. */
  readonly dataset: {
    readonly name: string;
    readonly train: number;
    readonly test: number;
    readonly documents: number;
    readonly tokens: number;
    readonly unknownTokens: number;
  };
  /** Updates per epoch. */
  readonly stepsPerEpoch: number;
  /** Updates of the whole run. */
  readonly totalSteps: number;
  /** The backend of the first session. */
  readonly backend: string;
  /** The config file, relative to the working directory of that session, when it holds functions. */
  readonly configFile?: string;
}

/** Whether a folder holds a run on text. */
export function isTextRun(path: string): boolean {
  const file = join(path, 'run.json');
  if (!existsSync(file)) return false;
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as Partial<TextRunFile> | null)?.kind === 'text';
  } catch {
    return false; // the reader of the command says what is wrong with it
  }
}

/**
 * Reads run.json of a run on text.
 *
 * @param path the folder of the run
 * @returns its content
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when there is no run, one of another format, or one on images
 */
export function readTextRunFile(path: string): TextRunFile {
  const file = join(path, 'run.json');
  if (!existsSync(file))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${path} holds no run (there is no run.json); train one with: selfsup train --task masked-language --data 'corpus/**/*.txt' --out ${path}`,
    );
  let content: Partial<TextRunFile>;
  try {
    content = JSON.parse(readFileSync(file, 'utf8')) as Partial<TextRunFile>;
  } catch (error) {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${file} is no JSON; train again with --overwrite`, { cause: error });
  }
  if (content.kind !== 'text')
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${path} is a run on images; this command takes one on text, such as --task masked-language`,
    );
  if (content.format !== 1 || !content.settings || !content.text)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${file} must have format 1, got ${JSON.stringify(content.format)}; use the selfsup that wrote it`,
    );
  return content as TextRunFile;
}
