import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createRng, SelfsupError } from '@selfsup/core';
import { loadTokenizer, type Tokenizer } from '@selfsup/data/text';
import { maskedLanguageHead, type BertEncoder, type BertFactory, type MaskedLanguageHead } from '@selfsup/encoders';
import { readCheckpoint, restoreModule } from '@selfsup/trainer';
import { runFolder, type RunFolder } from '../run-folder.ts';
import { hashTokenizer } from './open-text.ts';
import { textEncoders } from './registry-text-encoders.ts';
import { readTextRunFile, type TextRunFile } from './text-run-file.ts';

/** A run on text, its networks as the checkpoint has them. */
export interface OpenedTextRun {
  readonly folder: RunFolder;
  readonly file: TextRunFile;
  readonly tokenizer: Tokenizer;
  /** Makes encoders of its kind, untrained. */
  readonly backbone: BertFactory;
  /** The encoder. */
  readonly encoder: BertEncoder;
  /** The head that guesses masked words, of a run of `masked-language`. */
  readonly head?: MaskedLanguageHead;
  /** Updates that it has seen. */
  readonly step: number;
  /** Disposes encoder and head. */
  dispose(): void;
}

/**
 * Reads the tokenizer that a run keeps beside its run.json.
 *
 * @param path the folder of the run
 * @param file what its run.json says
 * @returns the tokenizer
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is not there, or not the one that the run began with
 */
export async function readRunTokenizer(path: string, { text }: TextRunFile): Promise<Tokenizer> {
  const file = join(path, 'tokenizer.json');
  if (!existsSync(file))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${path} has no ${basename(file)}, without which its text means nothing; restore it, or train again`,
    );
  const tokenizer = await loadTokenizer(await readFile(file, 'utf8'), { name: file });
  if (hashTokenizer(tokenizer) !== text.tokenizerHash)
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${file} is not the tokenizer that this run began with; restore it, or train again`);
  return tokenizer;
}

/**
 * Rebuilds the networks of a run on text from run.json, tokenizer.json and checkpoint.safetensors; a backend must be in force.
 *
 * @param path the folder of the run
 * @returns see {@link OpenedTextRun}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when there is no run on text, no checkpoint, or one that does not fit
 */
export async function openTextRun(path: string): Promise<OpenedTextRun> {
  const file = readTextRunFile(path);
  const folder = runFolder(path);
  if (!existsSync(folder.checkpoint))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${path} has no checkpoint yet (there is no ${basename(folder.checkpoint)}); go on with: selfsup train --resume --out ${path}`,
    );
  const tokenizer = await readRunTokenizer(path, file);
  const bytes = await readCheckpoint(folder.checkpoint);
  const { settings, text } = file;
  const { vocabularySize } = text;
  const rng = createRng(settings.seed);
  const backbone = textEncoders.get(settings.encoder)({ vocabularySize, length: settings.length, options: settings.encoderOptions });
  const encoder = backbone(rng);
  const { outputDim: width, embeddingDim } = backbone;
  const head = settings.task === 'masked-language' ? maskedLanguageHead({ width, vocabularySize, embeddingDim })(rng) : undefined;
  const dispose = () => {
    encoder.dispose();
    head?.dispose();
  };
  try {
    const { step } = await restoreModule(encoder, bytes);
    if (head) await restoreModule(head, bytes, { prefix: 'head' });
    return { folder, file, tokenizer, backbone, encoder, ...(head && { head }), step, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
