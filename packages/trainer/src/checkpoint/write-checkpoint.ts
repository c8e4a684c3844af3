import { SelfsupError } from '@selfsup/core';
import { nodeModule } from './node-module.ts';

async function syncFolder(folder: string): Promise<void> {
  const { open } = nodeModule('writeCheckpoint', 'node:fs/promises');
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows and some network file systems cannot sync a folder; the rename is atomic all the same
  }
}

/**
 * Writes a file so that its path holds the old or the new content in full at any moment, whatever happens to the process or the machine.
 *
 * @param path where to; the folder must exist
 * @param bytes the content
 * @throws SelfsupError `SELFSUP_CHECKPOINT` with the file system's error as cause; the old file is untouched then
 * @remarks Writes `<path>.tmp` in the same folder, syncs it, renames it over `path` and syncs the folder. A killed process leaves at most that one
 * `.tmp`, which the next write replaces. Node only; one writer per path at a time.
 */
export async function writeCheckpoint(path: string, bytes: Uint8Array): Promise<void> {
  const files = nodeModule('writeCheckpoint', 'node:fs/promises');
  const folder = nodeModule('writeCheckpoint', 'node:path').dirname(path);
  const temporary = `${path}.tmp`;
  try {
    const handle = await files.open(temporary, 'w');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await files.rename(temporary, path);
  } catch (error) {
    await files.rm(temporary, { force: true }).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new SelfsupError('SELFSUP_CHECKPOINT', `writeCheckpoint: cannot write ${path} (${reason}); check the folder and the free space`, {
      cause: error,
    });
  }
  await syncFolder(folder);
}
