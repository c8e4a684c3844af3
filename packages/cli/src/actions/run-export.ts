import { selectBackend } from '@selfsup/backends';
import { printable, SelfsupError } from '@selfsup/core';
import { suggest, type AnyModality } from '@selfsup/pretrain';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { findRun, readCheckpoint } from './open-run.ts';

/** The flags of `selfsup export`. */
export type ExportFlags = RunFlags & { readonly out: string; readonly format?: string };

function writerOf(
  { title, exports = {} }: AnyModality,
  format: string | undefined,
): readonly [string, NonNullable<AnyModality['exports']>[string]] {
  const names = Object.keys(exports);
  const name = format ?? names[0];
  if (name === undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `encoders of ${title} cannot be exported to other libraries yet; encoder.safetensors of the run holds theirs, for loadEncoder of @selfsup/pretrain`,
    );
  const write = Object.hasOwn(exports, name) ? exports[name] : undefined;
  if (!write) throw new SelfsupError('SELFSUP_OPTION', `unknown format '${printable(name)}'${suggest(name, names)}`);
  return [name, write];
}

async function assertEmpty(out: string): Promise<void> {
  const names = await readdir(out).catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw new SelfsupError('SELFSUP_OPTION', `--out must be a folder, new or empty, got ${printable(out)}`, { cause: error });
  });
  if (names.length > 0)
    throw new SelfsupError('SELFSUP_OPTION', `--out must be a new or empty folder, but ${printable(out)} holds ${printable(names[0]!)}`);
}

/**
 * `selfsup export`: writes the encoder of a run in the format of another library.
 *
 * @param flags see {@link ExportFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runExport(flags: ExportFlags, output: Output): Promise<number> {
  const { out } = flags;
  const found = await findRun(flags);
  const { file, registry } = found;
  const [format, write] = writerOf(registry.modalities.get(file.modality), flags.format);
  await assertEmpty(out);
  const { checkpoint, files } = await readCheckpoint(found);
  await selectBackend({ prefer: 'cpu' }); // nothing is computed
  const { input, encoder, options } = file;
  const made = Object.entries(await write({ checkpoint, input, files, encoder, options }));
  await mkdir(out, { recursive: true });
  for (const [name, bytes] of made) await writeFile(join(out, name), bytes);
  const names = made.map(([name]) => name);
  output.line(`Wrote ${names.join(', ')} to ${printable(out)}`);
  output.event('result', { command: 'export', run: flags.run, format, out, files: names });
  return 0;
}
