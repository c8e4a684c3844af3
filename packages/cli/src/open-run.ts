import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { createRng, SelfsupError, type Module, type Rng } from '@selfsup/core';
import { readCheckpoint, restoreModule } from '@selfsup/trainer';
import { createEncoder } from './create-encoder.ts';
import { readRunFile, type RunFile } from './run-file.ts';
import { runFolder, type RunFolder } from './run-folder.ts';

/** A run with its encoder as the checkpoint has it. */
export interface OpenedRun {
  readonly folder: RunFolder;
  readonly file: RunFile;
  /** Takes normalized images; dispose it. */
  readonly encoder: Module<tf.Tensor4D, tf.Tensor2D>;
  /** Updates that the encoder has seen. */
  readonly step: number;
}

function buildEncoder({ settings, images }: RunFile, rng: Rng): OpenedRun['encoder'] {
  const { size: imageSize, channels } = images;
  return createEncoder(settings, { channels, imageSize })(rng);
}

/**
 * Lends the encoder of a run as it was before the first update.
 *
 * @param file run.json
 * @param use what to do with it; it is disposed afterwards
 * @returns what `use` gives
 */
export async function withUntrainedEncoder<T>(file: RunFile, use: (encoder: OpenedRun['encoder']) => Promise<T>): Promise<T> {
  const encoder = buildEncoder(file, createRng(file.settings.seed).fold('create').fold('backbone')); // the streams of trainer and task
  return use(encoder).finally(() => {
    encoder.dispose();
  });
}

/**
 * Rebuilds the encoder of a run from run.json and checkpoint.safetensors; a backend must be in force.
 *
 * @param path the folder of the run
 * @returns see {@link OpenedRun}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when there is no run, no checkpoint, or one that does not fit
 */
export async function openRun(path: string): Promise<OpenedRun> {
  const file = readRunFile(path);
  const folder = runFolder(path);
  if (!existsSync(folder.checkpoint))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${path} has no checkpoint yet (there is no ${basename(folder.checkpoint)}); go on with: selfsup train --resume --out ${path}`,
    );
  const bytes = await readCheckpoint(folder.checkpoint);
  const encoder = buildEncoder(file, createRng(file.settings.seed));
  try {
    const { step } = await restoreModule(encoder, bytes);
    return { folder, file, encoder, step };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}
