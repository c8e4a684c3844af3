import { printable, SelfsupError } from '@selfsup/core';
import { decodeCheckpoint } from './checkpoint-file.ts';

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
  /** What was given to `trainer.save` beyond that. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the trainer itself writes. */
const ownKeys: readonly string[] = ['format', 'task', 'api', 'seed', 'step', 'totalSteps', 'frozen', 'sha256'];

/** Throws unless these strings may go into a checkpoint. Internal. */
export function checkExtraMetadata(metadata: Readonly<Record<string, string>>): void {
  for (const [key, text] of Object.entries(metadata)) {
    if (ownKeys.includes(key) || !/^[A-Za-z][\w.-]*$/.test(key))
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `trainer.save: a key of \`metadata\` must be a word, and none of ${ownKeys.join(', ')}, got "${printable(key)}"`,
      );
    if (typeof (text as unknown) !== 'string')
      throw new SelfsupError('SELFSUP_OPTION', `trainer.save: \`metadata.${key}\` must be a string, got ${typeof text}`);
  }
}

/** The metadata of a checkpoint. Internal. */
export function metadataOf(who: string, { metadata }: { readonly metadata: Readonly<Record<string, string>> }): CheckpointMetadata {
  const { task, frozen } = metadata;
  if (task === undefined)
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: the checkpoint's metadata must name the \`task\`, got none`);
  const number = (key: string): number => {
    const text = metadata[key] ?? '';
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value))
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `${who}: \`${key}\` in the checkpoint's metadata must be an integer, got "${printable(text, { maxLength: 60 })}"`,
      );
    return value;
  };
  return {
    task,
    api: number('api'),
    seed: number('seed'),
    step: number('step'),
    totalSteps: number('totalSteps'),
    ...(frozen !== undefined && { frozen }),
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !ownKeys.includes(key))),
  };
}

/**
 * Reads what a checkpoint says about the run that wrote it, after it has checked the hash of the whole file.
 *
 * @param bytes the whole checkpoint
 * @returns see {@link CheckpointMetadata}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the bytes are damaged or not a checkpoint of selfsup
 */
export async function readCheckpointMetadata(bytes: Uint8Array): Promise<CheckpointMetadata> {
  return metadataOf('readCheckpointMetadata', await decodeCheckpoint('readCheckpointMetadata', bytes));
}
