import { printable, SelfsupError } from '@selfsup/core';

/** What is to become of bytes that are no UTF-8. */
export interface InvalidBytes {
  /** How many places were replaced so far. */
  count: number;
  /** The first of them: file and byte. */
  first?: { path: string; byte: number };
}

const strict = () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isValid(bytes: Uint8Array, options: TextDecodeOptions = {}): boolean {
  try {
    strict().decode(bytes, options);
    return true;
  } catch {
    return false;
  }
}

/** Where the first character starts that is none. */
function firstInvalid(bytes: Uint8Array): number {
  let valid = 0; // this many bytes from the start are right, an unfinished character at their end included
  for (let invalid = bytes.length + 1; invalid - valid > 1;) {
    const middle = (valid + invalid) >> 1;
    if (isValid(bytes.subarray(0, middle), { stream: true })) valid = middle;
    else invalid = middle;
  }
  if (isValid(bytes.subarray(0, valid))) return valid;
  while ((bytes[--valid]! & 0xc0) === 0x80); // back to where the unfinished character starts
  return valid;
}

/**
 * Decodes UTF-8.
 *
 * @param where the file, and which byte of it the first one is, for messages
 * @param replaced where replacements are counted; without it they are an error
 * @throws SelfsupError `SELFSUP_DATA` on invalid bytes, with file and position
 */
export function decodeUtf8(
  bytes: Uint8Array,
  where: { who: string; path: string; byte: number; hint?: string },
  replaced?: InvalidBytes,
): string {
  try {
    return strict().decode(bytes);
  } catch (cause) {
    const { who, path } = where;
    const at = firstInvalid(bytes);
    const byte = where.byte + at;
    if (!replaced) {
      const got = `0x${bytes[at]!.toString(16).padStart(2, '0')} at byte ${byte}`;
      throw new SelfsupError('SELFSUP_DATA', `${who}: ${printable(path)} must be UTF-8, got ${got}; convert the file${where.hint ?? ''}`, {
        cause,
      });
    }
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let there = 0; // replacement characters that the file has itself
    for (let i = given.indexOf('\ufffd'); i >= 0; i = given.indexOf('\ufffd', i + 3)) there++;
    replaced.first ??= { path, byte };
    replaced.count += text.split('\ufffd').length - 1 - there;
    return text;
  }
}
