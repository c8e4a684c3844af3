import { printable, SelfsupError } from '@selfsup/core';
import type { BytesOptions } from './gunzip.ts';
import { describeContent } from './picture-kind.ts';

/** An array of bytes as an IDX file holds it. */
export interface IdxArray {
  /** The sizes, e.g. `[60000, 28, 28]`. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Uint8Array;
}

/** Options of {@link parseIdx}. */
export interface ParseIdxOptions extends BytesOptions {
  /** The number of axes it must have: 3 for gray images, 1 for labels; default any. */
  rank?: number;
}

const fail = (name: string, what: string): never => {
  throw new SelfsupError('SELFSUP_DATA', `parseIdx: ${printable(name)} ${what}`);
};

/** Bytes of the longest header that {@link parseIdxHeader} needs to see. */
export const IDX_HEADER_BYTES = 4 + 4 * 255;

/** What is wrong with bytes that do not begin as IDX does. */
function notIdx(bytes: Uint8Array, rank: number | undefined): string {
  const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const expected = 'expected a magic number like 0x00000803 (images) or 0x00000801 (labels)';
  const content = describeContent(bytes);
  if (content === 'a web page') return `is not an IDX file: it is a web page, so the download went wrong; fetch the file again`;
  if (content !== 'text') return `is not an IDX file: ${expected}, got 0x${magic}${content.startsWith('of a') ? '' : `: it is ${content}`}`;
  const begins = printable(new TextDecoder('latin1').decode(bytes.subarray(0, 200)), { maxLength: 30 });
  const cure =
    rank === 1
      ? 'labels must be an IDX file of one byte per image, such as train-labels-idx1-ubyte; write the labels of a table as one'
      : 'images must be an IDX file; a table (CSV) is not read as images';
  return `is not an IDX file: it is text that begins with "${begins}"; ${expected}; ${cure}`;
}

/**
 * Reads the header of an IDX array of bytes.
 *
 * @param bytes the start of a file, {@link IDX_HEADER_BYTES} of it or all
 * @returns the shape, and how many bytes the file must have
 * @throws SelfsupError `SELFSUP_DATA` as `parseIdx`
 */
export function parseIdxHeader(
  bytes: Uint8Array,
  options: ParseIdxOptions = {},
): { shape: number[]; headerBytes: number; totalBytes: number } {
  const { name = 'the data', rank } = options;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) return fail(name, `is not an IDX file: it has ${bytes.length} bytes; fetch the file again`);
  if (bytes[0] !== 0 || bytes[1] !== 0) return fail(name, notIdx(bytes, rank));
  const magic = `0x${view.getUint32(0).toString(16).padStart(8, '0')}`;
  if (bytes[2] !== 8) return fail(name, `must hold unsigned bytes (magic number 0x000008xx), got magic number ${magic}`);
  const axes = bytes[3]!;
  if (axes === 0 || (rank !== undefined && axes !== rank))
    return fail(name, `must have ${rank ?? 'at least 1'} axes (magic number 0x0000080${rank ?? 1}), got magic number ${magic}`);
  const headerBytes = 4 + 4 * axes;
  if (bytes.length < headerBytes) return fail(name, `ends within its header: ${bytes.length} bytes; fetch the file again`);
  const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  return { shape, headerBytes, totalBytes: headerBytes + shape.reduce((product, side) => product * side, 1) };
}

/** Refuses a number of bytes that is not that of the header. */
export function checkIdxSize(
  got: number | string,
  { shape, totalBytes, name }: { shape: readonly number[]; totalBytes: number; name: string },
): void {
  if (got !== totalBytes)
    fail(
      name,
      `must have ${totalBytes} bytes for shape [${shape.join(', ')}], got ${got}${Number(got) < totalBytes ? '; fetch the file again' : ''}`,
    );
}

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
export function parseIdx(bytes: Uint8Array, options: ParseIdxOptions = {}): IdxArray {
  const { shape, headerBytes, totalBytes } = parseIdxHeader(bytes, options);
  checkIdxSize(bytes.length, { shape, totalBytes, name: options.name ?? 'the data' });
  return { shape, data: bytes.subarray(headerBytes) };
}
