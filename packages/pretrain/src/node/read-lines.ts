import { createReadStream } from 'node:fs';

/**
 * The lines of a file, one after the other: what `\n` ends, and nothing else does.
 *
 * @param path UTF-8
 */
export async function* readLines(path: string): AsyncGenerator<string, void, void> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 2 ** 20 }) as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}
