import { printable, SelfsupError } from '@selfsup/core';
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemReason } from './system-reason.ts';

/** A file that is written piece by piece, and appears under its name when it is whole. */
export interface PartialFile {
  /** Adds to its end. */
  write(content: Uint8Array | string): Promise<void>;
  /** Writes over what is at its start. */
  overwrite(content: Uint8Array): Promise<void>;
  /** Gives it its name; nothing can be written afterwards. */
  keep(): Promise<void>;
  /** Removes it; nothing happens to a file that is kept, or removed already. */
  drop(): Promise<void>;
}

/**
 * Begins a file that appears whole or not at all: it is written under another name in the same folder, which is made where there is none.
 *
 * @param path its name
 * @param options `who`: the function or option that the user gave, for messages
 * @returns see {@link PartialFile}; `keep` or `drop` it
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be written
 * @example
 * ```ts
 * import { beginFile } from '@selfsup/data/node';
 * const file = await beginFile('numbers.txt', { who: 'example' });
 * for (let i = 0; i < 3; i++) await file.write(`${i}\n`);
 * await file.keep();
 * ```
 */
export async function beginFile(path: string, { who }: { who: string }): Promise<PartialFile> {
  const partial = `${path}.${randomUUID()}.partial`;
  const fail = (cause: unknown): never => {
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: cannot write ${printable(path)}: ${systemReason(cause)}; choose another path, or make room there`,
      { cause },
    );
  };
  await mkdir(dirname(path), { recursive: true }).catch(fail);
  const file = await open(partial, 'wx').catch(fail);
  let isOver = false;
  return {
    async write(content) {
      await file.writeFile(content).catch(fail);
    },
    async overwrite(content) {
      await file.write(content, 0, content.length, 0).catch(fail);
    },
    async keep() {
      await file.close().catch(fail);
      await rename(partial, path).catch(fail);
      isOver = true;
    },
    async drop() {
      if (isOver) return;
      isOver = true;
      await file.close().catch(() => undefined);
      await rm(partial, { force: true }).catch(() => undefined);
    },
  };
}
