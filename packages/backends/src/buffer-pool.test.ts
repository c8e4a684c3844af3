import { expect, it } from 'vitest';
import { createBufferPool, type PooledBuffer } from './buffer-pool.ts';

const MiB = 2 ** 20;

/** A pool of buffers that only count. */
function countingPool(isIdle = () => true) {
  const alive = new Set<PooledBuffer>();
  let made = 0;
  const pool = createBufferPool<PooledBuffer>({
    create({ size, usage }) {
      const buffer = { size, usage, destroy: () => void alive.delete(buffer) };
      alive.add(buffer);
      made++;
      return buffer;
    },
    isIdle,
  });
  return { pool, alive, made: () => made, bytesAlive: () => [...alive].reduce((sum, { size }) => sum + size, 0) };
}

it('hands a free buffer of the same size and usage out again, and no other', () => {
  const { pool, made } = countingPool();
  const first = pool.acquireBuffer(64, 1);
  pool.releaseBuffer(first);
  expect(pool.acquireBuffer(64, 2)).not.toBe(first);
  expect(pool.acquireBuffer(32, 1)).not.toBe(first);
  expect(pool.acquireBuffer(64, 1, false, false)).not.toBe(first); // asked for a new one
  expect(pool.acquireBuffer(64, 1)).toBe(first);
  expect([made(), pool.getNumUsedBuffers(), pool.getNumFreeBuffers()]).toEqual([4, 4, 0]);
  expect([pool.numBytesUsed, pool.numBytesAllocated]).toEqual([224, 224]);
});

it('makes no new buffers in steps alike', () => {
  const { pool, made } = countingPool();
  const step = () => {
    const forward = Array.from({ length: 40 }, (_, i) => pool.acquireBuffer((i + 1) * MiB, 1));
    for (const buffer of forward.toReversed()) {
      const gradient = pool.acquireBuffer(buffer.size, 1);
      pool.releaseBuffer(buffer);
      pool.releaseBuffer(gradient);
    }
  };
  step();
  const after = made();
  for (let i = 0; i < 5; i++) step();
  expect(made()).toBe(after);
});

it('does not grow with sizes that never come again: at most twice what was in use, and 64 MiB', () => {
  const { pool, alive, bytesAlive } = countingPool();
  let most = 0;
  for (let i = 0; i < 2000; i++) {
    const buffers = [pool.acquireBuffer(4 * MiB + 4 * i, 1), pool.acquireBuffer(8 * MiB + 4 * i, 1)];
    most = Math.max(most, pool.numBytesUsed);
    for (const buffer of buffers) pool.releaseBuffer(buffer);
    expect(pool.numBytesAllocated).toBeLessThanOrEqual(2 * most + 64 * MiB);
  }
  expect(bytesAlive()).toBe(pool.numBytesAllocated);
  expect(alive.size).toBeLessThan(30);
  expect(pool.getNumFreeBuffers()).toBe(alive.size);
});

it('destroys nothing that recorded commands may name', () => {
  let idle = false;
  const { pool, alive } = countingPool(() => idle);
  for (let i = 0; i < 200; i++) pool.releaseBuffer(pool.acquireBuffer(MiB + 4 * i, 1));
  expect(alive.size).toBe(200);
  idle = true;
  pool.releaseBuffer(pool.acquireBuffer(4, 1));
  expect(alive.size).toBeLessThan(80);
});

it('destroys all at its end, and takes no buffer back afterwards', () => {
  const { pool, alive } = countingPool();
  const [kept, freed] = [pool.acquireBuffer(8, 1), pool.acquireBuffer(16, 1)];
  pool.releaseBuffer(freed);
  pool.dispose();
  expect(alive.size).toBe(0);
  pool.releaseBuffer(kept);
  expect([pool.numBytesUsed, pool.numBytesAllocated, pool.getNumFreeBuffers()]).toEqual([0, 0, 0]);
});
