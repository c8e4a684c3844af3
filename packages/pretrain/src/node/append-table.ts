import { printable, SelfsupError } from '@selfsup/core';
import type { PartialFile } from '@selfsup/data/node';
import { createReadStream } from 'node:fs';

/**
 * Adds the lines of a table to one that is being written, piece by piece.
 *
 * @param file that is being written
 * @param path the table to add
 * @param options `header`: the line that it must begin with, which is left out; empty where tables have none
 * @throws SelfsupError `SELFSUP_DATA` when it begins otherwise
 */
export async function appendTable(file: Pick<PartialFile, 'write'>, path: string, { header }: { header: string }): Promise<void> {
  const expected = Buffer.from(header);
  const fail = (): never => {
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${printable(path)} must begin with the columns ${printable(header.trim(), { maxLength: 200 })}; it is of another table`,
    );
  };
  let head: Buffer = Buffer.alloc(0);
  let passed = expected.length === 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    if (passed) {
      await file.write(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < expected.length) continue;
    if (!head.subarray(0, expected.length).equals(expected)) fail();
    passed = true;
    await file.write(head.subarray(expected.length));
  }
  if (!passed) fail();
}
