import type { VariableMap } from '@selfsup/core';
import { sha256 } from './sha256.ts';

/**
 * The content of variables in one number. Internal.
 *
 * @returns SHA-256, in hexadecimal, of one line for each variable, in the order of the paths: a JSON array of path, type, shape and the SHA-256 of its bytes
 * @throws SelfsupError `SELFSUP_STATE` where there is no crypto.subtle
 */
export async function hashVariables(variables: VariableMap): Promise<string> {
  const lines: string[] = [];
  for (const path of Object.keys(variables).sort()) {
    const { dtype, shape } = variables[path]!;
    const read = await variables[path]!.data();
    const values = dtype === 'bool' ? Uint8Array.from(read) : read; // backends hand out bool in arrays of their own
    const bytes = new Uint8Array(values.byteLength);
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    lines.push(JSON.stringify([path, dtype, shape, await sha256(bytes)]));
  }
  const text = new TextEncoder().encode(lines.join('\n'));
  return sha256(Uint8Array.from(text));
}
