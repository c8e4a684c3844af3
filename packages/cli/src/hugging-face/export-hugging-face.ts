import { existsSync, readdirSync, statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SelfsupError } from '@selfsup/core';
import { toHuggingFaceBert, type ToHuggingFaceBertOptions } from '@selfsup/encoders';
import { encodeSafetensors } from '@selfsup/safetensors';
import { writeCheckpoint } from '@selfsup/trainer';

/** What {@link exportHuggingFace} writes. */
export type ExportHuggingFaceOptions = ToHuggingFaceBertOptions & {
  /** The files of the tokenizer, such as `vocab.txt` and `tokenizer.json`: copied under their own names; default none. */
  tokenizerFiles?: readonly string[];
  /** Further JSON files by name, such as `tokenizer_config.json`; default none. */
  jsonFiles?: Readonly<Record<string, unknown>>;
  /** The folder to write; it must not exist or be empty. */
  out: string;
};

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function assertFree(out: string): void {
  if (!existsSync(out)) return;
  if (!statSync(out).isDirectory())
    throw new SelfsupError('SELFSUP_OPTION', `--out must be a folder, but ${out} is a file; choose another --out`);
  if (readdirSync(out).length > 0)
    throw new SelfsupError('SELFSUP_STATE', `--out must be a new or empty folder, but ${out} holds files; choose another --out`);
}

/**
 * Writes a BERT as a folder that transformers loads: config.json, model.safetensors and the tokenizer's files; the whole folder or nothing.
 *
 * @param options see {@link ExportHuggingFaceOptions}
 * @returns the names of the files in the folder
 * @throws SelfsupError `SELFSUP_STATE` when the folder holds files, `SELFSUP_OPTION` when it is a file or the networks do not fit each other, `SELFSUP_DATA` when it
 * cannot be written
 */
export async function exportHuggingFace(options: ExportHuggingFaceOptions): Promise<string[]> {
  const { out, tokenizerFiles = [], jsonFiles = {}, ...networks } = options;
  assertFree(out);
  const { config, metadata, tensors } = await toHuggingFaceBert(networks);
  const target = resolve(out);
  let unfinished: string | undefined;
  try {
    await mkdir(dirname(target), { recursive: true });
    unfinished = await mkdtemp(`${target}.unfinished-`);
    for (const [name, content] of Object.entries({ 'config.json': config, ...jsonFiles }))
      await writeCheckpoint(join(unfinished, name), new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`));
    await writeCheckpoint(join(unfinished, 'model.safetensors'), encodeSafetensors({ metadata, tensors }));
    for (const file of tokenizerFiles) await copyFile(file, join(unfinished, basename(file)));
    if (existsSync(target)) await rmdir(target); // empty, or this fails
    await rename(unfinished, target);
  } catch (error) {
    if (unfinished) await rm(unfinished, { recursive: true, force: true });
    throw new SelfsupError('SELFSUP_DATA', `cannot write the folder ${out} (${reasonOf(error)}); choose another --out`, { cause: error });
  }
  return ['config.json', 'model.safetensors', ...tokenizerFiles.map((file) => basename(file)), ...Object.keys(jsonFiles)];
}
