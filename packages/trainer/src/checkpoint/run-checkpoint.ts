import { joinVariables, SelfsupError, type PretextTaskRun, type VariableMap } from '@selfsup/core';
import type { TransformState } from '@selfsup/optim';
import type { SafetensorsTensor } from '@selfsup/safetensors';
import { taskApi } from '../check-task.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-file.ts';
import { checkExtraMetadata, metadataOf } from './checkpoint-metadata.ts';
import { hashVariables } from './hash-variables.ts';
import { assertSameVariables, assignVariables, readVariables } from './variable-tensors.ts';

/** All that a checkpoint holds. Internal. */
export interface RunState {
  readonly task: string;
  readonly seed: number;
  readonly totalSteps: number;
  readonly run: Pick<PretextTaskRun, 'trainable' | 'buffers' | 'frozen'>;
  readonly optimizer: TransformState;
  step: number;
}

const COUNTER_PREFIX = 'optimizer/';

function variablesOf({ run, optimizer }: RunState): VariableMap {
  return joinVariables({ trainable: run.trainable, buffers: run.buffers, optimizer: optimizer.variables });
}

/** Options of {@link Trainer.save}. */
export interface SaveOptions {
  /** More strings for the checkpoint's metadata, such as the settings of the run as JSON; keys are words that the trainer does not use itself. */
  metadata?: Readonly<Record<string, string>>;
}

const frozenMetadata = async ({ run }: RunState): Promise<{ frozen?: string }> =>
  Object.keys(run.frozen ?? {}).length > 0 ? { frozen: await hashVariables(run.frozen!) } : {};

/** Writes a run as safetensors. Internal. */
export async function encodeRun(state: RunState, options: SaveOptions = {}): Promise<Uint8Array> {
  const { task, seed, totalSteps, step, optimizer } = state;
  const { metadata: extra = {} } = options;
  checkExtraMetadata(extra);
  const metadata = {
    ...extra,
    format: 'selfsup',
    task,
    api: String(taskApi),
    seed: String(seed),
    step: String(step),
    totalSteps: String(totalSteps),
    ...(await frozenMetadata(state)),
  };
  const counters = Object.entries(optimizer.counters).map(([path, { value }]): [string, SafetensorsTensor] => [
    COUNTER_PREFIX + path,
    { dtype: 'I32', shape: [], data: Int32Array.of(value) },
  ]);
  return encodeCheckpoint({ metadata, tensors: new Map([...(await readVariables(variablesOf(state))), ...counters]) });
}

function splitCounters(
  state: RunState,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): { counts: Map<string, number>; rest: Map<string, SafetensorsTensor> } {
  const rest = new Map(tensors);
  const counts = new Map<string, number>();
  for (const path of Object.keys(state.optimizer.counters).sort()) {
    const tensor = tensors.get(COUNTER_PREFIX + path);
    const problem = !tensor
      ? 'is missing in the checkpoint'
      : tensor.dtype !== 'I32' || tensor.shape.length > 0 || tensor.data[0]! < 0
        ? `must be an int32 scalar >= 0, the checkpoint has ${tensor.dtype} [${tensor.shape.join(', ')}]`
        : undefined;
    if (problem)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `trainer.restore: \`${COUNTER_PREFIX}${path}\` ${problem}; use the optimizer of that run`,
      );
    counts.set(path, tensor!.data[0]!);
    rest.delete(COUNTER_PREFIX + path);
  }
  return { counts, rest };
}

/** Overwrites a run by a checkpoint, or throws and changes nothing. Internal. */
export async function restoreRun(state: RunState, bytes: Uint8Array): Promise<void> {
  const file = await decodeCheckpoint('trainer.restore', bytes);
  const metadata = metadataOf('trainer.restore', file);
  for (const [what, expected, got] of [
    ['task', state.task, metadata.task],
    ['task contract', taskApi, metadata.api],
    ['seed', state.seed, metadata.seed],
  ] as const)
    if (expected !== got)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `trainer.restore: this run has ${what} ${expected}, the checkpoint was written with ${what} ${got}; resume with the options of that run, or start a new one`,
      );
  if (metadata.step < 0) throw new SelfsupError('SELFSUP_CHECKPOINT', `trainer.restore: \`step\` must be >= 0, got ${metadata.step}`);
  const { frozen } = await frozenMetadata(state);
  if (frozen !== metadata.frozen)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `trainer.restore: the frozen variables must have the SHA-256 ${metadata.frozen ?? '(none: there were none)'} of the checkpoint, those of this run have ${frozen ?? '(none: there are none)'}; give the task the same frozen network, with the same weights`,
    );
  const variables = variablesOf(state);
  const { counts, rest } = splitCounters(state, file.tensors);
  assertSameVariables(variables, rest, {
    who: 'trainer.restore',
    advice: 'resume with the encoder, heads and optimizer of that run, or start a new one',
  });
  assignVariables(variables, rest);
  for (const [path, count] of counts) state.optimizer.counters[path]!.value = count;
  state.step = metadata.step;
}
