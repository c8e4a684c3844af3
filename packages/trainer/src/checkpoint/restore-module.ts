import { printable, type Module } from '@selfsup/core';
import { decodeCheckpoint } from './checkpoint-file.ts';
import { metadataOf, type CheckpointMetadata } from './checkpoint-metadata.ts';
import { assertSameVariables, assignVariables } from './variable-tensors.ts';

/** Options of {@link restoreModule}. */
export interface RestoreModuleOptions {
  /** Where the task keeps the module, such as `teacher/backbone`; default `backbone`. */
  prefix?: string;
}

/**
 * Loads one module out of a checkpoint, such as the backbone for embedding; the rest of the checkpoint is ignored.
 *
 * @param module a module or head built with the same options as the one in the checkpoint; its variables are overwritten
 * @param bytes a whole checkpoint: `trainable/<prefix>/…` and `buffers/<prefix>/…` of it are read; the weights of a teacher are among the buffers
 * @param options see {@link RestoreModuleOptions}
 * @returns what the checkpoint says about its run
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the bytes are damaged or the module's paths, shapes or types differ; then nothing was changed
 * @example
 * ```ts
 * import { readCheckpoint, restoreModule } from '@selfsup/trainer';
 * const { step } = await restoreModule(backbone, await readCheckpoint('runs/shapes/checkpoint.safetensors'));
 * ```
 */
export async function restoreModule(
  module: Pick<Module, 'trainable' | 'buffers'>,
  bytes: Uint8Array,
  options: RestoreModuleOptions = {},
): Promise<CheckpointMetadata> {
  const { prefix = 'backbone' } = options;
  const file = await decodeCheckpoint('restoreModule', bytes);
  const metadata = metadataOf('restoreModule', file);
  // all of a teacher is among the buffers of its run, what it would train included
  const whereIs = (part: 'trainable' | 'buffers', path: string): string => {
    const asBuffer = `buffers/${prefix}/${path}`;
    const own = `${part}/${prefix}/${path}`;
    return !file.tensors.has(own) && file.tensors.has(asBuffer) ? asBuffer : own;
  };
  const variables = Object.fromEntries(
    (['trainable', 'buffers'] as const).flatMap((part) =>
      Object.entries(module[part]).map(([path, variable]) => [whereIs(part, path), variable] as const),
    ),
  );
  const prefixes = [`trainable/${prefix}/`, `buffers/${prefix}/`];
  const tensors = new Map([...file.tensors].filter(([path]) => prefixes.some((start) => path.startsWith(start))));
  assertSameVariables(variables, tensors, {
    who: 'restoreModule',
    advice: `the checkpoint (task ${printable(metadata.task)}) holds another module under \`${prefix}\`; build it with the options of that run`,
  });
  assignVariables(variables, tensors);
  return metadata;
}
