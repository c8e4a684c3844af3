import { isNestedDeeper, printable, SelfsupError } from '@selfsup/core';
import { decodeCheckpoint, encodeCheckpoint } from '@selfsup/trainer';
import { z } from 'zod';
import type { InputDescription } from './encoder-recipe.ts';
import { asRunFile, MOST_LEVELS, type RunFile } from './run-file.ts';
import { withoutAdapters } from './low-rank-weights.ts';
import { settingsSchema, type Settings } from './settings.ts';
import { startAloneOf } from './start-alone.ts';

const record = z.record(z.string(), z.unknown());

/** What decides how features are read and judged. */
const judgingSchema = settingsSchema.pick({
  ...{ seed: true, readout: true, readoutOptions: true, testFraction: true, limit: true, testLimit: true },
  ...{ knnK: true, knnTemperature: true, knnWhitening: true, knnBank: true },
});

/** The part of the settings that decides how features are read and judged. */
export type JudgingSettings = z.output<typeof judgingSchema>;

const judgingOf = (settings: Pick<Settings, keyof JudgingSettings>): JudgingSettings =>
  judgingSchema.parse(Object.fromEntries(Object.keys(judgingSchema.shape).map((name) => [name, settings[name as keyof JudgingSettings]])));

/** The settings of an encoder about which nobody said anything. Internal. */
export const judgingDefaults = (): JudgingSettings => judgingSchema.parse({});

/** What a file says of an encoder that no run of selfsup trained. */
const importedSchema = z.strictObject({
  format: z.literal(1),
  modality: z.string().min(1),
  encoder: z.strictObject({ name: z.string().min(1), options: record, prefix: z.string().min(1) }),
  input: record,
  options: record,
  settings: judgingSchema,
  /** Where it comes from. */
  source: z.strictObject({
    /** As the user named it, such as `hf:owner/name`. */ name: z.string().min(1),
    /** The revision of a repository. */ revision: z.string().min(1).optional(),
    /** Of the file of its weights. */ sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** Whose names its weights had, such as `timm-vit`. */ family: z.string().min(1),
  }),
});

/** What a file says of an encoder that no run of selfsup trained. */
export type ImportedEncoder = z.output<typeof importedSchema>;

/** What describes an encoder within a file of its own or a checkpoint. */
export interface EncoderDescription {
  /** The kind of data that it takes, by name. */
  readonly modality: string;
  /** The encoder by name, with its options as they are in effect, and where its variables lie in the file. */
  readonly encoder: RunFile['encoder'];
  /** What it takes. */
  readonly input: InputDescription;
  /** Options of the modality, complete. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How its features are read and judged unless somebody says otherwise. */
  readonly settings: JudgingSettings;
  /** In words what it learned, such as `simclr on photos` or `hf:owner/name`. */
  readonly origin: string;
  /** Plugins that brought parts of it, by name. */
  readonly plugins: readonly string[];
  /** run.json of the run that trained it; absent where selfsup did not. */
  readonly run?: RunFile;
  /** Where it comes from, if selfsup did not train it. */
  readonly source?: ImportedEncoder['source'];
  /** Files that belong to it, such as `tokenizer.json`. */
  readonly files: Readonly<Record<string, string>>;
  /** Updates that it has seen; 0 of one from elsewhere. */
  readonly step: number;
}

/**
 * Takes the encoder out of a checkpoint, with those that the run keeps beside it: heads, teachers, queues and optimizer stay behind, and adapters become a part of
 * its weights.
 *
 * @param checkpoint the bytes of checkpoint.safetensors
 * @param prefix where the encoder's variables lie, as run.json says
 * @returns a file of the same form, for `loadEncoder`
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the checkpoint is damaged
 */
export async function keepEncoder(checkpoint: Uint8Array, prefix: string): Promise<Uint8Array> {
  const { metadata, tensors } = await decodeCheckpoint('keepEncoder', checkpoint);
  const prefixes = [prefix, ...furtherPrefixes(metadata['run'])];
  const kept = prefixes.flatMap((each) => [`trainable/${each}/`, `buffers/${each}/`]);
  const own = new Map([...tensors].filter(([path]) => kept.some((start) => path.startsWith(start))));
  return encodeCheckpoint({
    metadata: { ...metadata },
    tensors: new Map(withoutAdapters(own, metadata['run'])),
  });
}

/** Where the encoders lie that a run keeps beside its own. */
function furtherPrefixes(run: string | undefined): string[] {
  if (run === undefined) return [];
  const { encoders } = asRunFile(parseJson(run, 'run'), 'the `run` of the encoder file');
  return Object.values(encoders).map(({ encoder }) => encoder.prefix);
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

/** What run.json says of its encoder, or of one that is kept beside it, which is read as its own output and judged by no data of the run. */
export function encoderOfRun(run: RunFile, name?: string): Omit<EncoderDescription, 'files' | 'step'> {
  const { modality, encoder, input, options, settings, dataset, brought, encoders } = run;
  const origin = `${startAloneOf(run, run.totalSteps)?.name ?? settings.task} on ${dataset.name}`;
  const plugins = brought.plugins;
  if (name === undefined || name === encoder.prefix)
    return { ...{ modality, encoder, input, options, settings: judgingOf(settings) }, ...{ origin, plugins, run } };
  const further = Object.hasOwn(encoders, name) ? encoders[name] : undefined;
  if (!further)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `there is no encoder '${printable(name, { maxLength: 60 })}' in this run; it keeps ${[encoder.prefix, ...Object.keys(encoders)].join(', ')}`,
    );
  return {
    ...further,
    settings: { ...judgingOf(settings), readout: 'global', readoutOptions: {} },
    ...{ origin: `${origin}, ${name}`, plugins },
  };
}

function encoderOfImport(content: unknown): Omit<EncoderDescription, 'files' | 'step'> {
  if (isNestedDeeper(content, MOST_LEVELS))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `the \`encoder\` of the encoder file must not be nested more than ${MOST_LEVELS} levels deep; import it again`,
    );
  const result = importedSchema.safeParse(content);
  if (result.success) {
    const { modality, encoder, input, options, settings, source } = result.data;
    return { ...{ modality, encoder, input, options, settings, source }, origin: source.name, plugins: [] };
  }
  const [issue] = result.error.issues;
  const where = printable(issue?.path.map(String).join('.') ?? '', { maxLength: 80 });
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `the \`encoder\` of the encoder file is not as it must be: \`${where}\`: ${printable(issue?.message ?? '', { maxLength: 200 })}; import it again`,
  );
}

/**
 * Reads what a file says of its encoder.
 *
 * @param bytes an encoder file, or a checkpoint of a run
 * @param name which encoder of a run that keeps several, such as `text`; default the first
 * @returns see {@link EncoderDescription}
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is damaged or says nothing, `SELFSUP_OPTION` when there is none of that name
 */
export async function describeEncoder(bytes: Uint8Array, name?: string): Promise<EncoderDescription> {
  const { metadata } = await decodeCheckpoint('loadEncoder', bytes);
  const { run, encoder, files, step } = metadata;
  if (run !== undefined)
    return {
      ...encoderOfRun(asRunFile(parseJson(run, 'run'), 'the `run` of the encoder file'), name),
      ...{ files: parseFiles(files), step: Number(step) },
    };
  if (name !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `there is only one encoder in this file, got the name '${printable(name, { maxLength: 60 })}'; leave it out`,
    );
  if (encoder !== undefined) return { ...encoderOfImport(parseJson(encoder, 'encoder')), files: parseFiles(files), step: 0 };
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    'loadEncoder: the file does not say how its encoder is built (there is neither `run` nor `encoder` in its metadata); give the folder of a run, a file written by `pretrain`, or import what another library wrote with `importEncoder`',
  );
}
