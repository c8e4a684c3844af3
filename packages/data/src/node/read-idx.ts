import { printable, SelfsupError } from '@selfsup/core';
import { inflate, isGzip, joinPieces } from '../inflate.ts';
import { checkIdxSize, IDX_HEADER_BYTES, parseIdx, parseIdxHeader, type IdxArray } from '../parse-idx.ts';
import { readHead, withFile } from './read-file-within.ts';

/** Options of {@link readIdx}. */
export interface ReadIdxOptions {
  /** The function that the user called, for messages. */
  readonly who: string;
  /** The number of axes; default any. */
  readonly rank?: number | undefined;
  /** At most so many unpacked bytes. */
  readonly maxBytes: number;
}

/** Unpacks an IDX file until it has what its header promises; a byte more is an error. */
async function unpack(
  packed: Uint8Array,
  name: string,
  header: (head: Uint8Array) => ReturnType<typeof parseIdxHeader>,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let promised: ReturnType<typeof parseIdxHeader> | undefined;
  for await (const piece of inflate(packed, name)) {
    pieces.push(piece);
    length += piece.length;
    if (!promised && length >= IDX_HEADER_BYTES) promised = header(joinPieces(pieces, length));
    if (promised && length > promised.totalBytes) checkIdxSize('more', { ...promised, name });
  }
  return joinPieces(pieces, length);
}

/**
 * Reads an IDX file, packed or not: the header first, then no more than it promises.
 *
 * @throws SelfsupError `SELFSUP_DATA` when it cannot be read, is not IDX, damaged, of another size than its header says, or larger than `maxBytes`
 */
export function readIdx(path: string, { who, rank, maxBytes }: ReadIdxOptions): Promise<IdxArray> {
  const named = { name: path, ...(rank !== undefined && { rank }) };
  const limit = (bytes: number) => {
    if (bytes > maxBytes)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${who}: ${printable(path)} must have at most ${maxBytes} bytes, and it has or promises ${bytes}; raise \`maxBytes\` if it is meant to`,
      );
  };
  const header = (head: Uint8Array) => {
    const found = parseIdxHeader(head, named);
    limit(found.totalBytes);
    return found;
  };
  return withFile(path, who, async (file, size) => {
    const head = await readHead(file, Math.min(size, IDX_HEADER_BYTES));
    if (!isGzip(head)) checkIdxSize(size, { ...header(head), name: path });
    else limit(size);
    const bytes = await readHead(file, size);
    return parseIdx(isGzip(head) ? await unpack(bytes, path, header) : bytes, named);
  });
}
