import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from './npy.ts';

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
    await expect(writeNpy(join(root, 'no', 'x.npy'), new Float32Array(6), [2, 3])).rejects.toThrow('ENOENT');
    expect(await readdir(root)).toEqual([]);
    await writeFile(join(root, 'text'), 'text');
    await expect(readNpy(join(root, 'text'))).rejects.toThrow('is no .npy file');
    await writeNpy(join(root, 'x.npy'), new Float32Array(6), [2, 3]);
    const bytes = await readFile(join(root, 'x.npy'));
    await writeFile(join(root, 'cut.npy'), bytes.subarray(0, -1));
    await expect(readNpy(join(root, 'cut.npy'))).rejects.toThrow('must have 24 bytes of data for shape [2, 3], got 23');
    await writeFile(join(root, 'wide.npy'), bytes.toString('latin1').replace('<f4', '<f8'), 'latin1');
    await expect(readNpy(join(root, 'wide.npy'))).rejects.toThrow('must hold <f4, <i4 or |u1, got <f8');
  });
});
