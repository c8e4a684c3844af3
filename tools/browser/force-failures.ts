// Failures that are forced in a page, as tools/backends-check/force-failure.ts forces them in Node.
import { selectBackend } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
import { disturbRun, wordsOf } from '../backends-check/disturb-run.ts';
import { resetBackend } from '../backends-check/reset-backend.ts';

/** What selecting a backend says. */
const select = (options: Parameters<typeof selectBackend>[0]): Promise<string> =>
  selectBackend(options).then(({ name }) => `computes on ${name}`, wordsOf);

const forces: Readonly<Record<string, () => Promise<string>>> = {
  'no adapter': () => select({ prefer: 'webgpu' }),
  'device lost': () =>
    disturbRun('webgpu', {
      between: () => {
        const { device } = tf.backend() as unknown as { device: GPUDevice };
        return Promise.all([device.lost, (globalThis as unknown as { crashGpu: () => Promise<void> }).crashGpu()]);
      },
    }),
  'context lost': () =>
    disturbRun('webgl', {
      during: () => {
        const { gpgpu } = tf.backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } };
        gpgpu.gl.getExtension('WEBGL_lose_context')!.loseContext();
      },
    }),
  'wrong path': () => select({ prefer: 'wasm', wasmPath: '/nowhere' }),
  'path without slash': () => select({ prefer: 'wasm', wasmPath: '/tfjs' }),
};

/**
 * Forces a failure of forced-failures.ts in this page.
 *
 * @param name its name
 * @returns what was said
 */
export async function forceFailure(name: string): Promise<string> {
  const [how, backend] = name.split(' ') as ['reset' | 'remove', string];
  return (forces[name] ?? (() => resetBackend(backend, how)))();
}
