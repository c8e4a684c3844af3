import { printable, SelfsupError } from '@selfsup/core';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const temporaryOf = (path: string): string => `${path}.${process.pid}.tmp`;

function refuse(path: string, error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new SelfsupError('SELFSUP_DATA', `cannot write ${printable(path)}: ${reason}; choose another place`, { cause: error });
}

/**
 * Refuses a place where no file can be written, before the work begins whose outcome it is for. The folder around it is made.
 *
 * @param path where a file is to be written; undefined is passed over
 * @param flag that named it, for the message
 * @throws SelfsupError `SELFSUP_OPTION` when it is a folder; `SELFSUP_DATA` when it cannot be written
 */
export async function assertWritable(path: string | undefined, flag: string): Promise<void> {
  if (path === undefined) return;
  const isFolder = await stat(path).then((info) => info.isDirectory(), () => false); // prettier-ignore
  if (isFolder) throw new SelfsupError('SELFSUP_OPTION', `${flag} must be a file, got the folder ${printable(path)}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporaryOf(path), '');
    await rm(temporaryOf(path));
  } catch (error) {
    refuse(path, error);
  }
}

/**
 * Writes a file that appears under its name when it is whole, and leaves what was there before until then.
 *
 * @param path the file; the folder around it is made
 * @param content of the file
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be written
 */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    refuse(path, error);
  }
}
