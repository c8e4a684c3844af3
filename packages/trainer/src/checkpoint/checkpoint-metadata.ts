import { SelfsupError } from '@selfsup/core';
import { decodeSafetensors } from './decode-safetensors.ts';
import type { SafetensorsFile } from './safetensors.ts';

/** What a checkpoint says about the run that wrote it. */
export interface CheckpointMetadata {
  /** The pretext task's name. */
  readonly task: string;
  /** The version of the task contract. */
  readonly api: number;
  /** The run's seed. */
  readonly seed: number;
  /** Optimizer updates done. */
  readonly step: number;
  /** Optimizer updates that the run was planned for. */
  readonly totalSteps: number;
  /** SHA-256 of the frozen variables, in hexadecimal; there only if the run has any. */
  readonly frozen?: string;
}

/** The metadata of a decoded file. Internal. */
export function metadataOf(who: string, file: SafetensorsFile): CheckpointMetadata {
  const { format, task, frozen } = file.metadata;
  if (format !== 'selfsup' || task === undefined)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: expected a checkpoint of format selfsup, got ${format === undefined ? 'a safetensors file without a format' : `format ${format}`}`,
    );
  const number = (key: string): number => {
    const text = file.metadata[key] ?? '';
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value))
      throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: \`${key}\` in the checkpoint's metadata must be an integer, got "${text}"`);
    return value;
  };
  return {
    task,
    api: number('api'),
    seed: number('seed'),
    step: number('step'),
    totalSteps: number('totalSteps'),
    ...(frozen !== undefined && { frozen }),
  };
}

/**
 * Reads what a checkpoint says about the run that wrote it.
 *
 * @param bytes the whole checkpoint
 * @returns see {@link CheckpointMetadata}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the bytes are damaged or not a checkpoint of selfsup
 */
export function readCheckpointMetadata(bytes: Uint8Array): CheckpointMetadata {
  return metadataOf('readCheckpointMetadata', decodeSafetensors(bytes));
}
