import { SelfsupError } from '@selfsup/core';
import { dtypeBytes, type SafetensorsFile, type SafetensorsTensor } from './safetensors.ts';

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function assertTensor(name: string, { dtype, shape, data }: SafetensorsTensor): void {
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (name === '__metadata__') throw new SelfsupError('SELFSUP_OPTION', 'encodeSafetensors: a tensor must not be called `__metadata__`');
  if (data.length !== size || data.BYTES_PER_ELEMENT !== dtypeBytes[dtype])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `encodeSafetensors: \`${name}\` of ${dtype} [${shape.join(', ')}] must have ${size} values of ${dtypeBytes[dtype]} bytes, got ${data.length} of ${data.BYTES_PER_ELEMENT}`,
    );
}

/**
 * Writes a safetensors file: 8 bytes of header length, a JSON header padded with spaces to 8 bytes, then the tensors.
 *
 * @param file strings and tensors; their order does not matter
 * @returns the bytes; the same content always gives the same bytes: wide types first (which keeps them aligned), then by name
 * @throws SelfsupError `SELFSUP_SHAPE` when a tensor's values do not fit its shape and type, `SELFSUP_OPTION` on the reserved name `__metadata__`
 * @see https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors(file: SafetensorsFile): Uint8Array {
  const entries = [...file.tensors].sort(
    ([nameA, a], [nameB, b]) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype] || compare(nameA, nameB), //
  );
  const header: [string, unknown][] = [];
  const metadata = Object.entries(file.metadata).sort(([a], [b]) => compare(a, b));
  if (metadata.length > 0) header.push(['__metadata__', Object.fromEntries(metadata)]);
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
