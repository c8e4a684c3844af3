import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginNpy, readNpy, readNpyRows, writeNpy } from './npy.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-npy-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe('writeNpy and readNpy', () => {
  it.each([
    [new Float32Array([1.5, -2, 0, 3e-30, Infinity, NaN]), [2, 3]],
    [new Int32Array([1, -2]), [2]],
    [new Uint8Array([7]), []],
    [new Float32Array(0), [0, 5]],
  ])('give back %o', async (data, shape) => {
    const path = join(root, 'x.npy');
    await writeNpy(path, data, shape);
    expect(await readNpy(path)).toEqual({ data, shape });
    expect(await readdir(root)).toEqual(['x.npy']);
  });

  it('writes what NumPy writes', async () => {
    const path = join(root, 'x.npy');
    await writeNpy(path, new Float32Array([1, 2]).subarray(1), [1]);
    // numpy.save of numpy.array([2], dtype='<f4')
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }".padEnd(117) + '\n';
    const expected = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\x76\x00' + header, 'latin1'), Buffer.from([0, 0, 0, 0x40])]);
    expect((await readFile(path)).equals(expected)).toBe(true);
  });

  it('refuses what does not fit, and leaves nothing behind', async () => {
    await expect(writeNpy(join(root, 'x.npy'), new Float32Array(5), [2, 3])).rejects.toMatchObject({ code: 'SELFSUP_SHAPE' });
    await expect(writeNpy(join(root, 'no', 'x.npy'), new Float32Array(6), [2, 3])).rejects.toThrow(
      'there is nothing at that path; choose another',
    );
    expect(await readdir(root)).toEqual([]);
    await writeFile(join(root, 'text'), 'text');
    await expect(readNpy(join(root, 'text'))).rejects.toThrow('is not a .npy file');
    await writeNpy(join(root, 'x.npy'), new Float32Array(6), [2, 3]);
    const bytes = await readFile(join(root, 'x.npy'));
    await writeFile(join(root, 'cut.npy'), bytes.subarray(0, -1));
    await expect(readNpy(join(root, 'cut.npy'))).rejects.toThrow('must have 24 bytes of data for shape [2, 3], got 23');
    await writeFile(join(root, 'wide.npy'), bytes.toString('latin1').replace('<f4', '<f8'), 'latin1');
    await expect(readNpy(join(root, 'wide.npy'))).rejects.toThrow('must hold <f4, <i4 or |u1, got <f8');
  });

  it('are joined by rows that come one after the other', async () => {
    const path = join(root, 'new', 'x.npy');
    const file = await beginNpy(path, { dim: 2 });
    await file.write(new Float32Array([1, 2, 3, 4]));
    await file.write(new Float32Array([5, 6]));
    await expect(file.write(new Float32Array(3))).rejects.toThrow('`rows` must be rows of 2 numbers, got 3 numbers');
    await expect(readdir(root)).resolves.toEqual(['new']);
    expect(await file.keep()).toEqual([3, 2]);
    expect(await readNpy(path)).toEqual({ data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [3, 2] });
    expect((await readFile(path)).length % 64).toBe(24);
    const other = await beginNpy(path, { dim: 2 });
    await other.write(new Float32Array(2));
    await other.drop();
    expect((await readNpy(path)).shape).toEqual([3, 2]);
    expect(await readdir(join(root, 'new'))).toEqual(['x.npy']);
    await expect(beginNpy(path, { dim: 0 })).rejects.toThrow('`dim` must be an integer >= 1, got 0');
  });

  it('are read piece by piece', async () => {
    const path = join(root, 'x.npy');
    const read = async () => {
      const pieces: unknown[] = [];
      for await (const { data, shape } of readNpyRows(path, { rows: 2 })) pieces.push([...data], shape);
      return pieces;
    };
    await writeNpy(
      path,
      Float32Array.from({ length: 9 }, (_, i) => i / 3),
      [3, 3],
    );
    expect(await read()).toEqual([
      [0, 1, 2, 3, 4, 5].map((i) => Math.fround(i / 3)),
      [2, 3],
      [6, 7, 8].map((i) => Math.fround(i / 3)),
      [1, 3],
    ]);
    await writeNpy(path, new Float32Array(0), [0, 3]);
    expect(await read()).toEqual([]);
    await writeNpy(path, new Int32Array(6), [2, 3]);
    await expect(read()).rejects.toThrow('must be an array <f4 [rows, dim], got <i4 [2, 3]');
  });

  const put = async (shape: string, bytes: number, change = (text: string) => text) => {
    const header = change(`{'descr': '|u1', 'fortran_order': False, 'shape': (${shape}), }\n`);
    const start = Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(header.length & 255, header.length >> 8)}${header}`, 'latin1');
    await writeFile(join(root, 'x.npy'), Buffer.concat([start, new Uint8Array(bytes)]));
    return readNpy(join(root, 'x.npy'));
  };

  it('reads the shapes that Python writes', async () => {
    for (const [text, shape] of [
      ['', []],
      ['3,', [3]],
      ['3, 2', [3, 2]],
      ['3,2,', [3, 2]],
      ['3L, 2L', [3, 2]],
      ['0, 7', [0, 7]],
      [' 1 , 2 , 3 ', [1, 2, 3]],
    ] as const)
      expect(
        (
          await put(
            text,
            shape.reduce<number>((total, side) => total * side, 1),
          )
        ).shape,
      ).toEqual(shape);
  });

  it.each(['-1, -3', '1.5, 2', '0x3,', '3', '1e1,', '3,,1', ',', 'a,', '1 2,', '-0,'])('refuses the shape (%s)', async (text) => {
    await expect(put(text, 3)).rejects.toMatchObject({
      code: 'SELFSUP_DATA',
      message: expect.stringContaining(`x.npy must have integers >= 0 as its shape, got (${text}`) as string,
    });
  });

  it('refuses a damaged header', async () => {
    await expect(put('9007199254740993, 3', 3)).rejects.toThrow('must have 27021597764222976 bytes of data');
    await expect(put('3,', 3, (text) => text.replace('False', 'True'))).rejects.toThrow('must be an array in C order');
    await expect(put('3,', 3, (text) => text.replace('|u1', '\u001b[1m'))).rejects.toThrow(String.raw`got \u{1b}[1m`);
    await writeFile(join(root, 'v.npy'), Buffer.from('\x93NUMPY\x04\x00\x76\x00{}      ', 'latin1'));
    await expect(readNpy(join(root, 'v.npy'))).rejects.toThrow('must be of version 1, 2 or 3, got 4');
    await writeFile(join(root, 'v.npy'), Buffer.from('\x93NUMPY\x02\x00\xff\xff\xff\xff{}      ', 'latin1'));
    await expect(readNpy(join(root, 'v.npy'))).rejects.toThrow('ends within its header');
    await expect(readNpy(root)).rejects.toThrow('it is a folder; check the path');
    await expect(readNpy(join(root, 'none.npy'))).rejects.toThrow('there is nothing at that path');
  });
});
