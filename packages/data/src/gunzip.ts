import { SelfsupError } from '@selfsup/core';

/** Options of the functions that read bytes. */
export interface BytesOptions {
  /** What the bytes are called in messages, e.g. the path of their file; default `the data`. */
  name?: string;
}

/**
 * Unpacks gzip'd bytes; bytes that are not gzip'd come back as they are.
 *
 * @param bytes a whole file
 * @param options `name` for messages
 * @returns the unpacked bytes
 * @throws SelfsupError `SELFSUP_DATA` when the archive is truncated or damaged
 * @remarks Uses `DecompressionStream`, which browsers and Node both have.
 * @example
 * ```ts
 * import { gunzip } from '@selfsup/data';
 * console.log((await gunzip(new Uint8Array([1, 2, 3]))).length); // 3: was not gzip'd
 * ```
 */
export async function gunzip(bytes: Uint8Array, options: BytesOptions = {}): Promise<Uint8Array> {
  const { name = 'the data' } = options;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new DecompressionStream('gzip');
  const writer = stream.writable.getWriter();
  // A damaged archive rejects the reading side too, and that is where it is reported.
  const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  written.catch(() => undefined);
  try {
    const unpacked = await new Response(stream.readable).arrayBuffer();
    await written;
    return new Uint8Array(unpacked);
  } catch (cause) {
    throw new SelfsupError('SELFSUP_DATA', `gunzip: ${name} is a gzip archive that is truncated or damaged; fetch the file again`, {
      cause,
    });
  }
}
