import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { printable, SelfsupError } from '@selfsup/core';
import { readWhole, type Shelf } from './shelf.ts';

/** The sizes of the files of a folder; links are followed, folders left out. Internal. */
export async function sizesOf(folder: string): Promise<Map<string, number>> {
  const names = (await readdir(folder)).sort();
  const found = await Promise.all(names.map(async (name) => [name, await stat(join(folder, name)).catch(() => undefined)] as const));
  return new Map(found.flatMap(([name, info]) => (info?.isFile() === true ? [[name, info.size] as const] : [])));
}

/**
 * The files of a folder. Internal.
 *
 * @param folder a path
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be read
 */
export async function folderShelf(folder: string): Promise<Shelf> {
  const sizes = await sizesOf(folder).catch((error: unknown) => {
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${printable(folder)} cannot be read: ${(error as { code?: string }).code ?? 'unknown reason'}`,
      { cause: error },
    );
  });
  return { label: folder, sizes, read: (name) => readWhole(join(folder, name)) };
}
