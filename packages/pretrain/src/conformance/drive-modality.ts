import * as tf from '@tensorflow/tfjs-core';
import { createRng, namedTensors, SelfsupError, type Batch, type Rng } from '@selfsup/core';
import type { Source } from '@selfsup/trainer';
import { buildRun, type BuiltRun } from '../build-run.ts';
import type { AnyEncoderFactory } from '../encoder-recipe.ts';
import type { AnyModule, EncodeOptions, Features, OpenContext, RunData } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { createOpenContext } from '../open-dataset.ts';
import { parseOptions } from '../option-schema.ts';
import { planRun, type RunPlan } from '../plan-run.ts';
import { silentProgress } from '../progress.ts';
import type { ModalitySubject } from './modality-conformance.ts';

/** Says that the modality does not do what it must. Internal. */
export function fail(message: string): never {
  throw new SelfsupError('SELFSUP_PLUGIN_API', message);
}

/** The plan of the run that is tried. Internal. */
export const planOf = ({ registry, run }: ModalitySubject, more: object = {}): RunPlan => planRun({ ...run, ...more }, { registry });

/** What the modality opens its data with. Internal. */
export const contextOf = ({ registry, modality }: ModalitySubject, earlier?: OpenContext['earlier']): OpenContext =>
  createOpenContext(registry, modality.name, { progress: silentProgress, earlier });

/** Opens the data of a plan. Internal. */
export async function openPlanned(subject: ModalitySubject, plan: RunPlan, earlier?: OpenContext['earlier']): Promise<RunData> {
  const { data, options, settings, recipe } = plan;
  return (await subject.modality.open({ data, options, settings, recipe }, contextOf(subject, earlier))) as RunData;
}

/** A run of the modality, built. Internal. */
export interface ModalityAtWork {
  readonly plan: RunPlan;
  readonly data: RunData;
  readonly built: BuiltRun;
  readonly encoding: Omit<EncodeOptions, 'stage'>;
  /** Makes encoders with fresh weights. */
  readonly factory: AnyEncoderFactory;
}

/** Opens and builds the run that is tried, and disposes it. Internal. */
export async function withModality<T>(subject: ModalitySubject, use: (at: ModalityAtWork) => Promise<T>): Promise<T> {
  const plan = planOf(subject);
  const data = await openPlanned(subject, plan);
  const built = buildRun(plan, data);
  const { encoder, settings } = plan;
  try {
    const parsed = parseOptions(encoder.options, settings.encoderOptions, { who: `encoder ${encoder.name}` });
    const factory = encoder.create(encoder.complete?.(parsed, data.input) ?? parsed, data.input);
    return await use({ plan, data, built, factory, encoding: { input: data.input, files: data.files ?? {}, progress: silentProgress } });
  } finally {
    built.trainer.dispose();
  }
}

/** The first samples of a part, at most so many. Internal. */
export const firstOf = ({ length }: Samples, count: number): number[] => Array.from({ length: Math.min(length, count) }, (_, i) => i);

/** Batches of raw samples in the order of a seed. Internal. */
export const sourceOf = (
  { plan, data }: Pick<ModalityAtWork, 'plan' | 'data'>,
  { seed = 0, batchSize = plan.settings.batchSize, rank = 0, worldSize = 1 } = {},
): Source<unknown> =>
  plan.modality.createSource(data, { batchSize, rng: createRng(seed).fold('loader'), rank, worldSize }) as Source<unknown>;

/** The first batches of an epoch. Internal. */
export async function rawBatches(
  source: Source<unknown>,
  { epoch = 0, firstStep = 0, count = Infinity }: { epoch?: number; firstStep?: number; count?: number } = {},
): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const raw of source.epoch(epoch, { firstStep })) {
    found.push(raw);
    if (found.length >= count || found.length > source.stepsPerEpoch) break;
  }
  return found;
}

/** A tensor outside of the backend. Internal. */
export interface TensorValues {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: tf.TypedArray;
}

/** What `prepare` makes of a raw batch, read and disposed. Internal. */
export async function prepared(
  { built }: Pick<ModalityAtWork, 'built'>,
  raw: unknown,
  rng: Rng = createRng(0).fold('prepare'),
): Promise<Readonly<Record<string, TensorValues>>> {
  let batch: Batch | undefined;
  const kept = tf.tidy(() => {
    batch = built.prepare(raw, { rng, step: 0, epoch: 0 });
    if (typeof batch !== 'object' || (batch as unknown) === null || batch instanceof tf.Tensor)
      fail('`prepare` must give an object of named tensors and lists of tensors, such as { views: [a, b] }');
    for (const [name, value] of Object.entries(batch))
      for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value])
        if (one !== undefined && !(one instanceof tf.Tensor)) fail(`\`${name}\` of \`prepare\` must be a tensor or a list of tensors`);
    return namedTensors(batch).map(([, tensor]) => tensor);
  });
  try {
    const named = namedTensors(batch!);
    if (named.length === 0) fail('`prepare` must give at least one tensor, got none');
    return Object.fromEntries(
      await Promise.all(
        named.map(async ([name, tensor]) => {
          if (tensor.isDisposed) fail(`\`${name}\` of \`prepare\` is disposed`);
          const { dtype, shape } = tensor;
          return [name, { dtype, shape, values: (await tensor.data()).slice() }] as const;
        }),
      ),
    );
  } finally {
    tf.dispose(kept);
  }
}

/** Features with a check of what every caller counts on. Internal. */
export async function encoded(
  { plan, encoding }: Pick<ModalityAtWork, 'plan' | 'encoding'>,
  { encoder, samples, indices, what = '`encode`' }: { encoder: AnyModule; samples: Samples; indices?: readonly number[]; what?: string },
): Promise<Features> {
  const found = await plan.modality.encode(encoder, samples, { ...encoding, stage: 'Encoding', indices });
  const { data, shape, indices: rows } = found;
  if (!((data as unknown) instanceof Float32Array)) fail(`${what}: \`data\` must be a Float32Array, got ${typeof data}`);
  if (!((rows as unknown) instanceof Int32Array)) fail(`${what}: \`indices\` must be an Int32Array: the sample of each row`);
  if (shape.length !== 2 || data.length !== shape[0] * shape[1] || rows.length !== shape[0])
    fail(
      `${what} must give one row per sample: \`shape\` [rows, columns], rows · columns numbers and an index for each row; got shape [${shape.join(', ')}], ${data.length} numbers and ${rows.length} indices`,
    );
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) fail(`${what} must give finite features, got ${data[bad]!} for sample ${rows[Math.floor(bad / shape[1])]!}`);
  return found;
}

/** One row of features. Internal. */
export const rowOf = ({ data, shape }: Pick<Features, 'data' | 'shape'>, row: number): Float32Array =>
  data.subarray(row * shape[1], (row + 1) * shape[1]);
