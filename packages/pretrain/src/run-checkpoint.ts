import { isSelfsupError, SelfsupError } from '@selfsup/core';
import { readCheckpointMetadata } from '@selfsup/trainer';
import { runFileNames, type RunStore } from './run-store.ts';

/**
 * Says of an error which file is damaged.
 *
 * @param file its path
 * @param error whatever reading it threw
 * @returns an error with the same code that names the file in place of the function that read it
 */
export function namingFile(file: string, error: unknown): unknown {
  if (!isSelfsupError(error)) return error;
  return new SelfsupError(error.code, `${file} cannot be used: ${error.message.replace(/^\w+: /, '')}`, { cause: error });
}

/**
 * The checkpoint of a run, and at which update it is.
 *
 * @returns undefined of a run that was stopped before its first checkpoint
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is damaged, or gone while what came after it is there
 */
export async function readRunCheckpoint(store: RunStore): Promise<{ readonly bytes: Uint8Array; readonly step: number } | undefined> {
  const bytes = await store.read(runFileNames.checkpoint);
  if (bytes) {
    const { step } = await readCheckpointMetadata(bytes).catch((error: unknown) => {
      throw namingFile(`${store.name}/${runFileNames.checkpoint}`, error);
    });
    return { bytes, step };
  }
  const names = await store.list();
  const after = [runFileNames.encoder, runFileNames.adapters, runFileNames.result].find((name) => names.includes(name));
  if (after === undefined) return undefined;
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `${store.name} holds ${after}, but not the ${runFileNames.checkpoint} that it was made from: there is nothing to go on with; restore it, or begin again (overwrite)`,
  );
}
