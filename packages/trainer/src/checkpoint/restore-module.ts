import { joinVariables, type Module } from '@selfsup/core';
import { printable } from '@selfsup/safetensors';
import { decodeCheckpoint } from './checkpoint-file.ts';
import { metadataOf, type CheckpointMetadata } from './checkpoint-metadata.ts';
import { assertSameVariables, assignVariables } from './variable-tensors.ts';

/** Options of {@link restoreModule}. */
export interface RestoreModuleOptions {
  /** Where the task keeps the module; default `backbone`. */
  prefix?: string;
}

/**
 * Loads one module out of a checkpoint, such as the backbone for embedding; the rest of the checkpoint is ignored.
 *
 * @param module a module or head built with the same options as the one in the checkpoint; its variables are overwritten
 * @param bytes a whole checkpoint: `trainable/<prefix>/…` and `buffers/<prefix>/…` of it are read
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
  const variables = joinVariables({ [`trainable/${prefix}`]: module.trainable, [`buffers/${prefix}`]: module.buffers });
  const prefixes = [`trainable/${prefix}/`, `buffers/${prefix}/`];
  const tensors = new Map([...file.tensors].filter(([path]) => prefixes.some((start) => path.startsWith(start))));
  assertSameVariables(variables, tensors, {
    who: 'restoreModule',
    advice: `the checkpoint (task ${printable(metadata.task)}) holds another module under \`${prefix}\`; build it with the options of that run`,
  });
  assignVariables(variables, tensors);
  return metadata;
}
