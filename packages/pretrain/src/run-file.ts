import { isNestedDeeper, printable, SelfsupError } from '@selfsup/core';
import { z } from 'zod';
import { fromCheckedJson } from './checked-json.ts';
import { continuedNames } from './continued-settings.ts';
import { settingsSchema } from './settings.ts';

/** Of lists and objects in run.json; a few are needed. Internal. */
export const MOST_LEVELS = 32;

const record = z.record(z.string(), z.unknown());

/** What a checkpoint says of the place of its data, which only the folder of the run knows. */
export const elsewhere = '(elsewhere)';

const givenEncoder = z.strictObject({ origin: z.string(), step: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** The content of run.json: all that is needed to rebuild the encoder and to continue the run. */
export const runFileSchema = z.strictObject({
  format: z.literal(1),
  /** The version of selfsup that began the run. */
  selfsup: z.string(),
  modality: z.string().min(1),
  /** The data as the user named it; `(in memory)` where it was an object. */
  data: z.string(),
  settings: settingsSchema,
  /** The options of the modality, complete. */
  options: record,
  /** The encoder with its effective options. */
  encoder: z.strictObject({
    name: z.string().min(1),
    options: record,
    /** Where its variables lie in the checkpoint. */ prefix: z.string().min(1),
  }),
  /** What encoders take. */
  input: record,
  /** Encoders that are kept beside it, by name, such as `text`. */
  encoders: z
    .record(
      z.string(),
      z.strictObject({
        modality: z.string().min(1),
        encoder: z.strictObject({ name: z.string().min(1), options: record, prefix: z.string().min(1) }),
        input: record,
        options: record,
      }),
    )
    .default({}),
  /** What must be the same when the run is resumed. */
  fingerprint: z.record(z.string(), z.union([z.string(), z.number()])),
  /** A checksum of what was read when the data was opened. */
  content: z.string().optional(),
  /** The sha256 of each file that lies beside run.json and belongs to the run, such as its tokenizer. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)).default({}),
  /** The data as it was found. */
  dataset: z.strictObject({
    name: z.string(),
    unit: z.string(),
    train: z.int().min(0),
    test: z.int().min(0),
    testFrom: z.enum(['own part', 'held out']).optional(),
  }),
  stepsPerEpoch: z.int().min(1),
  totalSteps: z.int().min(0),
  /** The backend of the first session. */
  backend: z.string(),
  /** The transforms of the optimizer, in order, as they ran. */
  optimizer: z.array(z.string()),
  /** What was given anew when the run was continued, in order: after that update it holds. `settings` has the last values. */
  changes: z.array(z.strictObject({ step: z.int().min(0), setting: z.enum(continuedNames), from: z.int().min(0), to: z.int().min(1) })),
  /** Why the run was planned so, where a time was given: sentences. */
  reasons: z.array(z.string()).default([]),
  /** The encoder that the run began with, where its weights were not fresh: where it came from, in words, the updates that it had seen, and its sha256. */
  init: givenEncoder.optional(),
  /** The encoder that the run learns from, likewise. */
  teacher: givenEncoder.optional(),
  /** Plugins and functions that the user brought: named, so that a resumed run can ask for them; never loaded from here. */
  brought: z.strictObject({ plugins: z.array(z.string()), functions: z.array(z.string()) }),
});

/** The content of run.json. */
export type RunFile = z.output<typeof runFileSchema>;

/**
 * Reads the text of a run.json.
 *
 * @param text the file's content
 * @param name the file as messages name it
 * @returns its content without its `check`
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is damaged, or naming the field that is not as it must be
 */
export function parseRunFile(text: string, name: string): RunFile {
  return asRunFile(fromCheckedJson(text, { name, advice: 'restore it, or train again' }), name);
}

/** Content as that of a run.json, `check` left out. Internal. */
export function asRunFile(content: unknown, name: string): RunFile {
  if (isNestedDeeper(content, MOST_LEVELS))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${name} must not be nested more than ${MOST_LEVELS} levels deep; restore it, or train again`,
    );
  const result = runFileSchema.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue && issue.path.length > 0 ? `\`${printable(issue.path.map(String).join('.'), { maxLength: 80 })}\`` : 'the content';
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `${name} does not describe a run: ${where}: ${printable(issue?.message ?? 'not as expected', { maxLength: 200 })}; restore it, or use the selfsup that wrote it`,
  );
}
