import { printable, SelfsupError } from '@selfsup/core';
import { readFile, stat } from 'node:fs/promises';
import type { Progress } from '../progress.ts';
import type { Registry } from '../registry.ts';
import { runFileNames } from '../run-store.ts';
import { runFolder } from './run-folder.ts';

/** Options of {@link openEncoder}. */
export interface OpenEncoderOptions {
  /** How messages call the option that the source was given as; default `openEncoder`. */
  nameOf?: string;
  /** Where recipes of encoders are looked up; default what selfsup brings. */
  registry?: Registry;
  /** Shows downloads; default nobody looks. */
  progress?: Progress;
  /** Side in pixels of the images that an imported encoder is to take; default what its own description says. */
  imageSize?: number | undefined;
}

/** Whether a source is an address such as `hf:owner/name`, not a path. */
export const isForeign = (source: string): boolean => /^hf:/.test(source);

/**
 * Reads an encoder: of a run of selfsup, a file of its own, or what another library trained.
 *
 * @param source the folder of a run; an encoder.safetensors or checkpoint.safetensors; weights of another library as a file or folder; or `hf:owner/name`
 * @param options see {@link OpenEncoderOptions}
 * @returns the bytes, as `loadEncoder` and `init` take them
 * @throws SelfsupError `SELFSUP_OPTION` when there is nothing of the kind, `SELFSUP_CHECKPOINT` when it is damaged or cannot be understood
 */
export async function openEncoder(source: string, options: OpenEncoderOptions = {}): Promise<Uint8Array> {
  const { nameOf = 'openEncoder' } = options;
  const shown = printable(source);
  const info = await stat(source).catch(() => undefined);
  if (info?.isFile()) return new Uint8Array(await readFile(source));
  if (!info?.isDirectory())
    throw new SelfsupError('SELFSUP_OPTION', `${nameOf}: ${shown} is not there; give the folder of a run, or the file of an encoder`);
  const store = runFolder(source);
  const bytes = (await store.read(runFileNames.checkpoint)) ?? (await store.read(runFileNames.encoder));
  if (bytes) return bytes;
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `${nameOf}: ${shown} holds no run (there is no ${runFileNames.run}); train one first: selfsup train --data <source> --out ${shown}`,
  );
}
