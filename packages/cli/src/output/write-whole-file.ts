import { printable, SelfsupError } from '@selfsup/core';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that is being written. */
export interface NewFile {
  /** Writes on. */
  write(content: string | Uint8Array): Promise<void>;
  /** Shows it under its name. */
  keep(): Promise<void>;
  /** Takes back what is not kept; harmless after `keep`. */
  drop(): Promise<void>;
}

/** The name of what is not whole yet, beside the place that it is for. */
export const temporaryOf = (path: string): string => `${path}.${process.pid}.tmp`;

/** Says that a place cannot be written. */
export function refusePlace(path: string, error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new SelfsupError('SELFSUP_DATA', `cannot write ${printable(path)}: ${reason}; choose another place`, { cause: error });
}

/**
 * Begins a file that appears under its name when it is whole, and leaves what was there before until then.
 *
 * @param path the file; the folder around it is made
 * @returns see {@link NewFile}; `drop` it in the end
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be written, here and later
 */
export async function beginWholeFile(path: string): Promise<NewFile> {
  const temporary = temporaryOf(path);
  const refuse = (error: unknown) => refusePlace(path, error);
  await mkdir(dirname(path), { recursive: true }).catch(refuse);
  const file = await open(temporary, 'w').catch(refuse);
  let isOpen = true;
  const close = async () => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    write: (content) => file.writeFile(content).catch(refuse),
    keep: () => close().then(() => rename(temporary, path)).catch(refuse), // prettier-ignore
    async drop() {
      await close();
      await rm(temporary, { force: true });
    },
  };
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
  await (await beginWholeFile(path)).drop();
}

/**
 * Writes a file that appears under its name when it is whole, and leaves what was there before until then.
 *
 * @param path the file; the folder around it is made
 * @param content of the file
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be written
 */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  const file = await beginWholeFile(path);
  try {
    await file.write(content);
    await file.keep();
  } finally {
    await file.drop();
  }
}
