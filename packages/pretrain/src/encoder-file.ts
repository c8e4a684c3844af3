import { SelfsupError } from '@selfsup/core';
import { decodeCheckpoint, encodeCheckpoint } from '@selfsup/trainer';
import { asRunFile, type RunFile } from './run-file.ts';

/** What describes an encoder within a file of its own or a checkpoint. */
export interface EncoderDescription {
  /** run.json of the run that it comes from. */
  readonly run: RunFile;
  /** Files that belong to it, such as `tokenizer.json`. */
  readonly files: Readonly<Record<string, string>>;
  /** Updates that it has seen. */
  readonly step: number;
}

/**
 * Takes the encoder out of a checkpoint: heads, teachers, queues and optimizer stay behind.
 *
 * @param checkpoint the bytes of checkpoint.safetensors
 * @param prefix where the encoder's variables lie, as run.json says
 * @returns a file of the same form, for `loadEncoder`
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the checkpoint is damaged
 */
export async function keepEncoder(checkpoint: Uint8Array, prefix: string): Promise<Uint8Array> {
  const { metadata, tensors } = await decodeCheckpoint('keepEncoder', checkpoint);
  const kept = [`trainable/${prefix}/`, `buffers/${prefix}/`];
  return encodeCheckpoint({
    metadata: { ...metadata },
    tensors: new Map([...tensors].filter(([path]) => kept.some((start) => path.startsWith(start)))),
  });
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `the \`${name}\` of the encoder file is not valid JSON; it is not of selfsup`, {
      cause: error,
    });
  }
}

function parseFiles(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  const value = parseJson(text, 'files');
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    !Object.values(value).every((content) => typeof content === 'string')
  )
    throw new SelfsupError('SELFSUP_CHECKPOINT', 'the `files` of the encoder must be texts by name; it is damaged, or not of selfsup');
  return value as Record<string, string>;
}

/**
 * Reads what a file says of its encoder.
 *
 * @param bytes an encoder file, or a checkpoint of a run
 * @returns see {@link EncoderDescription}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is damaged or says nothing
 */
export async function describeEncoder(bytes: Uint8Array): Promise<EncoderDescription> {
  const { metadata } = await decodeCheckpoint('loadEncoder', bytes);
  const { run, files, step } = metadata;
  if (run === undefined)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      'loadEncoder: the file does not say how its encoder is built (there is no `run` in its metadata); give the folder of the run, or a file written by `pretrain`',
    );
  return { run: asRunFile(parseJson(run, 'run'), 'the `run` of the encoder file'), files: parseFiles(files), step: Number(step) };
}
