import { isSelfsupError, SelfsupError, printable } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { loadEncoder as loadEncoderBytes, type LoadedEncoder, type LoadEncoderOptions } from '../load-encoder.ts';
import { parseRunFile } from '../run-file.ts';
import { namingFile } from '../run-checkpoint.ts';
import { readText, runFileNames } from '../run-store.ts';
import { nodeRegistry } from './node-plugins.ts';
import { isForeign, openEncoder } from './open-encoder.ts';
import { runFolder } from './run-folder.ts';

/**
 * Loads the encoder of a run with its preprocessing, from its folder or from bytes; it opens files, too. A backend must be in force.
 *
 * @param source the folder of a run, what else {@link openEncoder} takes, or the bytes of `encoder.safetensors`
 * @param options see {@link LoadEncoderOptions}
 * @returns see {@link LoadedEncoder}; dispose it
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when there is no run, no checkpoint yet, or a damaged one
 * @example
 * ```ts
 * import { selectBackend } from '@selfsup/backends';
 * import { loadEncoder } from '@selfsup/pretrain/node';
 * await selectBackend();
 * const encoder = await loadEncoder('runs/photos');
 * const { data, shape } = await encoder.embed('photos/new');
 * encoder.dispose();
 * ```
 */
export async function loadEncoder(source: string | Uint8Array, options: LoadEncoderOptions = {}): Promise<LoadedEncoder> {
  const registry = options.registry ?? nodeRegistry(options.plugins);
  if (typeof source !== 'string') return loadEncoderBytes(source, { ...options, registry });
  const store = runFolder(source);
  const text =
    isForeign(source) || (await stat(source).catch(() => undefined))?.isFile() ? undefined : await readText(store, runFileNames.run);
  if (text === undefined)
    return loadEncoderBytes(await openEncoder(source, { ...options, nameOf: 'loadEncoder', registry }), { ...options, registry });
  const checkpoint = await store.read(runFileNames.checkpoint);
  const bytes = checkpoint ?? (await store.read(runFileNames.encoder));
  if (!bytes)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${printable(source)} has no checkpoint yet; go on with: selfsup train --resume --out ${printable(source)}`,
    );
  const { data } = parseRunFile(text, `${printable(source)}/${runFileNames.run}`);
  const encoder = await loadEncoderBytes(bytes, { ...options, registry }).catch((error: unknown) => {
    throw isSelfsupError(error) && error.code === 'SELFSUP_CHECKPOINT'
      ? namingFile(`${printable(source)}/${checkpoint ? runFileNames.checkpoint : runFileNames.encoder}`, error)
      : error;
  });
  return { ...encoder, ...(encoder.run && { run: { ...encoder.run, data } }) }; // all else from the checkpoint, which has a hash
}
