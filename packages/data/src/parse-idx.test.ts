import { describe, expect, it } from 'vitest';
import { parseIdx } from './parse-idx.ts';

const idx = (magic: number[], sizes: number[], data: number[]) => {
  const header = new Uint8Array(4 + 4 * sizes.length);
  header.set(magic);
  sizes.forEach((size, i) => {
    new DataView(header.buffer).setUint32(4 + 4 * i, size);
  });
  return new Uint8Array([...header, ...data]);
};

describe('parseIdx', () => {
  it('reads shape and bytes, also from a view with an offset', () => {
    const bytes = idx([0, 0, 8, 3], [2, 1, 3], [1, 2, 3, 4, 5, 255]);
    expect(parseIdx(bytes)).toEqual({ shape: [2, 1, 3], data: new Uint8Array([1, 2, 3, 4, 5, 255]) });
    const padded = new Uint8Array([9, 9, 9, ...bytes]);
    expect(parseIdx(padded.subarray(3), { rank: 3 }).shape).toEqual([2, 1, 3]);
  });

  it.each([
    [
      'a wrong magic number',
      idx([1, 2, 8, 3], [1, 1, 1], [0]),
      'file.gz is not an IDX file: expected a magic number like 0x00000803 (images)',
    ],
    [
      'another element type',
      idx([0, 0, 0x0d, 1], [1], [0, 0, 0, 0]),
      'must hold unsigned bytes (magic number 0x000008xx), got magic number 0x00000d01',
    ],
    ['labels for images', idx([0, 0, 8, 1], [1], [0]), 'must have 3 axes (magic number 0x00000803), got magic number 0x00000801'],
    ['no axes', idx([0, 0, 8, 0], [], []), 'must have 3 axes'],
    ['missing bytes', idx([0, 0, 8, 3], [2, 1, 1], [0]), 'must have 18 bytes for shape [2, 1, 1], got 17'],
    ['more bytes', idx([0, 0, 8, 3], [1, 1, 1], [0, 0]), 'must have 17 bytes for shape [1, 1, 1], got 18'],
    ['the labels of a table', Buffer.from('id,label\n0,7\n'), 'it is text that begins with "id,label\\n0,7\\n"; expected a magic number'],
    ['a web page', Buffer.from('<!doctype html><html>'), 'it is a web page, so the download went wrong'],
    ['a picture', Buffer.from('%PDF-1.7 \0'), 'got 0x25504446: it is a PDF document'],
    ['half a header', idx([0, 0, 8, 3], [1], []), 'ends within its header: 8 bytes'],
    ['almost nothing', new Uint8Array(3), 'is not an IDX file: it has 3 bytes'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseIdx(bytes, { name: 'file.gz', rank: 3 })).toThrow(message);
    expect(() => parseIdx(bytes, { name: 'file.gz', rank: 3 })).toThrow(expect.objectContaining({ code: 'SELFSUP_DATA' }));
  });

  it('says what labels must be', () => {
    const labels = Buffer.from('label\n7\n3\n');
    expect(() => parseIdx(labels, { rank: 1 })).toThrow(
      'labels must be an IDX file of one byte per image, such as train-labels-idx1-ubyte',
    );
    expect(() => parseIdx(labels, { rank: 1 })).not.toThrow('fetch the file again');
    expect(() => parseIdx(labels)).toThrow('a table (CSV) is not read as images');
  });
});
