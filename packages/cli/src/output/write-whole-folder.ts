import { printable, SelfsupError } from '@selfsup/core';
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refusePlace, temporaryOf } from './write-whole-file.ts';

/** A folder that is being made. */
export interface NewFolder {
  /** Writes its files by name, with `/` between folders, and shows them under its name when all are there. */
  keep(files: Readonly<Record<string, Uint8Array>>): Promise<void>;
  /** Takes back what is not kept; harmless after `keep`. */
  drop(): Promise<void>;
}

/**
 * Begins a folder that appears under its name when it is whole: one of which a part is missing, after a kill or on a full disk, never looks like it.
 *
 * @param path new, or an empty folder; the folder around it is made
 * @param flag that named it, for the message
 * @returns see {@link NewFolder}; `drop` it in the end
 * @throws SelfsupError `SELFSUP_OPTION` when it holds something or is a file; `SELFSUP_DATA` when it cannot be written
 */
export async function beginWholeFolder(path: string, flag: string): Promise<NewFolder> {
  const names = await readdir(path).catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw new SelfsupError('SELFSUP_OPTION', `${flag} must be a folder, new or empty, got ${printable(path)}`, { cause: error });
  });
  if (names && names.length > 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${flag} must be a new or empty folder, but ${printable(path)} holds ${printable(names[0]!)}; choose another, or remove it`,
    );
  const temporary = temporaryOf(path.replace(/[\\/]+$/, ''));
  const drop = () => rm(temporary, { recursive: true, force: true });
  const refuse = async (error: unknown): Promise<never> => {
    await drop().catch(() => undefined);
    return refusePlace(path, error);
  };
  await mkdir(temporary, { recursive: true }).catch(refuse);
  return {
    async keep(files) {
      try {
        for (const [name, content] of Object.entries(files)) {
          await mkdir(dirname(join(temporary, name)), { recursive: true });
          await writeFile(join(temporary, name), content);
        }
        if (names) await rmdir(path); // an empty one; not every system renames over it
        await rename(temporary, path);
      } catch (error) {
        await refuse(error);
      }
    },
    drop,
  };
}
