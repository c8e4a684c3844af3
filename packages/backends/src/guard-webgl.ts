import type { MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import { SelfsupError } from '@selfsup/core';

/** Textures from this size on are asked about after they were made; the question waits for the device, and made textures are used again. */
const LARGE_TEXTURE = 2 ** 20;

/** The parts of tfjs's webgl backend that the guard touches and its types hide. */
interface Internals {
  floatPrecisionValue: number | null;
  read(dataId: object): Promise<unknown>;
  readSync(dataId: object): unknown;
  readonly gpgpu: { createFence(gl: WebGLRenderingContext): { isFencePassed: () => boolean } };
}

const isLost = ({ gpgpu }: MathBackendWebGL): boolean => gpgpu.gl.isContextLost();

function assertAlive(backend: MathBackendWebGL): void {
  if (isLost(backend))
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      'webgl backend: the browser took the graphics context away (the driver was reset, memory ran out, or the page slept); ' +
        'its tensors are gone: select a backend again and continue from the checkpoint',
    );
}

/** Asks the device whether it ran out of memory; it forgets with the answer. */
function assertMemory(backend: MathBackendWebGL, what: string): void {
  const { gl } = backend.gpgpu;
  for (let error = gl.getError(); error !== gl.NO_ERROR; error = gl.getError()) {
    if (error === gl.CONTEXT_LOST_WEBGL) assertAlive(backend);
    if (error === gl.OUT_OF_MEMORY)
      throw new SelfsupError(
        'SELFSUP_MEMORY',
        `webgl backend: the device has no memory for ${what}; textures hold ${backend.getTextureManager().numBytesAllocated} bytes; ` +
          'dispose of tensors or use a smaller batch, image size or encoder',
      );
  }
}

/** The bytes of the largest tensor that fits whatever is computed: one value in each texel, which some kernels of tfjs need. */
export const maxTensorBytes = (maxTextureSize: number): number => 4 * maxTextureSize ** 2;

/**
 * Makes tfjs's webgl backend fail instead of computing zeros: on a lost context, on a device without memory, on tensors beyond the largest texture. And
 * makes its epsilon that of 32-bit floats: tfjs takes 1e-4 where it has found 32-bit textures, and `tf.train.adam()` and others divide by it.
 *
 * @param backend an instance that computes with 32-bit floats
 * @param maxTextureSize the edge of the largest texture
 */
export function guardWebgl(backend: MathBackendWebGL, maxTextureSize: number): void {
  const internals = backend as unknown as Internals;
  internals.floatPrecisionValue = 32;
  const textures = backend.getTextureManager();
  const acquire = textures.acquireTexture.bind(textures);
  textures.acquireTexture = (shape, usage, isPacked) => {
    assertAlive(backend);
    const before = textures.numBytesAllocated;
    let texture;
    try {
      texture = acquire(shape, usage, isPacked);
    } catch (cause) {
      assertAlive(backend);
      const { message } = cause as Error;
      if (!message.includes('texture size')) throw cause;
      throw new SelfsupError(
        'SELFSUP_MEMORY',
        `webgl backend: a tensor is too large for a texture (${message.replace(/\.$/, '')}; tensors up to ${maxTensorBytes(maxTextureSize)} bytes always fit); ` +
          'use a smaller batch, image size or encoder, or the wasm backend',
        { cause },
      );
    }
    const bytes = textures.numBytesAllocated - before;
    if (bytes >= LARGE_TEXTURE) assertMemory(backend, `a texture of ${bytes} bytes`);
    return texture;
  };
  const { gpgpu } = internals;
  const createFence = gpgpu.createFence.bind(gpgpu);
  gpgpu.createFence = (gl) => {
    const fence = createFence(gl);
    return { ...fence, isFencePassed: () => isLost(backend) || fence.isFencePassed() }; // a lost context never says that it is done
  };
  const read = internals.read.bind(internals);
  const readSync = internals.readSync.bind(internals);
  // A lost context answers with zeros.
  internals.read = async (dataId) => {
    assertAlive(backend);
    const values = await read(dataId);
    assertMemory(backend, 'what was computed');
    assertAlive(backend);
    return values;
  };
  internals.readSync = (dataId) => {
    assertAlive(backend);
    const values = readSync(dataId);
    assertAlive(backend);
    return values;
  };
}
