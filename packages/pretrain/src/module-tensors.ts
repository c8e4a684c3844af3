import type { SafetensorsTensor } from '@selfsup/safetensors';
import type { AnyModule } from './modality.ts';

/** The variables of a module as a checkpoint has them, under `trainable/<prefix>/…` and `buffers/<prefix>/…`. Internal. */
export async function moduleTensors(module: AnyModule, prefix: string): Promise<Map<string, SafetensorsTensor>> {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const part of ['trainable', 'buffers'] as const)
    for (const [path, variable] of Object.entries(module[part])) {
      const data = Float32Array.from(await variable.data());
      tensors.set(`${part}/${prefix}/${path}`, { dtype: 'F32', shape: [...variable.shape], data });
    }
  return tensors;
}
