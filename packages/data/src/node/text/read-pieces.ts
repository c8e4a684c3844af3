import { printable, SelfsupError } from '@selfsup/core';
import { open, stat } from 'node:fs/promises';
import { systemReason } from '../system-reason.ts';
import { decodeUtf8, type InvalidBytes } from './decode-utf8.ts';

/** A piece of a file. */
export interface TextPiece {
  readonly text: string;
  /** The byte behind it, from which reading can go on. */
  readonly end: number;
}

/** Options of {@link readPieces}. */
export interface ReadPiecesOptions {
  /** Who asks, for messages. */
  who: string;
  /** Where to start, a byte that began a piece before; default 0. */
  start?: number;
  /** At most how many bytes a piece has; default 1 MiB. */
  pieceBytes?: number;
  /** Where replacements of invalid UTF-8 are counted; without it they are an error. */
  replaced?: InvalidBytes | undefined;
  /** Default `utf-8`. */
  encoding?: 'utf-8' | 'latin1' | undefined;
  /** What else can be done about invalid UTF-8, for messages. */
  hint?: string | undefined;
}

const HINT = ", or set `invalidUtf8` to 'replace'";

/** Where to cut: behind the last line end, else behind the last space, else between two characters. */
function cutBefore(bytes: Buffer): number {
  const line = bytes.lastIndexOf(0x0a) + 1;
  if (line > 0) return line;
  const word = bytes.lastIndexOf(0x20) + 1;
  if (word > 0) return word;
  let cut = bytes.length - 1;
  while (cut > bytes.length - 4 && (bytes[cut]! & 0xc0) === 0x80) cut--; // a byte that goes on with a character
  return Math.max(1, cut);
}

/** Reads a file of UTF-8 in pieces that end with a line where they can, however long its lines are. A byte order mark is left out. */
export async function* readPieces(path: string, options: ReadPiecesOptions): AsyncGenerator<TextPiece, void, undefined> {
  const { who, start = 0, pieceBytes = 1 << 20, replaced, encoding = 'utf-8', hint = HINT } = options;
  const refuse = (cause: unknown) =>
    new SelfsupError('SELFSUP_DATA', `${who}: cannot read ${printable(path)}: ${systemReason(cause)}; check the path`, { cause });
  const attempt = <T>(work: Promise<T>) =>
    work.catch((error: unknown) => {
      throw refuse(error);
    });
  if (!(await attempt(stat(path))).isFile()) throw refuse(new Error('it is not a file')); // opening a pipe waits for who writes
  const file = await attempt(open(path));
  try {
    const buffer = Buffer.alloc(pieceBytes);
    let filled = 0;
    let position = start; // of the buffer's first byte
    for (let ended = false; !ended || filled > 0;) {
      while (filled < pieceBytes && !ended) {
        const { bytesRead } = await attempt(file.read(buffer, filled, pieceBytes - filled, position + filled));
        filled += bytesRead;
        ended = bytesRead === 0;
      }
      if (filled === 0) return;
      const cut = ended ? filled : cutBefore(buffer.subarray(0, filled));
      const mark = encoding === 'utf-8' && position === 0 && buffer.indexOf('\ufeff') === 0 ? 3 : 0;
      const text =
        encoding === 'latin1'
          ? buffer.toString('latin1', 0, cut)
          : decodeUtf8(buffer.subarray(mark, cut), { who, path, byte: position + mark, hint }, replaced);
      position += cut;
      yield { text, end: position };
      buffer.copyWithin(0, cut, filled);
      filled -= cut;
    }
  } finally {
    await file.close();
  }
}
