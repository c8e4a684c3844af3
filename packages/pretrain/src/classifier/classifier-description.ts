import { isNestedDeeper, printable, SelfsupError } from '@selfsup/core';
import { z } from 'zod';
import { MOST_LEVELS } from '../run-file.ts';

const record = z.record(z.string(), z.unknown());
const share = z.number().min(0).max(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a classifier may be called: it names a folder. */
const NAME = /^[A-Za-z0-9][\w.-]{0,79}$/;

const schema = z.strictObject({
  format: z.literal(1),
  /** The version of selfsup that made it. */
  selfsup: z.string(),
  name: z.string().regex(NAME),
  /** `linear-probe`: a linear classifier on frozen features; `fine-tuned`: the encoder was trained with it. */
  kind: z.enum(['linear-probe', 'fine-tuned']),
  /** The names of the classes, in the order of the probabilities. */
  classes: z.array(z.string()).min(2),
  /** The kind of data that it takes. */
  modality: z.string().min(1),
  /** The encoder that it was made with; `sha256` is of its weights, as `encoderHash` takes it. */
  encoder: z.strictObject({ name: z.string().min(1), sha256, step: z.int().min(0), origin: z.string() }),
  /** What the features are. */
  readout: z.strictObject({ name: z.string().min(1), options: record }),
  /** Options of the fine-tuning, such as `pooling` on text; of a linear probe none. */
  options: record,
  /** Preprocessing: what the encoder takes, such as size, channels, mean and deviation of images. */
  input: record,
  /** Logits are divided by it: it makes the probabilities as sure as the predictions are right. */
  temperature: z.number().gt(0),
  /** A prediction whose probability is lower is none: its class is left open. 0: every prediction holds. */
  threshold: share,
  /** What it learned from. */
  trainedOn: z.strictObject({
    data: z.string(),
    /** Where the labels come from; absent where they are the data's own. */
    labels: z.string().optional(),
    unit: z.string(),
    samples: z.int().min(1),
    /** In the order of `classes`. */
    perClass: z.array(z.int().min(0)),
    seed: z.int(),
    /** Penalty of a linear probe; rate, updates and batch of a fine-tuning. */
    settings: record,
  }),
  /** How it was judged, with its probabilities as they are given; absent where there was nothing to judge by. */
  judged: z
    .strictObject({
      /** `test`: by samples that it has not learned from. `cross-validation`: by its own labels, each classified by another one that has not seen it. */
      by: z.enum(['test', 'cross-validation', 'held-out part']),
      data: z.string(),
      samples: z.int().min(1),
      accuracy: share,
      balancedAccuracy: share,
      /** In nats. */
      logLoss: z.number().min(0),
      /** Expected calibration error: how far confidence and accuracy are apart. */
      calibrationError: share,
      /** The same with temperature 1. */
      uncalibratedError: share,
      /** `[true][given]`: how many. */
      confusion: z.array(z.array(z.int().min(0))),
    })
    .optional(),
});

/** What `classifier.json` says. */
export type ClassifierDescription = z.output<typeof schema>;

/** How a classifier was judged. */
export type ClassifierJudgement = NonNullable<ClassifierDescription['judged']>;

/**
 * Checks the content of a `classifier.json`. Internal.
 *
 * @param content parsed, without its `check`
 * @param name the file as messages name it
 * @throws SelfsupError `SELFSUP_CHECKPOINT` naming the field that is not as it must be
 */
export function asClassifierDescription(content: unknown, name: string): ClassifierDescription {
  const fail = (what: string): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${name} does not describe a classifier: ${what}; restore it, or make it again`);
  };
  if (isNestedDeeper(content, MOST_LEVELS)) fail(`it must not be nested more than ${MOST_LEVELS} levels deep`);
  const result = schema.safeParse(content);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue && issue.path.length > 0 ? `\`${printable(issue.path.map(String).join('.'), { maxLength: 80 })}\`` : 'the content';
    return fail(`${where}: ${printable(issue?.message ?? 'not as expected', { maxLength: 200 })}`);
  }
  const { classes, trainedOn, judged } = result.data;
  const counts = [trainedOn.perClass, ...(judged ? [judged.confusion, ...judged.confusion] : [])];
  if (counts.some(({ length }) => length !== classes.length)) fail(`it must have a number for each of ${classes.length} classes`);
  return result.data;
}

/**
 * Checks the name of a classifier.
 *
 * @param name letters, digits, `.`, `_` and `-`, at most 80
 * @throws SelfsupError `SELFSUP_OPTION` on another one
 */
export function assertClassifierName(name: string): void {
  if (NAME.test(name)) return;
  throw new SelfsupError(
    'SELFSUP_OPTION',
    `the name of a classifier must be at most 80 letters, digits, '.', '_' and '-', and begin with a letter or digit, got '${printable(name, { maxLength: 100 })}'`,
  );
}
