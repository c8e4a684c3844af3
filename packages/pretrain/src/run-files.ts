import { printable, SelfsupError } from '@selfsup/core';
import type { RunFile } from './run-file.ts';
import { readText, runFileNames, type RunStore } from './run-store.ts';
import { sha256 } from './sha256.ts';

/** The files of a run beside run.json and checkpoint, such as its tokenizer. */
export async function readRunFiles(store: RunStore): Promise<Record<string, string>> {
  const own: readonly string[] = Object.values(runFileNames);
  const names = (await store.list()).filter(
    (name) => !own.includes(name) && /^[\w-]+\.(json|txt)$/.test(name) && !name.startsWith('fine-tune-'),
  );
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await readText(store, name)) ?? ''] as const)));
}

/** SHA-256 of each file, in hexadecimal. */
export const hashesOf = async (files: Readonly<Record<string, string>>): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(files).map(async ([name, text]) => [name, await sha256(new TextEncoder().encode(text))] as const)),
  );

/** The files of a run that goes on, as they were when it began. */
export async function readOwnFiles(store: RunStore, { files: before }: RunFile): Promise<Record<string, string>> {
  const files = await readRunFiles(store);
  const now = await hashesOf(files);
  for (const [name, hash] of Object.entries(before))
    if (now[name] !== hash)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `${printable(name)} of ${store.name} ${now[name] === undefined ? 'is missing' : 'is damaged or was changed'} since the run began; restore it, or start a new run`,
      );
  return files;
}
