import { SelfsupError } from '@selfsup/core';
import { crc32 } from './crc-32.ts';

/**
 * Writes an object as JSON with a `check`, by which damage is found.
 *
 * @param value what JSON can hold
 * @returns the text; its last field `check` is the CRC-32 of the rest, written without spaces
 */
export function toCheckedJson(value: object): string {
  return `${JSON.stringify({ ...value, check: crc32(JSON.stringify(value)) }, null, 2)}\n`;
}

/** Undefined of what is nested so deeply that it cannot have been written. */
function checkOf(value: object): string | undefined {
  try {
    return crc32(JSON.stringify(value));
  } catch {
    return undefined;
  }
}

/**
 * Reads what {@link writeChecked} wrote.
 *
 * @param text the content of the file
 * @param options how messages name the file, and what to do about it
 * @returns the object without its `check`
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is not JSON, not an object, or not as it was written
 */
export function fromCheckedJson(text: string, { name, advice }: { name: string; advice: string }): object {
  const fail = (what: string, cause?: unknown): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${name} ${what}; ${advice}`, { cause });
  };
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    fail('is not valid JSON', error);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) fail('must hold an object');
  const { check, ...rest } = content as { check?: unknown };
  if (check === undefined || check !== checkOf(rest))
    fail(
      check === undefined ? 'has no `check`, so it is not as selfsup wrote it' : 'is damaged or was changed: it does not fit its `check`',
    );
  return rest;
}
