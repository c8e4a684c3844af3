import { printable, SelfsupError } from '@selfsup/core';
import { inflate, isGzip, joinPieces } from './inflate.ts';

/** Options of the functions that read bytes. */
export interface BytesOptions {
  /** What the bytes are called in messages, e.g. the path of their file; default `the data`. */
  name?: string;
}

/** Options of {@link gunzip}. */
export interface GunzipOptions extends BytesOptions {
  /** Unpacking stops with an error beyond so many bytes; default 2 GiB, an integer ≥ 1. */
  maxBytes?: number;
}

/**
 * Unpacks gzip'd bytes; bytes that are not gzip'd come back as they are.
 *
 * @param bytes a whole file
 * @param options `name` for messages; `maxBytes`: how much it may become, default 2 GiB
 * @returns the unpacked bytes
 * @throws SelfsupError `SELFSUP_DATA` when the archive is truncated or damaged, or holds more than `maxBytes`; `SELFSUP_OPTION` on a limit that is not an integer ≥ 1
 * @remarks A small archive can hold a thousand times its size in zeros. Unpacking stops at the limit, without holding more than that.
 * @example
 * ```ts
 * import { gunzip } from '@selfsup/data';
 * console.log((await gunzip(new Uint8Array([1, 2, 3]))).length); // 3: was not gzip'd
 * ```
 */
export async function gunzip(bytes: Uint8Array, options: GunzipOptions = {}): Promise<Uint8Array> {
  const { name = 'the data', maxBytes = 2 ** 31 } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw new SelfsupError('SELFSUP_OPTION', `gunzip: \`maxBytes\` must be an integer >= 1, got ${maxBytes}`);
  if (!isGzip(bytes)) return bytes;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of inflate(bytes, name)) {
    length += piece.length;
    if (length > maxBytes)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `gunzip: ${printable(name)} must hold at most ${maxBytes} bytes, but its ${bytes.length} packed bytes hold more; raise \`maxBytes\` if it is meant to`,
      );
    pieces.push(piece);
  }
  return joinPieces(pieces, length);
}
