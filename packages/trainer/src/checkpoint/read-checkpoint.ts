import { SelfsupError } from '@selfsup/core';
import { nodeModule } from './node-module.ts';

/**
 * Reads a checkpoint file.
 *
 * @param path the file
 * @returns its bytes, for `trainer.restore`, {@link restoreModule} or {@link readCheckpointMetadata}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it cannot be read, with the file system's error as cause
 */
export async function readCheckpoint(path: string): Promise<Uint8Array> {
  const { readFile } = nodeModule('readCheckpoint', 'node:fs/promises');
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SelfsupError('SELFSUP_CHECKPOINT', `readCheckpoint: cannot read ${path} (${reason})`, { cause: error });
  }
}
