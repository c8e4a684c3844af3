import { printable, SelfsupError } from '@selfsup/core';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { runFileNames } from '../run-store.ts';
import { runFolder } from './run-folder.ts';

/**
 * Reads an encoder of selfsup: of a run, or a file of its own.
 *
 * @param source the folder of a run, or an encoder.safetensors or checkpoint.safetensors
 * @param nameOf how messages call the option that it was given as, such as `--init`
 * @returns the bytes, as `loadEncoder` and `init` take them
 * @throws SelfsupError `SELFSUP_OPTION` when there is nothing of the kind
 */
export async function openEncoder(source: string, nameOf = 'openEncoder'): Promise<Uint8Array> {
  const shown = printable(source);
  const info = await stat(source).catch(() => undefined);
  if (info?.isFile()) return new Uint8Array(await readFile(source));
  if (!info?.isDirectory())
    throw new SelfsupError('SELFSUP_OPTION', `${nameOf}: ${shown} is not there; give the folder of a run, or the file of an encoder`);
  const store = runFolder(source);
  const bytes = (await store.read(runFileNames.checkpoint)) ?? (await store.read(runFileNames.encoder));
  if (bytes) return bytes;
  throw new SelfsupError(
    'SELFSUP_OPTION',
    `${nameOf} must be the folder of a run with ${runFileNames.checkpoint} or ${runFileNames.encoder}, ${shown} has neither`,
  );
}

/** The folder in which the files about an encoder are kept: that of its run. */
export const folderOf = (source: string): string => (/\.safetensors$/.test(basename(source)) ? dirname(source) : source);
