import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { createRng, SelfsupError, type Module } from '@selfsup/core';
import { readCheckpoint, restoreModule } from '@selfsup/trainer';
import { createEncoder } from './create-encoder.ts';
import { readRunFile, type RunFile } from './run-file.ts';
import { runFolder, type RunFolder } from './run-folder.ts';

/** A run with its encoder as the checkpoint has it. */
export interface OpenedRun {
  readonly folder: RunFolder;
  readonly file: RunFile;
  /** Takes normalised images; dispose it. */
  readonly encoder: Module<tf.Tensor4D, tf.Tensor2D>;
  /** Updates that the encoder has seen. */
  readonly step: number;
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
  const { size: imageSize, channels } = file.images;
  const encoder = createEncoder(file.settings, { channels, imageSize })(createRng(file.settings.seed));
  try {
    const { step } = restoreModule(encoder, bytes);
    return { folder, file, encoder, step };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}
