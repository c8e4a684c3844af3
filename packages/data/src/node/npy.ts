import { SelfsupError } from '@selfsup/core';
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';

/** The arrays that {@link writeNpy} and {@link readNpy} know: NumPy's float32, int32 and uint8. */
export type NpyData = Float32Array | Int32Array | Uint8Array;

/** What {@link readNpy} gives back. */
export interface NpyArray {
  /** The numbers, row-major. */
  data: NpyData;
  /** The sides, outermost first; empty for a scalar. */
  shape: number[];
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const ALIGNMENT = 64;
const descriptor = (data: NpyData) => (data instanceof Float32Array ? '<f4' : data instanceof Int32Array ? '<i4' : '|u1');
const product = (shape: readonly number[]) => shape.reduce((total, side) => total * side, 1);

/**
 * Writes an array as NumPy's `.npy` file, version 1.0, little-endian, in C order; the file appears whole or not at all.
 *
 * @param path where to
 * @param data the numbers, row-major
 * @param shape their shape
 * @throws SelfsupError `SELFSUP_SHAPE` when the number of elements does not fit the shape
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @example
 * ```ts
 * import { writeNpy } from '@selfsup/data/node';
 * await writeNpy('embeddings.npy', new Float32Array(6), [2, 3]);
 * ```
 */
export async function writeNpy(path: string, data: NpyData, shape: readonly number[]): Promise<void> {
  if (shape.some((side) => !Number.isSafeInteger(side) || side < 0) || product(shape) !== data.length)
    throw new SelfsupError('SELFSUP_SHAPE', `writeNpy: \`data\` must fit shape [${shape.join(', ')}], got ${data.length} elements`);
  const tuple = shape.length === 1 ? `(${shape[0]!},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descriptor(data)}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const used = MAGIC.length + 4 + text.length + 1;
  const header = text + ' '.repeat((ALIGNMENT - (used % ALIGNMENT)) % ALIGNMENT) + '\n';
  const start = Buffer.from([...MAGIC, 1, 0, header.length & 255, header.length >> 8]);
  const body = new Uint8Array(data.buffer, data.byteOffset, data.byteLength); // every platform that Node supports here is little-endian
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await writeFile(partial, Buffer.concat([start, Buffer.from(header, 'latin1'), body]));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/**
 * Reads a `.npy` file of float32, int32 or uint8 numbers in C order.
 *
 * @param path the file
 * @returns `data`, row-major, and its `shape`
 * @throws SelfsupError `SELFSUP_DATA` when it is no such file
 * @example
 * ```ts
 * import { readNpy } from '@selfsup/data/node';
 * const { data, shape } = await readNpy('embeddings.npy');
 * console.log(shape, data.length);
 * ```
 */
export async function readNpy(path: string): Promise<NpyArray> {
  const bytes = await readFile(path);
  const fail = (what: string): never => {
    throw new SelfsupError('SELFSUP_DATA', `readNpy: ${path} ${what}`);
  };
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) fail('is no .npy file');
  const lengthBytes = bytes[6] === 1 ? 2 : 4;
  const start = 8 + lengthBytes;
  const headerEnd = start + bytes.readUIntLE(8, lengthBytes);
  const header = bytes.toString('latin1', start, headerEnd);
  const type = /'descr': *'([^']*)'/.exec(header)?.[1];
  const sides = /'shape': *\(([^)]*)\)/.exec(header)?.[1];
  if (type === undefined || sides === undefined || !/'fortran_order': *False/.test(header))
    return fail(`must be an array in C order, got the header ${header.trim()}`);
  const shape = sides
    .split(',')
    .filter((side) => side.trim() !== '')
    .map(Number);
  const body = Uint8Array.from(bytes.subarray(headerEnd)).buffer;
  const size = { '<f4': 4, '<i4': 4, '|u1': 1 }[type] ?? fail(`must hold <f4, <i4 or |u1, got ${type}`);
  if (body.byteLength !== size * product(shape))
    return fail(`must have ${size * product(shape)} bytes of data for shape [${shape.join(', ')}], got ${body.byteLength}`);
  const data = type === '<f4' ? new Float32Array(body) : type === '<i4' ? new Int32Array(body) : new Uint8Array(body);
  return { data, shape };
}
