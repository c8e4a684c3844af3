import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzip } from './gunzip.ts';

const plain = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251);

describe('gunzip', () => {
  it('unpacks, and leaves other bytes alone', async () => {
    expect(Buffer.compare(await gunzip(new Uint8Array(gzipSync(plain))), plain)).toBe(0);
    expect(await gunzip(plain)).toBe(plain);
    expect((await gunzip(new Uint8Array(0))).length).toBe(0);
  });

  it('refuses a truncated or damaged archive', async () => {
    const packed = new Uint8Array(gzipSync(plain));
    const message = 'gunzip: train.gz is a gzip archive that is truncated or damaged; fetch the file again';
    for (const cut of [2, 9, 20, packed.length >> 1, packed.length - 4, packed.length - 1])
      await expect(gunzip(packed.subarray(0, cut), { name: 'train.gz' }), `cut at ${cut}`).rejects.toThrow(message);
    const damaged = packed.slice();
    damaged[packed.length - 5]! ^= 1; // the checksum
    await expect(gunzip(damaged, { name: 'train.gz' })).rejects.toMatchObject({ code: 'SELFSUP_DATA', message });
  });
});
