import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzip } from './gunzip.ts';
import { inflate } from './inflate.ts';

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

  it('stops at a limit, and holds no more than that', async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(2 ** 28))); // 260 KB
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 1);
    await expect(gunzip(bomb, { name: 'b\nomb.gz', maxBytes: 2 ** 20 })).rejects.toThrow(
      String.raw`gunzip: b\nomb.gz must hold at most 1048576 bytes, but its ${bomb.length} packed bytes hold more; raise`,
    );
    clearInterval(timer);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    expect(most).toBeLessThan(2 ** 26);
    const packed = new Uint8Array(gzipSync(plain));
    expect((await gunzip(packed, { maxBytes: plain.length })).length).toBe(plain.length);
    await expect(gunzip(packed, { maxBytes: plain.length - 1 })).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
    await expect(gunzip(packed, { maxBytes: 0 })).rejects.toThrow('gunzip: `maxBytes` must be an integer >= 1, got 0');
  });

  it('unpacks a piece at a time', async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(2 ** 28)));
    for await (const piece of inflate(bomb, 'bomb')) {
      expect(piece.length).toBeLessThanOrEqual(2 ** 26);
      break; // and lets go of the rest
    }
  });
});
