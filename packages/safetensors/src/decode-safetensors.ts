import { printable as escaped, printableValue, SelfsupError } from '@selfsup/core';
import { convertedBytes, narrowF64, narrowI64, widenBF16, widenF16 } from './convert-values.ts';
import { duplicateKey } from './duplicate-key.ts';
import { dtypeBytes, type SafetensorsDtype, type SafetensorsFile, type SafetensorsTensor } from './safetensors.ts';

const LARGEST_HEADER = 100_000_000; // the limit of the reference implementation

/** A name or text from the file, of a length that a message has room for. */
const printable = (text: string) => escaped(text, { maxLength: 120 });
/** A value from the header in an error. */
const shown = (value: unknown) => (value === undefined ? 'nothing' : printableValue(value, { maxLength: 120 }));

function fail(what: string, cause?: unknown): never {
  throw new SelfsupError('SELFSUP_CHECKPOINT', `decodeSafetensors: ${what}; the file is damaged or not a safetensors file`, { cause });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readHeader(bytes: Uint8Array): { header: [string, unknown][]; data: Uint8Array } {
  if (bytes.length < 8) fail(`expected at least 8 bytes, got ${bytes.length}`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  const room = Math.min(LARGEST_HEADER, bytes.length - 8);
  if (length < 2 || length > room) fail(`the header must have 2 to ${room} bytes, says ${length}`);
  let text = '';
  let parsed: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + length));
    parsed = JSON.parse(text);
  } catch (error) {
    fail('the header is not valid JSON', error);
  }
  if (!isObject(parsed) || !text.startsWith('{')) fail('the header must be a JSON object');
  const twice = duplicateKey(text);
  if (twice !== undefined) fail(`the header has \`${printable(twice)}\` twice in one object`);
  return { header: Object.entries(parsed), data: bytes.subarray(8 + length) };
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isObject(value)) fail('`__metadata__` must be an object');
  for (const [key, text] of Object.entries(value))
    if (typeof text !== 'string') fail(`\`__metadata__.${printable(key)}\` must be a string, got ${shown(text)}`);
  return value as Record<string, string>;
}

type StoredDtype = SafetensorsDtype | keyof typeof convertedBytes;
const storedBytes: Readonly<Record<StoredDtype, number>> = { ...dtypeBytes, ...convertedBytes };

interface Entry {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(name: string, value: unknown, room: number): Entry {
  const who = `\`${printable(name)}\``;
  if (!isObject(value)) fail(`${who} must be an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(storedBytes, dtype))
    fail(`${who} must have a dtype of ${Object.keys(storedBytes).join(', ')}, got ${shown(dtype)}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) fail(`${who} must have a shape of integers >= 0, got ${shown(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    fail(`${who} must have two data_offsets, got ${shown(offsets)}`);
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > room) fail(`${who} must lie within the ${room} bytes of data, got ${begin} to ${end}`);
  const expected = shape.reduce((product, dim) => product * dim, storedBytes[dtype as StoredDtype]);
  if (end - begin !== expected)
    fail(`${who} of ${dtype} ${printable(`[${shape.join(', ')}]`)} must have ${expected} bytes, got ${end - begin}`);
  return { name, dtype: dtype as StoredDtype, shape, begin, end };
}

function readTensor({ dtype, shape, begin, end, name }: Entry, bytes: Uint8Array): SafetensorsTensor {
  const copy = new Uint8Array(bytes.subarray(begin, end)); // aligned memory of its own; `slice` of a Node Buffer would share it
  if (dtype === 'F32') return { dtype, shape, data: new Float32Array(copy.buffer) };
  if (dtype === 'I32') return { dtype, shape, data: new Int32Array(copy.buffer) };
  if (dtype === 'F16') return { dtype: 'F32', shape, data: widenF16(copy) };
  if (dtype === 'BF16') return { dtype: 'F32', shape, data: widenBF16(copy) };
  if (dtype === 'F64') return { dtype: 'F32', shape, data: narrowF64(copy) };
  if (dtype === 'I8') return { dtype: 'I32', shape, data: Int32Array.from(new Int8Array(copy.buffer)) };
  if (dtype === 'I16') return { dtype: 'I32', shape, data: Int32Array.from(new Int16Array(copy.buffer)) };
  if (dtype === 'I64')
    return { dtype: 'I32', shape, data: narrowI64(copy) ?? fail(`\`${printable(name)}\` of I64 must hold values of 32 bits only`) };
  if (dtype === 'BOOL' && copy.some((value) => value > 1)) fail(`\`${printable(name)}\` of BOOL must hold 0 and 1 only`);
  return { dtype, shape, data: copy };
}

/**
 * Reads a safetensors file and trusts nothing in it: header length, JSON, names that come twice, types, sizes and offsets
 * are checked before a tensor is made.
 *
 * @param bytes the whole file
 * @returns strings and tensors; the tensors are copies
 * @throws SelfsupError `SELFSUP_CHECKPOINT` on anything that is not a whole, well-formed file: tensors must cover the data without gap or overlap, no name may come
 * twice; names from the file are escaped in the message
 * @see https://github.com/huggingface/safetensors#format
 * @remarks Reads F32, I32, BOOL and U8, what selfsup writes; F16 and BF16 become F32 exactly, F64 is rounded to F32, I8 and I16 become I32, and I64
 * does when its values fit. Tensors
 * that are not aligned to their type, which the format allows, are read like others. Little-endian machines only, like the format.
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, data } = readHeader(bytes);
  let metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, value] of header)
    if (name === '__metadata__') metadata = readMetadata(value);
    else entries.push(readEntry(name, value, data.length));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== covered) fail(`\`${printable(name)}\` must start at byte ${covered} of the data, got ${begin}`);
    covered = end;
  }
  if (covered !== data.length) fail(`the tensors must cover ${data.length} bytes of data, got ${covered}`);
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, readTensor(entry, data)])) };
}
