import { printable, SelfsupError } from '@selfsup/core';
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from '@selfsup/safetensors';
import { sha256 } from './sha256.ts';

/** The key of the hash in `__metadata__`; what its 64 digits are while the hash is taken. */
const KEY = 'sha256';
const BLANK = '0'.repeat(64);

/** Where the header ends, and where in it the digits of the hash begin; undefined when there is none. */
function findHash(bytes: Uint8Array): { end: number; at: number | undefined } {
  const end = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  // one character per byte; quotes within names and texts are escaped, so this can only be the key itself
  const match = /(?<!\\)"sha256":"(?=[0-9a-f]{64}")/.exec(new TextDecoder('latin1').decode(bytes.subarray(0, end)));
  return { end, at: match ? match.index + match[0].length : undefined };
}

/** The hash of a file whose header ends at `end` and has its digits at `at`: of the header with 64 zeros there, followed by the hash of the data. */
async function contentHash(bytes: Uint8Array, { end, at }: { end: number; at: number }): Promise<string> {
  const text = new TextEncoder();
  const data = text.encode(await sha256(bytes.subarray(end)));
  const hashed = new Uint8Array(end + data.length);
  hashed.set(bytes.subarray(0, end));
  hashed.set(text.encode(BLANK), at);
  hashed.set(data, end);
  return sha256(hashed);
}

/**
 * Writes a checkpoint: a safetensors file with a hash of all its content as `sha256` in its metadata.
 *
 * @param file strings and tensors; a hash that it has already is replaced
 * @returns the bytes; the same content always gives the same bytes
 */
export async function encodeCheckpoint(file: SafetensorsFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = encodeSafetensors({ ...file, metadata: { ...file.metadata, [KEY]: BLANK } });
  const { end, at } = findHash(bytes);
  bytes.set(new TextEncoder().encode(await contentHash(bytes, { end, at: at! })), at);
  return bytes;
}

/**
 * Reads a checkpoint and checks its hash.
 *
 * @param who the caller's name, for messages
 * @param bytes the whole file
 * @returns its strings and tensors
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the bytes are damaged, not of selfsup, or without a hash
 */
export async function decodeCheckpoint(who: string, bytes: Uint8Array): Promise<SafetensorsFile> {
  const file = decodeSafetensors(bytes);
  const { format } = file.metadata;
  if (format !== 'selfsup')
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: expected a checkpoint of format selfsup, got ${format === undefined ? 'a safetensors file without a format' : `format ${printable(format)}`}`,
    );
  const { end, at } = findHash(bytes);
  if (at === undefined)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: the checkpoint must have a sha256 of its content in its metadata, got none; it is damaged or was not written by trainer.save()`,
    );
  const [stated, found] = [new TextDecoder().decode(bytes.subarray(at, at + BLANK.length)), await contentHash(bytes, { end, at })];
  if (stated !== found)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: the checkpoint is damaged: its content does not match its sha256 ${stated.slice(0, 12)}…, it has ${found.slice(0, 12)}…; restore a copy or start again`,
    );
  return file;
}
