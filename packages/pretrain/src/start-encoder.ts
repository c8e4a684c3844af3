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
 * Reads what a config gives as `init`.
 *
 * @param given bytes of an encoder or a checkpoint
 * @param nameOf how an option is written where the user wrote it
 * @returns see {@link StartEncoder}
 * @throws SelfsupError `SELFSUP_OPTION` on what holds no bytes, `SELFSUP_CHECKPOINT` when they are damaged
 */
export async function readStartEncoder(given: unknown, nameOf: (name: string) => string): Promise<StartEncoder> {
  if (!(given instanceof Uint8Array))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${nameOf('init')} must be the bytes of an encoder.safetensors or checkpoint.safetensors (the command takes the folder of a run), got ${given === null ? 'null' : typeof given}`,
    );
  const description = await describeEncoder(given);
  const { origin, step, encoder } = description;
  const bytes = await keepEncoder(given, encoder.prefix);
  return { description, bytes, record: { origin, step, sha256: await sha256(bytes) } };
}

/** The encoder that a run started from, out of its own files; undefined where it began with fresh weights. */
export async function keptStartEncoder(store: RunStore, { init }: RunFile): Promise<StartEncoder | undefined> {
  if (!init) return undefined;
  const name = `${store.name}/${runFileNames.start}`;
  const bytes = await store.read(runFileNames.start);
  if (!bytes || (await sha256(bytes)) !== init.sha256)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${name}, the encoder that this run started from, is ${bytes ? 'damaged' : 'not there'}; restore it, or start a new run in another folder`,
    );
  return { ...(await readStartEncoder(bytes, (option) => `\`${option}\``)), record: init };
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
