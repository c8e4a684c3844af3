/** What the pool needs of a GPUBuffer. */
export interface PooledBuffer {
  readonly size: number;
  readonly usage: number;
  destroy(): void;
}

/** Options of {@link createBufferPool}. */
export interface BufferPoolOptions<B extends PooledBuffer> {
  /** Makes a buffer. */
  create: (descriptor: { size: number; usage: number; mappedAtCreation: boolean }) => B;
  /** Called before a buffer is handed out, to throw where it cannot be. */
  check?: (size: number) => void;
  /** Whether no recorded command waits to be submitted, so that free buffers may be destroyed. */
  isIdle: () => boolean;
}

/** The part of tfjs's `BufferManager` that its webgpu backend uses. */
export interface BufferPool<B extends PooledBuffer> {
  /** The bytes of the buffers in use. */
  readonly numBytesUsed: number;
  /** The bytes of all buffers. */
  readonly numBytesAllocated: number;
  acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): B;
  releaseBuffer(buffer: B, reuse?: boolean): void;
  getNumUsedBuffers(): number;
  getNumFreeBuffers(): number;
  dispose(): void;
}

/** All buffers together may hold this many times what was in use at the most, so that steps alike find theirs again, and a little more. */
const SLACK = 2;
const SLACK_BYTES = 2 ** 26;

/**
 * Keeps free buffers for the next tensor of their size, as tfjs does, but not all of them for ever: when buffers together hold more than twice what
 * was in use at once so far, and 64 MiB, those that were free the longest are destroyed.
 */
export function createBufferPool<B extends PooledBuffer>({ create, check, isIdle }: BufferPoolOptions<B>): BufferPool<B> {
  const used = new Set<B>();
  /** By size and usage; a list that got a buffer goes to the end. */
  const free = new Map<string, B[]>();
  let [bytesUsed, bytesFree, numFree, mostUsed] = [0, 0, 0, 0];
  const keyOf = (size: number, usage: number) => `${size}_${usage}`;

  function trim(): void {
    for (const [key, buffers] of free) {
      while (buffers.length > 0 && bytesUsed + bytesFree > SLACK * mostUsed + SLACK_BYTES) {
        const buffer = buffers.shift()!;
        bytesFree -= buffer.size;
        numFree--;
        buffer.destroy();
      }
      if (buffers.length > 0) return;
      free.delete(key);
    }
  }

  return {
    get numBytesUsed() {
      return bytesUsed;
    },
    get numBytesAllocated() {
      return bytesUsed + bytesFree;
    },
    acquireBuffer(size, usage, mappedAtCreation = false, reuse = true) {
      check?.(size);
      const found = reuse ? free.get(keyOf(size, usage))?.pop() : undefined;
      if (found) {
        bytesFree -= size;
        numFree--;
      }
      const buffer = found ?? create({ size, usage, mappedAtCreation });
      used.add(buffer);
      bytesUsed += size;
      mostUsed = Math.max(mostUsed, bytesUsed);
      return buffer;
    },
    releaseBuffer(buffer, reuse = true) {
      if (!used.delete(buffer)) return; // made before this pool, or disposed with it
      bytesUsed -= buffer.size;
      if (!reuse) {
        buffer.destroy();
        return;
      }
      const key = keyOf(buffer.size, buffer.usage);
      const buffers = free.get(key) ?? [];
      free.delete(key);
      free.set(key, buffers);
      buffers.push(buffer);
      bytesFree += buffer.size;
      numFree++;
      if (isIdle()) trim();
    },
    getNumUsedBuffers: () => used.size,
    getNumFreeBuffers: () => numFree,
    dispose() {
      for (const buffer of [...used, ...[...free.values()].flat()]) buffer.destroy();
      used.clear();
      free.clear();
      [bytesUsed, bytesFree, numFree] = [0, 0, 0];
    },
  };
}
