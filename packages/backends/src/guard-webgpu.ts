import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { SelfsupError } from '@selfsup/core';
import { createBufferPool } from './buffer-pool.ts';

/** What tfjs's webgpu backend and its device can be relied on for. */
export interface GuardedWebgpu {
  /** The bytes of the largest tensor. */
  readonly maxTensorBytes: number;
  /** What went wrong on the device: it must be set up anew. */
  failure(): SelfsupError | undefined;
  /** No more messages: the device is about to be destroyed on purpose. */
  ignore(): void;
}

const SMALLER = 'use a smaller batch, image size or encoder';
const GO_ON = 'checkpoints are not affected: resume from the last one';

const inOneLine = (message: string): string => message.trim().replace(/\s+/g, ' ').replace(/\.$/, '');

/** What is said when the device reports an error that nobody waits for. */
function asFailure(error: GPUError): SelfsupError {
  const outOfMemory = error.constructor.name === 'GPUOutOfMemoryError';
  const message = inOneLine(error.message);
  return outOfMemory
    ? new SelfsupError(
        'SELFSUP_MEMORY',
        `webgpu backend: the GPU has no memory left (${message}); tensors hold ${tf.memory().numBytes} bytes. What was computed since cannot be trusted; ${GO_ON}, and ${SMALLER}`,
      )
    : new SelfsupError(
        'SELFSUP_BACKEND',
        `webgpu backend: the GPU refused a command (${message}). What was computed since cannot be trusted; ${GO_ON}, on another backend if it happens again`,
      );
}

function asLoss({ reason, message }: GPUDeviceLostInfo): SelfsupError {
  const why = [reason === 'unknown' ? '' : reason, inOneLine(message)].filter(Boolean).join(': ') || 'no reason given';
  return new SelfsupError(
    'SELFSUP_BACKEND',
    `webgpu backend: the GPU was lost (${why}), by a crash or reset of its driver, or because it was taken away, and all tensors with it; ${GO_ON}, in a new process or after closeBackends() and selectBackend()`,
  );
}

const guards = new WeakMap<object, GuardedWebgpu>();

/** What {@link guardWebgpu} said of a backend before. */
export const guardOf = (backend: object): GuardedWebgpu | undefined => guards.get(backend);

/**
 * Makes tfjs's webgpu backend fail aloud. By itself it computes with zeros where a buffer is too large for the device or its memory, and goes on after the
 * loss of the device. Afterwards a tensor over the limit throws before anything is computed, and what the device reports, or its loss, is thrown by the next
 * read of data and the next new tensor. Its free buffers no longer pile up.
 *
 * @param backend a backend without tensors
 * @param options `canReadSync`: whether tfjs's reading without waiting works here; it needs a canvas
 */
export function guardWebgpu(backend: WebGPUBackend, { canReadSync }: { canReadSync: boolean }): GuardedWebgpu {
  const { device } = backend;
  const maxTensorBytes = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  let [failed, isIgnored]: [SelfsupError | undefined, boolean] = [undefined, false];
  const note = (failure: SelfsupError) => {
    if (!isIgnored) failed ??= failure;
  };
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault(); // it is thrown, not printed
    note(asFailure(event.error));
  });
  const lost = device.lost.then((info) => {
    note(asLoss(info));
  });
  const assertSound = () => {
    if (failed) throw new SelfsupError(failed.code, failed.message, { cause: failed }); // with the stack of who asks
  };

  const pool = createBufferPool<GPUBuffer>({
    create: (descriptor) => device.createBuffer(descriptor),
    check(size) {
      assertSound();
      if (size > maxTensorBytes)
        throw new SelfsupError(
          'SELFSUP_MEMORY',
          `webgpu backend: a tensor of ${size} bytes is too large, this GPU takes ${maxTensorBytes} bytes at most; ${SMALLER}`,
        );
    },
    isIdle: () => (backend as unknown as { commandEncoder: unknown }).commandEncoder === null,
  });
  backend.bufferManager = pool as unknown as WebGPUBackend['bufferManager'];

  const read = backend.read.bind(backend);
  const readSync = backend.readSync.bind(backend);
  backend.read = async (dataId) => {
    assertSound();
    try {
      return await read(dataId);
    } catch (error) {
      await Promise.race([lost, Promise.resolve()]); // a mapping fails just before the loss is told
      throw error;
    } finally {
      assertSound();
    }
  };
  backend.readSync = (dataId) => {
    const { values, dtype } = (backend as unknown as { tensorMap: tf.DataStorage<{ values: unknown; dtype: tf.DataType }> }).tensorMap.get(
      dataId,
    );
    if (canReadSync || values != null || dtype === 'string') return readSync(dataId);
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      'webgpu backend: data cannot be read without waiting; use `await tensor.data()` instead of `dataSync()` or `arraySync()`',
    );
  };
  const guard: GuardedWebgpu = {
    maxTensorBytes,
    failure: () => failed,
    ignore() {
      isIgnored = true;
    },
  };
  guards.set(backend, guard);
  return guard;
}
