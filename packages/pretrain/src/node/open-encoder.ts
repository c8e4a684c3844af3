import { printable, SelfsupError } from '@selfsup/core';
import { decodeSafetensors } from '@selfsup/safetensors';
import { readdir, readFile, stat } from 'node:fs/promises';
import { importEncoder } from '../import-encoder.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { readForeignEncoder } from '../read-foreign-encoder.ts';
import type { Registry } from '../registry.ts';
import { runFileNames } from '../run-store.ts';
import { openPretrainedSource } from './pretrained/open-pretrained-source.ts';
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
  const { nameOf = 'openEncoder', progress = silentProgress, imageSize, registry } = options;
  const shown = printable(source);
  const info = isForeign(source) ? undefined : await stat(source).catch(() => undefined);
  if (!isForeign(source) && !info)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf}: ${shown} is not there; give the folder of a run, the file of an encoder, or hf:owner/name for one of Hugging Face`,
    );
  if (info?.isDirectory()) {
    const store = runFolder(source);
    const bytes = (await store.read(runFileNames.checkpoint)) ?? (await store.read(runFileNames.encoder));
    if (bytes) return bytes;
    const names = await readdir(source);
    if (names.includes(runFileNames.run))
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `${nameOf}: ${shown} has no checkpoint yet; go on with: selfsup train --resume --out ${shown}`,
      );
    if (!names.some((name) => /\.(safetensors|safetensors\.index\.json|bin|bin\.index\.json|pth|pt)$/.test(name)))
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `${nameOf}: ${shown} holds no run (there is no ${runFileNames.run}) and no weights; train one first: selfsup train --data <source> --out ${shown}`,
      );
  } else if (info && /\.safetensors$/.test(source)) {
    const bytes = new Uint8Array(await readFile(source));
    if (isOurs(bytes)) return bytes;
  }
  const files = await openPretrainedSource(source, { progress });
  const { foreign, notes } = await readForeignEncoder(files, { imageSize });
  const hash = files.revision === undefined ? `sha256 ${files.sha256.slice(0, 12)}…` : `revision ${files.revision.slice(0, 12)}…`;
  const { size } = foreign.input as { size?: number }; // of text there is none
  const other = imageSize === undefined && nameOf !== '--run' ? ', or as `imageSize` says' : '';
  const said = [...(size === undefined ? [] : [`takes images of ${size}x${size} pixels${other}`]), ...notes];
  progress.line(`${shown}: ${foreign.encoder}, ${foreign.source.family} (${hash})${said.map((note) => `; ${note}`).join('')}`);
  return importEncoder(foreign, registry);
}

/** Whether a safetensors file is of selfsup; a damaged one is nobody's, and its reader says so. */
function isOurs(bytes: Uint8Array): boolean {
  return decodeSafetensors(bytes).metadata['format'] === 'selfsup';
}
