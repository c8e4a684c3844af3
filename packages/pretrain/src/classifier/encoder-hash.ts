import type { AnyModule } from '../modality.ts';
import { sha256 } from '../sha256.ts';

/**
 * The sha256 of the weights of an encoder, whatever file they lie in: of the list of its variables, by name, with their shapes and the hash of their bytes.
 *
 * @param module an encoder
 * @returns 64 hexadecimal digits
 */
export async function encoderHash(module: Pick<AnyModule, 'trainable' | 'buffers'>): Promise<string> {
  const variables = Object.entries({ ...module.trainable, ...module.buffers }).sort(([a], [b]) => (a < b ? -1 : 1));
  const list: unknown[] = [];
  for (const [path, variable] of variables) {
    const { buffer } = Float32Array.from(await variable.data());
    list.push([path, variable.shape, await sha256(new Uint8Array(buffer))]);
  }
  return sha256(new TextEncoder().encode(JSON.stringify(list)));
}
