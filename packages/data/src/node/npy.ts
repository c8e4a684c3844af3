import { printable, SelfsupError } from '@selfsup/core';
import { readHead, withFile } from './read-file-within.ts';
import { writeWhole } from './write-whole.ts';

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
const LONGEST_HEADER = 1 << 16;
const SHAPE = /^ *(\d+L? *, *)*(\d+L? *, *\d+L? *|\d+L? *, *)?$/; // a tuple of Python: (), (3,), (3, 4) or (3, 4,)
const descriptor = (data: NpyData) => (data instanceof Float32Array ? '<f4' : data instanceof Int32Array ? '<i4' : '|u1');
const product = (shape: readonly number[]) => shape.reduce((total, side) => total * side, 1);

/**
 * Writes an array as NumPy's `.npy` file, version 1.0, little-endian, in C order; the file appears whole or not at all.
 *
 * @param path where to
 * @param data the numbers, row-major
 * @param shape their shape
 * @throws SelfsupError `SELFSUP_SHAPE` when the number of elements does not fit the shape; `SELFSUP_DATA` when the file cannot be written
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
  await writeWhole(path, Buffer.concat([start, Buffer.from(header, 'latin1'), body]), { who: 'writeNpy' });
}

/**
 * Reads a `.npy` file of float32, int32 or uint8 numbers in C order.
 *
 * @param path the file
 * @returns `data`, row-major, and its `shape`
 * @throws SelfsupError `SELFSUP_DATA` when it is no such file, or cannot be read
 * @example
 * ```ts
 * import { readNpy } from '@selfsup/data/node';
 * const { data, shape } = await readNpy('embeddings.npy');
 * console.log(shape, data.length);
 * ```
 */
export function readNpy(path: string): Promise<NpyArray> {
  const fail = (what: string): never => {
    throw new SelfsupError('SELFSUP_DATA', `readNpy: ${printable(path)} ${what}`);
  };
  return withFile(path, 'readNpy', async (file, size) => {
    const head = await readHead(file, Math.min(size, LONGEST_HEADER));
    const version = head[6];
    if (head.length < 12 || MAGIC.some((byte, i) => head[i] !== byte)) fail('is not a .npy file');
    if (version !== 1 && version !== 2 && version !== 3) fail(`must be of version 1, 2 or 3, got ${version}`);
    const lengthBytes = version === 1 ? 2 : 4;
    const start = 8 + lengthBytes;
    const headerEnd = start + head.readUIntLE(8, lengthBytes);
    if (headerEnd > head.length) fail(`ends within its header, or has one of more than ${LONGEST_HEADER} bytes`);
    const header = head.toString('latin1', start, headerEnd);
    const type = /'descr': *'([^']*)'/.exec(header)?.[1];
    const sides = /'shape': *\(([^)]*)\)/.exec(header)?.[1];
    if (type === undefined || sides === undefined || !/'fortran_order': *False/.test(header))
      return fail(`must be an array in C order, got the header ${printable(header.trim(), { maxLength: 200 })}`);
    if (!SHAPE.test(sides)) fail(`must have integers >= 0 as its shape, got (${printable(sides, { maxLength: 60 })})`);
    const shape = (sides.match(/\d+/g) ?? []).map(Number);
    const bytesPerNumber =
      { '<f4': 4, '<i4': 4, '|u1': 1 }[type] ?? fail(`must hold <f4, <i4 or |u1, got ${printable(type, { maxLength: 20 })}`);
    const expected = bytesPerNumber * product(shape);
    if (size - headerEnd !== expected)
      return fail(`must have ${expected} bytes of data for shape [${shape.join(', ')}], got ${size - headerEnd}`);
    const body = Uint8Array.from((await readHead(file, size)).subarray(headerEnd)).buffer; // a copy: aligned
    const data = type === '<f4' ? new Float32Array(body) : type === '<i4' ? new Int32Array(body) : new Uint8Array(body);
    return { data, shape };
  });
}
