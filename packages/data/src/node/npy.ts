import { printable, SelfsupError } from '@selfsup/core';
import type { FileHandle } from 'node:fs/promises';
import { readAt, readHead, withFile } from './read-file-within.ts';
import { beginFile } from './partial-file.ts';
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
/** The bytes as they are: every platform that Node supports here is little-endian. */
const bytesOf = (data: NpyData) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** What stands before the numbers, of a multiple of 64 bytes and at least so many. */
function headOf(type: string, shape: readonly number[], least = 0): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]!},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const used = MAGIC.length + 4 + text.length + 1;
  const length = Math.max(least, Math.ceil(used / ALIGNMENT) * ALIGNMENT) - MAGIC.length - 4;
  return Buffer.from([...MAGIC, 1, 0, length & 255, length >> 8, ...Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1')]);
}
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
  await writeWhole(path, Buffer.concat([headOf(descriptor(data), shape), bytesOf(data)]), { who: 'writeNpy' });
}

/** An array that is written row by row. */
export interface PartialNpy {
  /** Adds rows, `[n, dim]` row-major. */
  write(rows: Float32Array): Promise<void>;
  /** Gives the file its name; tells the shape. */
  keep(): Promise<readonly [rows: number, dim: number]>;
  /** Removes it; nothing happens to a file that is kept. */
  drop(): Promise<void>;
}

/**
 * Begins a `.npy` file of float32 `[rows, dim]` to which rows are added one batch after the other; it appears when it is whole.
 *
 * @param path where to; its folder is made where there is none
 * @param options `dim`: numbers in a row, an integer ≥ 1
 * @returns see {@link PartialNpy}; `keep` or `drop` it
 * @throws SelfsupError `SELFSUP_OPTION` on `dim` out of range, `SELFSUP_DATA` when the file cannot be written
 * @example
 * ```ts
 * import { beginNpy } from '@selfsup/data/node';
 * const file = await beginNpy('embeddings.npy', { dim: 3 });
 * await file.write(new Float32Array(6));
 * console.log(await file.keep()); // [2, 3]
 * ```
 */
export async function beginNpy(path: string, { dim }: { dim: number }): Promise<PartialNpy> {
  if (!Number.isSafeInteger(dim) || dim < 1)
    throw new SelfsupError('SELFSUP_OPTION', `beginNpy: \`dim\` must be an integer >= 1, got ${dim}`);
  const file = await beginFile(path, { who: 'beginNpy' });
  const headFor = (rows: number) => headOf('<f4', [rows, dim], headOf('<f4', [Number.MAX_SAFE_INTEGER, dim]).length);
  let rows = 0;
  try {
    await file.write(headFor(0)); // with room for any number of rows
  } catch (error) {
    await file.drop();
    throw error;
  }
  return {
    async write(more) {
      if (more.length % dim !== 0)
        throw new SelfsupError('SELFSUP_SHAPE', `beginNpy: \`rows\` must be rows of ${dim} numbers, got ${more.length} numbers`);
      await file.write(bytesOf(more));
      rows += more.length / dim;
    },
    async keep() {
      await file.overwrite(headFor(rows));
      await file.keep();
      return [rows, dim];
    },
    drop: () => file.drop(),
  };
}

/** What stands before the numbers says. */
interface NpyHead {
  readonly type: '<f4' | '<i4' | '|u1';
  readonly shape: readonly number[];
  /** The first byte of the numbers. */
  readonly from: number;
}

/** Reads what stands before the numbers of a file of so many bytes. */
async function readNpyHead(file: FileHandle, { size, fail }: { size: number; fail: (what: string) => never }): Promise<NpyHead> {
  const head = await readHead(file, Math.min(size, LONGEST_HEADER));
  const version = head[6];
  if (head.length < 12 || MAGIC.some((byte, i) => head[i] !== byte)) fail('is not a .npy file');
  if (version !== 1 && version !== 2 && version !== 3) fail(`must be of version 1, 2 or 3, got ${version}`);
  const lengthBytes = version === 1 ? 2 : 4;
  const start = 8 + lengthBytes;
  const from = start + head.readUIntLE(8, lengthBytes);
  if (from > head.length) fail(`ends within its header, or has one of more than ${LONGEST_HEADER} bytes`);
  const header = head.toString('latin1', start, from);
  const type = /'descr': *'([^']*)'/.exec(header)?.[1];
  const sides = /'shape': *\(([^)]*)\)/.exec(header)?.[1];
  if (type === undefined || sides === undefined || !/'fortran_order': *False/.test(header))
    return fail(`must be an array in C order, got the header ${printable(header.trim(), { maxLength: 200 })}`);
  if (!SHAPE.test(sides)) fail(`must have integers >= 0 as its shape, got (${printable(sides, { maxLength: 60 })})`);
  const shape = (sides.match(/\d+/g) ?? []).map(Number);
  if (type !== '<f4' && type !== '<i4' && type !== '|u1')
    return fail(`must hold <f4, <i4 or |u1, got ${printable(type, { maxLength: 20 })}`);
  const expected = (type === '|u1' ? 1 : 4) * product(shape);
  if (size - from !== expected) fail(`must have ${expected} bytes of data for shape [${shape.join(', ')}], got ${size - from}`);
  return { type, shape, from };
}

/** Says what is wrong with a file. */
const failAt =
  (who: string, path: string) =>
  (what: string): never => {
    throw new SelfsupError('SELFSUP_DATA', `${who}: ${printable(path)} ${what}`);
  };

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
  return withFile(path, 'readNpy', async (file, size) => {
    const { type, shape, from } = await readNpyHead(file, { size, fail: failAt('readNpy', path) });
    const body = Uint8Array.from((await readHead(file, size)).subarray(from)).buffer; // a copy: aligned
    const data = type === '<f4' ? new Float32Array(body) : type === '<i4' ? new Int32Array(body) : new Uint8Array(body);
    return { data, shape: [...shape] };
  });
}

/**
 * Reads a `.npy` file of float32 `[rows, dim]` piece by piece, so that a file of any size fits into memory.
 *
 * @param path the file
 * @param options `rows`: of a piece, at most; an integer >= 1
 * @returns pieces `[n, dim]`, row-major, in order
 * @throws SelfsupError `SELFSUP_DATA` when it is no such file, or cannot be read
 * @example
 * ```ts
 * import { readNpyRows } from '@selfsup/data/node';
 * for await (const { data, shape } of readNpyRows('embeddings.npy', { rows: 1000 })) console.log(shape, data.length);
 * ```
 */
export async function* readNpyRows(
  path: string,
  { rows: most }: { rows: number },
): AsyncGenerator<{ readonly data: Float32Array; readonly shape: readonly [rows: number, dim: number] }, void, void> {
  const fail = failAt('readNpyRows', path);
  const head = await withFile(path, 'readNpyRows', (file, size) => readNpyHead(file, { size, fail }));
  const [rows, dim] = head.shape;
  if (head.type !== '<f4' || rows === undefined || dim === undefined || head.shape.length !== 2)
    return fail(`must be an array <f4 [rows, dim], got ${head.type} [${head.shape.join(', ')}]`);
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const bytes = await withFile(path, 'readNpyRows', (file) => readAt(file, head.from + first * dim * 4, count * dim * 4));
    if (bytes.length < count * dim * 4) fail('became shorter while it was read');
    yield { data: new Float32Array(Uint8Array.from(bytes).buffer), shape: [count, dim] };
  }
}
