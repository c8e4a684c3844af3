import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { printable, SelfsupError } from '@selfsup/core';

/** The content of a file with its SHA-256. Internal. */
export interface ShelfFile {
  readonly bytes: Uint8Array;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Files that lie beside each other, on this machine or elsewhere. Internal. */
export interface Shelf {
  /** What messages call it. */
  readonly label: string;
  /** The commit, on a hub. */
  readonly revision?: string;
  /** The size of each file in bytes, by name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Reads one of the files. */
  read(name: string): Promise<ShelfFile>;
}

const PIECE = 64 * 2 ** 20;

/**
 * Reads a whole file, and hashes it on the way: `readFile` ends at 2 GiB. Internal.
 *
 * @param path of a file
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be read or changes meanwhile
 */
export async function readWhole(path: string): Promise<ShelfFile> {
  const fail = (why: string, cause?: unknown): never => {
    throw new SelfsupError('SELFSUP_DATA', `${printable(path)} cannot be read: ${why}`, { cause });
  };
  const handle = await open(path).catch((error: unknown) => fail((error as { code?: string }).code ?? 'unknown reason', error));
  try {
    const { size } = await handle.stat();
    const [bytes, hash] = [new Uint8Array(size), createHash('sha256')];
    for (let at = 0; at < size;) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(PIECE, size - at), at);
      if (bytesRead === 0) fail('it became shorter meanwhile');
      hash.update(bytes.subarray(at, at + bytesRead));
      at += bytesRead;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}
