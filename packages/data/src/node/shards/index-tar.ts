import { printable, SelfsupError } from '@selfsup/core';
import { readAt, withFile } from '../read-file-within.ts';
import { systemReason } from '../system-reason.ts';

/** A file in a tar archive. */
export interface TarEntry {
  /** Its path in the archive, with `/`. */
  readonly name: string;
  /** Its first byte in the archive. */
  readonly offset: number;
  /** How many bytes it has. */
  readonly size: number;
}

const BLOCK = 512;
/** Bytes that are read at once: small members lie close together. */
const WINDOW = 2 ** 14;
/** A longer list of a file's properties is a fault. */
const MAX_PROPERTIES = 2 ** 20;

const upToBlock = (size: number) => Math.ceil(size / BLOCK) * BLOCK;

/** Path and size among the properties that POSIX archives write before a file: lines of `length key=value`. */
function readProperties(bytes: Uint8Array): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(Buffer.from(bytes.subarray(at, space)).toString('latin1'));
    if (!Number.isSafeInteger(length) || length <= space - at + 1 || at + length > bytes.length) break;
    const [, key, value] = /^([^=]*)=([^]*)\n$/.exec(Buffer.from(bytes.subarray(space + 1, at + length)).toString()) ?? [];
    if (key === 'path') found.path = value!;
    if (key === 'size') found.size = Number(value);
    at += length;
  }
  return found;
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString().replace(/\0.*$/s, '');

/**
 * Finds the files of a tar archive by its headers; what they hold is passed over, so the archive may be of any size.
 *
 * @param path the archive, not compressed
 * @param options `who`: the caller, for messages; `visit`: called with each file, in order, and with what reads bytes of the archive
 * @throws SelfsupError `SELFSUP_DATA` when it is no tar archive, cut short, or has a path that leads out of it
 */
export async function indexTar(
  path: string,
  { who, visit }: { who: string; visit: (entry: TarEntry, read: (offset: number, size: number) => Promise<Uint8Array>) => unknown },
): Promise<void> {
  const { parseTarHeader } = await import('@remix-run/tar-parser');
  const fail = (what: string, cause?: unknown): never => {
    throw new SelfsupError('SELFSUP_DATA', `${who}: ${printable(path)} ${what}`, cause === undefined ? undefined : { cause });
  };
  await withFile(path, who, async (file, length) => {
    let properties: { path?: string; size?: number } = {};
    let longName: string | undefined;
    let window: { offset: number; bytes: Uint8Array } = { offset: 0, bytes: new Uint8Array() };
    const read = async (offset: number, size: number): Promise<Uint8Array> => {
      if (size > WINDOW) return readAt(file, offset, size);
      if (offset < window.offset || offset + size > window.offset + window.bytes.length)
        window = { offset, bytes: await readAt(file, offset, WINDOW) };
      return window.bytes.subarray(offset - window.offset, offset - window.offset + size);
    };
    if (length < 2 * BLOCK) fail(`is not a tar archive: it has ${length} bytes; make it anew, or take it out`);
    for (let at = 0; at + BLOCK <= length;) {
      const block = await read(at, BLOCK);
      if (block.every((byte) => byte === 0)) return; // the end
      let header: ReturnType<typeof parseTarHeader>;
      try {
        header = parseTarHeader(block);
      } catch (cause) {
        if (at === 0 && block[0] === 0x1f && block[1] === 0x8b)
          fail('is compressed; unpack it with `gunzip`, so that single photos can be read', cause);
        return fail(`is not a tar archive, or damaged at byte ${at}: ${systemReason(cause)}; make it anew, or take it out`, cause);
      }
      at += BLOCK;
      const size = properties.size ?? header.size;
      if (!Number.isSafeInteger(size) || size < 0)
        fail(`is damaged at byte ${at - BLOCK}: a file has ${size} bytes; make it anew, or take it out`);
      if (at + size > length)
        fail(
          `is cut short: it has ${length} bytes, and ${printable(longName ?? properties.path ?? header.name, { maxLength: 80 })} ends at ${at + size}; copy it again`,
        );
      const type = header.type;
      if (type === 'pax-header' || type === 'gnu-long-path') {
        if (size > MAX_PROPERTIES) fail(`is damaged at byte ${at - BLOCK}: the properties of a file have ${size} bytes`);
        const bytes = await read(at, size);
        if (type === 'pax-header') properties = readProperties(bytes);
        else longName = textOf(bytes);
      } else if (type !== 'pax-global-header' && type !== 'gnu-long-link-path') {
        const name = (properties.path ?? longName ?? header.name).replace(/^(\.\/)+/, '');
        if (/^[/\\]|^[a-z]:[/\\]/i.test(name) || name.split(/[/\\]/).includes('..'))
          fail(`has the path ${printable(name, { maxLength: 120 })}, which leads out of the archive; it is not to be trusted: take it out`);
        if (type === 'file' || type === 'contiguous-file') await visit({ name, offset: at, size }, read);
        [properties, longName] = [{}, undefined];
      }
      at += upToBlock(size);
    }
  });
}
