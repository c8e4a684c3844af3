import { printable } from '@selfsup/core';
import { inflateSync } from 'fflate';
import { failPytorch as fail } from './fail-pytorch.ts';

/** One file of a zip archive; nothing of it has been read. Internal. */
export interface ZipEntry {
  readonly name: string;
  /** 0 is stored, 8 is deflated. */
  readonly method: number;
  readonly crc: number;
  /** Size in the archive, in bytes. */
  readonly packed: number;
  /** Size as it was before, in bytes. */
  readonly size: number;
  /** Where its data begin. */
  readonly begin: number;
}

const [END, END64, LOCATOR64, ENTRY, LOCAL] = [0x06054b50, 0x06064b50, 0x07064b50, 0x02014b50, 0x04034b50];
const NONE32 = 0xffffffff;
const LARGEST_RATIO = 1032; // deflate cannot do better

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crcOf(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) value = table[(value ^ bytes[i]!) & 255]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** Where the directory begins, where it ends, and how many entries it has. */
function findDirectory(view: DataView): { begin: number; end: number; count: number } {
  const last = view.byteLength - 22;
  let at = last;
  while (at >= 0 && last - at <= 0xffff && view.getUint32(at, true) !== END) at--;
  if (at < 0 || last - at > 0xffff) fail('the directory at the end of the zip archive is missing: the file is cut off or damaged');
  const found = { count: view.getUint16(at + 10, true), size: view.getUint32(at + 12, true), begin: view.getUint32(at + 16, true) };
  if (at >= 20 && view.getUint32(at - 20, true) === LOCATOR64) {
    const at64 = Number(view.getBigUint64(at - 12, true));
    if (at64 > at - 20 - 56 || view.getUint32(at64, true) !== END64) fail('the zip64 record of the archive is damaged');
    found.count = Number(view.getBigUint64(at64 + 32, true));
    found.size = Number(view.getBigUint64(at64 + 40, true));
    found.begin = Number(view.getBigUint64(at64 + 48, true));
    at = at64;
  }
  const { begin, size, count } = found;
  if (begin + size > at || count * 46 > size) fail('the directory of the zip archive does not fit the file');
  return { begin, end: begin + size, count };
}

/** The sizes and the place of an entry of 4 GiB and more are in an extra field, in this order. */
function readZip64(view: DataView, [from, to]: readonly [number, number], fields: readonly number[]): number[] {
  for (let at = from; at + 4 <= to;) {
    const [id, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const end = Math.min(to, at + 4 + length);
    let next = at + 4;
    if (id === 1)
      return fields.map((value) => {
        if (value !== NONE32) return value;
        next += 8;
        if (next > end) fail('an entry of the zip archive has no zip64 sizes');
        return Number(view.getBigUint64(next - 8, true));
      });
    at += 4 + length;
  }
  return [...fields];
}

function assertName(name: string): void {
  const parts = name.split('/');
  if (name === '' || /[\\\0:]/.test(name) || parts.includes('..') || parts.includes('.') || parts[0] === '')
    fail(`the zip archive has an entry \`${printable(name, { maxLength: 120 })}\`, whose name leads elsewhere`);
}

/**
 * Reads the directory of a zip archive, zip64 included, and trusts nothing in it. Internal.
 *
 * @param bytes the whole archive
 * @returns the entries by name; they lie in the file, do not overlap and have sizes that are possible
 * @throws SelfsupError `SELFSUP_CHECKPOINT` on anything else
 */
export function readZip(bytes: Uint8Array): Map<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const directory = findDirectory(view);
  const entries = new Map<string, ZipEntry>();
  const text = new TextDecoder('utf-8');
  let at = directory.begin;
  for (let i = 0; i < directory.count; i++) {
    if (at + 46 > directory.end || view.getUint32(at, true) !== ENTRY) fail('the directory of the zip archive is damaged');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [number, number, number]; // prettier-ignore
    const [nameEnd, extraEnd] = [at + 46 + nameLength, at + 46 + nameLength + extraLength];
    if (extraEnd + commentLength > directory.end) fail('the directory of the zip archive is damaged');
    const name = text.decode(bytes.subarray(at + 46, nameEnd));
    const who = `\`${printable(name, { maxLength: 120 })}\` in the zip archive`;
    assertName(name);
    if (entries.has(name)) fail(`${who} comes twice`);
    const stored = [24, 20, 42].map((offset) => view.getUint32(at + offset, true));
    const [size, packed, local] = readZip64(view, [nameEnd, extraEnd], stored) as [number, number, number];
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    if (flags & 1) fail(`${who} is encrypted`);
    if (method !== 0 && method !== 8) fail(`${who} must be stored or deflated, has method ${method}`);
    if (local + 30 > directory.begin || view.getUint32(local, true) !== LOCAL) fail(`${who} is not where the directory says`);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (begin + packed > directory.begin) fail(`${who} of ${packed} bytes does not lie in the file: the file is cut off or damaged`);
    if (method === 0 ? size !== packed : size > packed * LARGEST_RATIO)
      fail(`${who} cannot have ${size} bytes, being ${packed} in the file`);
    entries.set(name, { name, method, crc: view.getUint32(at + 16, true), packed, size, begin });
    at = extraEnd + commentLength;
  }
  let end = 0;
  for (const entry of [...entries.values()].sort((a, b) => a.begin - b.begin)) {
    if (entry.packed > 0 && entry.begin < end)
      fail(`\`${printable(entry.name, { maxLength: 120 })}\` in the zip archive overlaps another entry`);
    end = Math.max(end, entry.begin + entry.packed);
  }
  return entries;
}

/**
 * The content of an entry, checked against its CRC-32. Internal.
 *
 * @param bytes the whole archive
 * @param entry from {@link readZip}
 * @returns a part of `bytes` when it was stored, else memory of its own
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the content is damaged
 */
export function readZipEntry(bytes: Uint8Array, { name, method, crc, packed, size, begin }: ZipEntry): Uint8Array {
  const content = bytes.subarray(begin, begin + packed);
  const who = `\`${printable(name, { maxLength: 120 })}\` in the zip archive`;
  let plain = content;
  if (method === 8)
    try {
      plain = inflateSync(content, { out: new Uint8Array(size) });
    } catch (error) {
      fail(`${who} cannot be inflated`, error);
    }
  if (plain.length !== size || crcOf(plain) !== crc) fail(`${who} is damaged: its CRC-32 does not fit`);
  return plain;
}
