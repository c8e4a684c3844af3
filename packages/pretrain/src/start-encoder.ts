import { createRng, SelfsupError } from '@selfsup/core';
import { restoreModule } from '@selfsup/trainer';
import { assertFiniteWeights } from './assert-finite-weights.ts';
import { describeEncoder, keepEncoder, type EncoderDescription } from './encoder-file.ts';
import type { AnyEncoderFactory } from './encoder-recipe.ts';
import { growStart } from './grow-start.ts';
import type { AnyModule } from './modality.ts';
import type { RunFile } from './run-file.ts';
import { runFileNames, type RunStore } from './run-store.ts';
import { sha256 } from './sha256.ts';

/** The encoder that a run starts from. */
export interface StartEncoder {
  /** What its file says of it. */
  readonly description: EncoderDescription;
  /** The encoder alone, as it is kept in the run that starts from it. */
  readonly bytes: Uint8Array;
  /** What run.json says of it. */
  readonly record: NonNullable<RunFile['init']>;
}

/**
 * Reads what a config gives as `init` or `teacher`.
 *
 * @param given bytes of an encoder or a checkpoint
 * @param nameOf how an option is written where the user wrote it
 * @param option which of them it is
 * @returns see {@link StartEncoder}
 * @throws SelfsupError `SELFSUP_OPTION` on what holds no bytes, `SELFSUP_CHECKPOINT` when they are damaged
 */
export async function readStartEncoder(
  given: unknown,
  nameOf: (name: string) => string,
  option: 'init' | 'teacher' = 'init',
): Promise<StartEncoder> {
  if (!(given instanceof Uint8Array))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf(option)} must be the bytes of an encoder.safetensors or checkpoint.safetensors (the command takes the folder of a run), got ${given === null ? 'null' : typeof given}`,
    );
  const description = await describeEncoder(given);
  const { origin, step, encoder } = description;
  const bytes = await keepEncoder(given, encoder.prefix);
  return { description, bytes, record: { origin, step, sha256: await sha256(bytes) } };
}

/** How a run keeps an encoder that it was given. */
const kept = {
  init: { file: runFileNames.start, role: 'the encoder that this run started from' },
  teacher: { file: runFileNames.teacher, role: 'the encoder that this run learns from' },
} as const;

/**
 * An encoder that a run was given, out of its own files.
 *
 * @param store the run's
 * @param run what run.json says
 * @param option as what it was given
 * @returns see {@link StartEncoder}; undefined where there was none
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is not there any more, or damaged
 */
export async function keptEncoder(store: RunStore, run: RunFile, option: keyof typeof kept): Promise<StartEncoder | undefined> {
  const record = run[option];
  if (!record) return undefined;
  const { file, role } = kept[option];
  const bytes = await store.read(file);
  if (!bytes || (await sha256(bytes)) !== record.sha256)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${store.name}/${file}, ${role}, is ${bytes ? 'damaged' : 'not there'}; restore it, or start a new run in another folder`,
    );
  return { ...(await readStartEncoder(bytes, (name) => `\`${name}\``, option)), record };
}

/** A factory whose encoders all start with the same weights. */
export interface StartedFactory {
  readonly factory: AnyEncoderFactory;
  /** Frees the weights; to be called when all encoders are made. */
  readonly dispose: () => void;
}

/** A factory whose encoders have the weights of a pattern, which becomes the factory's. */
export function withWeightsOf(factory: AnyEncoderFactory, pattern: AnyModule): StartedFactory {
  const make = (...args: Parameters<AnyEncoderFactory>): AnyModule => {
    const module = factory(...args);
    for (const part of ['trainable', 'buffers'] as const)
      for (const [path, variable] of Object.entries(module[part])) variable.assign(pattern[part][path]!);
    return module;
  };
  return {
    factory: Object.assign(make, { ...factory }),
    dispose: () => {
      pattern.dispose();
    },
  };
}

/**
 * A factory whose encoders have the weights of one that there is: a target network or a teacher starts with them, too.
 *
 * @param factory makes encoders of the same kind with fresh weights
 * @param start the weights
 * @param growing the paths of tables that may have more rows than those of `start`; default none
 * @returns the factory; call `dispose` when all encoders are made
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the weights do not fit, or are not finite
 */
export async function startFrom(
  factory: AnyEncoderFactory,
  { bytes, description }: StartEncoder,
  growing: readonly string[] = [],
): Promise<StartedFactory> {
  const pattern = factory(createRng(0));
  try {
    const { prefix } = description.encoder;
    await restoreModule(pattern, await growStart(bytes, pattern, { prefix, growing }), { prefix });
    await assertFiniteWeights(pattern);
  } catch (error) {
    pattern.dispose();
    throw error;
  }
  return withWeightsOf(factory, pattern);
}
