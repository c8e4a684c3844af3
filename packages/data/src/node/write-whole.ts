import { printable, SelfsupError } from '@selfsup/core';
import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { systemReason } from './system-reason.ts';

/**
 * Writes a file so that it appears whole or not at all.
 *
 * @param options `who`: the function that the user called; `advice`: what to do when it cannot be written
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be written
 */
export async function writeWhole(
  path: string,
  content: Uint8Array | string,
  { who, advice = 'choose another path, or make room there' }: { who: string; advice?: string },
): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await writeFile(partial, content);
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw new SelfsupError('SELFSUP_DATA', `${who}: cannot write ${printable(path)}: ${systemReason(cause)}; ${advice}`, { cause });
  }
}
