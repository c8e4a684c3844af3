import { printable, SelfsupError } from '@selfsup/core';

const SLICE = 1 << 16; // packed bytes at a time: gzip makes at most 1032 times as many of them

/** Whether bytes begin as a gzip archive does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Unpacks a gzip archive piece by piece: who stops reading, stops the unpacking.
 *
 * @param bytes the archive
 * @param name what it is called in messages
 * @throws SelfsupError `SELFSUP_DATA` when it is truncated or damaged
 * @remarks Uses `DecompressionStream`, which browsers and Node both have, and feeds it slowly: in browsers it unpacks all that it is given at once.
 */
export async function* inflate(bytes: Uint8Array, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = new DecompressionStream('gzip');
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const feed = async () => {
    for (let at = 0; at < bytes.length; at += SLICE) {
      await writer.ready;
      await writer.write(bytes.slice(at, at + SLICE));
    }
    await writer.close();
  };
  // A damaged archive rejects the reading side too, and that is where it is reported.
  const fed = feed();
  fed.catch(() => undefined);
  let done = false;
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) break;
      yield next.value;
    }
    await fed;
    done = true;
  } catch (cause) {
    done = true;
    throw new SelfsupError(
      'SELFSUP_DATA',
      `gunzip: ${printable(name)} is a gzip archive that is truncated or damaged; fetch the file again`,
      { cause },
    );
  } finally {
    if (!done) await reader.cancel().catch(() => undefined);
  }
}

/** Puts pieces together. */
export function joinPieces(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
