import { printable, SelfsupError } from '@selfsup/core';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { systemReason } from './system-reason.ts';

const MOST_AT_ONCE = 1 << 28;

/** Who reads, for messages, and how much. */
export interface ReadFileOptions {
  /** The function that the user called. */
  readonly who: string;
  /** At most so many bytes, an integer ≥ 1. */
  readonly maxBytes: number;
  /** What a file that is larger says to do; default nothing. */
  readonly advice?: string;
}

/**
 * Opens a file, runs `use` on it and closes it.
 *
 * @param who the function that the user called, for messages
 * @returns what `use` gives
 * @throws SelfsupError `SELFSUP_DATA` when there is none, it is a folder or a device, or it may not be read
 */
export async function withFile<T>(path: string, who: string, use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  const refuse = (cause: unknown) =>
    new SelfsupError('SELFSUP_DATA', `${who}: cannot read ${printable(path)}: ${systemReason(cause)}; check the path`, { cause });
  const attempt = <R>(work: Promise<R>) =>
    work.catch((error: unknown) => {
      throw refuse(error);
    });
  const info = await attempt(stat(path)); // before it is opened: opening a pipe waits for who writes
  if (!info.isFile()) throw refuse(new Error(info.isDirectory() ? 'it is a folder' : 'it is not a file'));
  const file = await attempt(open(path));
  try {
    return await use(file, info.size);
  } catch (error) {
    throw typeof (error as { syscall?: unknown }).syscall === 'string' ? refuse(error) : error;
  } finally {
    await file.close();
  }
}

/**
 * Reads a whole file.
 *
 * @throws SelfsupError `SELFSUP_DATA` as {@link withFile}, and when it has more than `maxBytes`
 */
export function readFileWithin(path: string, { who, maxBytes, advice }: ReadFileOptions): Promise<Buffer> {
  return withFile(path, who, async (file, size) => {
    if (size > maxBytes)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${who}: ${printable(path)} must have at most ${maxBytes} bytes, got ${size}${advice === undefined ? '' : `; ${advice}`}`,
      );
    return readHead(file, size);
  });
}

/** Reads bytes of an open file from a position on, fewer where it ends before. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  for (let read = 1; filled < length && read > 0; filled += read)
    ({ bytesRead: read } = await file.read(bytes, filled, Math.min(MOST_AT_ONCE, length - filled), position + filled));
  return bytes.subarray(0, filled);
}

/** Reads the first bytes of an open file, fewer where it ends before. */
export const readHead = (file: FileHandle, length: number): Promise<Buffer> => readAt(file, 0, length);
