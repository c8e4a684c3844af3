import { SelfsupError } from '@selfsup/core';
import type { BytesOptions } from './gunzip.ts';

/** An array of bytes as an IDX file holds it. */
export interface IdxArray {
  /** The sizes, e.g. `[60000, 28, 28]`. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Uint8Array;
}

const fail = (name: string, what: string): never => {
  throw new SelfsupError('SELFSUP_DATA', `parseIdx: ${name} ${what}`);
};

/**
 * Reads an IDX array of bytes, the format of MNIST and Fashion-MNIST.
 *
 * @param bytes a whole file, already unpacked: see {@link gunzip}
 * @param options `name` for messages; `rank`: the number of axes it must have (3 for gray images, 1 for labels), default any
 * @returns its shape and data; the data is a view of `bytes`
 * @throws SelfsupError `SELFSUP_DATA` on a wrong magic number, another element type or rank, or a size that does not fit the shape
 * @remarks The magic number is two zero bytes, the element type (0x08: unsigned byte) and the number of axes; sizes are big-endian.
 * @example
 * ```ts
 * import { parseIdx } from '@selfsup/data';
 * const labels = parseIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]), { rank: 1 });
 * console.log(labels.shape, labels.data);
 * ```
 */
export function parseIdx(bytes: Uint8Array, options: BytesOptions & { rank?: number } = {}): IdxArray {
  const { name = 'the data', rank } = options;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) return fail(name, `is no IDX file: it has ${bytes.length} bytes; fetch the file again`);
  const magic = `0x${view.getUint32(0).toString(16).padStart(8, '0')}`;
  if (bytes[0] !== 0 || bytes[1] !== 0)
    return fail(
      name,
      `is no IDX file: expected a magic number like 0x00000803 (images) or 0x00000801 (labels), got ${magic}; fetch the file again`,
    );
  if (bytes[2] !== 8) return fail(name, `must hold unsigned bytes (magic number 0x000008xx), got magic number ${magic}`);
  const axes = bytes[3]!;
  if (axes === 0 || (rank !== undefined && axes !== rank))
    return fail(name, `must have ${rank ?? 'at least 1'} axes (magic number 0x0000080${rank ?? 1}), got magic number ${magic}`);
  if (bytes.length < 4 + 4 * axes) return fail(name, `ends within its header: ${bytes.length} bytes`);
  const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = 4 + 4 * axes + shape.reduce((product, side) => product * side, 1);
  if (bytes.length !== expected)
    return fail(name, `must have ${expected} bytes for shape [${shape.join(', ')}], got ${bytes.length}; fetch the file again`);
  return { shape, data: bytes.subarray(4 + 4 * axes) };
}
