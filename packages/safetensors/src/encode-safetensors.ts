import { printable, SelfsupError } from '@selfsup/core';
import { dtypeBytes, type SafetensorsDtype, type SafetensorsFile, type SafetensorsTensor } from './safetensors.ts';

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const arrays: Readonly<Record<SafetensorsDtype, string>> = { F32: 'Float32Array', I32: 'Int32Array', BOOL: 'Uint8Array', U8: 'Uint8Array' };

function assertTensor(name: string, { dtype, shape, data }: SafetensorsTensor): void {
  const who = `encodeSafetensors: \`${printable(name)}\``;
  if (name === '__metadata__') throw new SelfsupError('SELFSUP_OPTION', 'encodeSafetensors: a tensor must not be called `__metadata__`');
  const [size, array] = [shape.reduce((product, dim) => product * dim, 1), arrays[dtype]];
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0))
    throw new SelfsupError('SELFSUP_SHAPE', `${who} must have a shape of integers >= 0, got [${shape.join(', ')}]`);
  if (data.length !== size || data[Symbol.toStringTag] !== array)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who} of ${dtype} [${shape.join(', ')}] must have ${size} values in a ${array}, got ${data.length} in a ${data[Symbol.toStringTag]}`,
    );
  if (dtype === 'BOOL' && data.some((value) => value > 1))
    throw new SelfsupError('SELFSUP_DTYPE', `${who} of BOOL must hold 0 and 1 only, got ${data.find((value) => value > 1)!}`);
}

function readMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(metadata).sort(([a], [b]) => compare(a, b));
  for (const [key, text] of entries)
    if (typeof (text as unknown) !== 'string')
      throw new SelfsupError('SELFSUP_OPTION', `encodeSafetensors: \`metadata.${printable(key)}\` must be a string, got ${typeof text}`);
  return Object.fromEntries(entries);
}

/**
 * Writes a safetensors file: 8 bytes of header length, a JSON header padded with spaces to 8 bytes, then the tensors.
 *
 * @param file strings and tensors; their order does not matter
 * @returns the bytes; the same content always gives the same bytes: wide types first (which keeps them aligned), then by name
 * @throws SelfsupError `SELFSUP_SHAPE` when a tensor's values do not fit its shape and type, `SELFSUP_DTYPE` on a bool that is not 0 or 1, `SELFSUP_OPTION` on
 * the reserved name `__metadata__` or metadata that are not strings
 * @see https://github.com/huggingface/safetensors#format
 * @example
 * ```ts
 * import { encodeSafetensors } from '@selfsup/safetensors';
 * const weight = { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) } as const;
 * const bytes = encodeSafetensors({ metadata: { format: 'pt' }, tensors: new Map([['weight', weight]]) });
 * ```
 */
export function encodeSafetensors(file: SafetensorsFile): Uint8Array<ArrayBuffer> {
  const entries = [...file.tensors].sort(
    ([nameA, a], [nameB, b]) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype] || compare(nameA, nameB), //
  );
  const header: [string, unknown][] = [];
  const metadata = readMetadata(file.metadata);
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let end = 0;
  for (const [name, tensor] of entries) {
    assertTensor(name, tensor);
    const begin = end;
    end += tensor.data.byteLength;
    header.push([name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] }]);
  }
  // written member by member: an object would reorder names that look like integers
  const json = `{${header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + end).fill(0x20, 8, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  let offset = 8 + padded;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}
