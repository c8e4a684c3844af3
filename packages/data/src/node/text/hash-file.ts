import { printable, SelfsupError } from '@selfsup/core';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { systemReason } from '../system-reason.ts';

/**
 * Hashes a file of a corpus, piece by piece.
 *
 * @param onBytes told how many bytes a piece had
 * @returns its SHA-256 in hexadecimal digits
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be read
 */
export async function hashFile(path: string, onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      onBytes(chunk.length);
    }
  } catch (cause) {
    if (typeof (cause as { syscall?: unknown }).syscall !== 'string') throw cause;
    throw new SelfsupError('SELFSUP_DATA', `openCorpus: cannot read ${printable(path)}: ${systemReason(cause)}; check the file`, { cause });
  }
  return hash.digest('hex');
}
