import { createRng, drawPermutation, SelfsupError } from '@selfsup/core';
import { linearProbe } from '@selfsup/evaluate';
import { encodeBank, hasLabels, voteByNeighbors, type EncodedSamples } from './knn-probe.ts';
import { elsewhere } from './run-file.ts';
import type { LoadedEncoder } from './load-encoder.ts';
import type { AnyModule, LabelSource, OpenedSamples } from './modality.ts';
import { parseOptions, type OptionSchema } from './option-schema.ts';
import { silentProgress, type Progress } from './progress.ts';

/** Which data an encoder is judged or used with. */
export interface DataChoice {
  /** Other data than the run's; in memory or a path. */
  readonly data?: unknown;
  /** Samples to be judged by, where they lie elsewhere. */
  readonly testData?: unknown;
  /** A file of labels for samples that have none, or in place of theirs. */
  readonly labels?: string | LabelSource | undefined;
  /** Options of the modality for these data, such as `textColumn`, over those of the run. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** At most so many training samples; default as the run. */
  readonly limit?: number | undefined;
  /** At most so many test samples; default as the run. */
  readonly testLimit?: number | undefined;
  /** Share of the samples to be held out where there is no part to judge by; 0: none, to learn from all. Default as the run. */
  readonly testFraction?: number | undefined;
  /** The samples are wanted as a run takes them, to classify each as a whole, such as videos; default false. */
  readonly whole?: boolean | undefined;
}

/** The options of an encoder's modality with others over them, checked. Internal. */
export function optionsOver(
  { modality, options }: Pick<LoadedEncoder, 'modality' | 'options'>,
  more?: Readonly<Record<string, unknown>>,
): object {
  if (!more) return options;
  return parseOptions<object>(modality.options as OptionSchema, { ...options, ...more }, { who: `data of the kind ${modality.name}` });
}

/**
 * Opens samples for an encoder: those of its run, or others.
 *
 * @param encoder from `loadEncoder`
 * @param choice see {@link DataChoice}; with other data the run's limits do not hold
 * @returns the samples
 * @throws SelfsupError `SELFSUP_DATA` when there is nothing to open, or the encoder does not take it
 */
export async function openSamplesFor(encoder: LoadedEncoder, choice: DataChoice = {}): Promise<OpenedSamples> {
  const { run, settings, modality, openContext } = encoder;
  const own = choice.data === undefined;
  if (own && (!run || run.data === '(in memory)' || run.data === elsewhere))
    throw new SelfsupError(
      'SELFSUP_DATA',
      `this encoder learned from data ${run?.data === '(in memory)' ? 'in memory, which is not there any more' : 'that its file does not name'}; give \`data\``,
    );
  return modality.openSamples(
    {
      data: own ? run!.data : choice.data,
      own,
      whole: choice.whole,
      testData: choice.testData,
      labels: choice.labels,
      options: optionsOver(encoder, choice.options),
      given: choice.options,
      seed: settings.seed,
      testFraction: choice.testFraction ?? settings.testFraction,
      limit: choice.limit ?? (own ? settings.limit : undefined),
      testLimit: choice.testLimit ?? (own ? settings.testLimit : undefined),
      input: encoder.input,
    },
    openContext,
  );
}

/** Who is judged: the trained encoder and, with baselines, what it is compared with. */
type Subject = readonly [name: string, module: AnyModule];

/**
 * Judges the trained encoder and, with baselines, what it is compared with. Internal.
 *
 * @param encoder from `loadEncoder`
 * @param options `baselines` and what the run started from; `networks`: judge the networks themselves rather than what reads their features
 * @param judge what is found of one
 * @returns by `trained`, and with baselines the raw input, `untrained` and `start`; of networks only `untrained`
 */
export async function judgeEach<T>(
  encoder: LoadedEncoder,
  { baselines, start, networks = false }: { baselines: boolean; start?: AnyModule | undefined; networks?: boolean },
  judge: (subject: Subject) => Promise<T>,
): Promise<Record<string, T>> {
  const { features, module, modality } = encoder;
  const found: Record<string, T> = { trained: await judge(['trained', networks ? module : features]) };
  if (!baselines) return found;
  if (modality.rawInput && !networks) found[modality.rawInput.name] = await judge([modality.rawInput.name, modality.rawInput.encoder]);
  const untrained = encoder.createUntrained();
  try {
    found['untrained'] = await judge(['untrained', networks ? untrained.encoder : untrained.features]);
  } finally {
    untrained.encoder.dispose();
  }
  if (start) found['start'] = await judge(['start', start]);
  return found;
}

/** Throws unless both parts have labels. Internal. */
export function assertLabels(samples: OpenedSamples, { modality }: LoadedEncoder): void {
  if (!hasLabels(samples))
    throw new SelfsupError(
      'SELFSUP_DATA',
      `there are no labels for both training and test ${samples.unit} in ${samples.name}; give ${modality.labeledData ?? 'data with labels'}`,
    );
}

/** Options of {@link evaluateKnn}. */
export interface EvaluateKnnOptions {
  /** Neighbors that vote, ≥ 1; default that of the run. */
  k?: number | undefined;
  /** Softmax scale of the votes, > 0; default that of the run. */
  temperature?: number | undefined;
  /** Whether principal directions of the bank are compared, see `whiten` of `@selfsup/evaluate`; default that of the run. */
  whitening?: boolean | undefined;
  /** Also judge the raw input and the untrained encoder; default false. */
  baselines?: boolean | undefined;
  /** What the run started from, the `features` of `createStartOf`: with baselines judged, too. */
  start?: AnyModule | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
}

/** What {@link evaluateKnn} finds: percentages by `trained`, and with baselines `untrained`, the raw input and `start`. */
export interface KnnEvaluation {
  /** In percent, by what was judged: the trained encoder and, where asked for, the baselines. */
  readonly accuracy: Readonly<Record<string, number>>;
  /** Neighbors that voted. */
  readonly k: number;
  /** Softmax scale of the votes. */
  readonly temperature: number;
  /** Training samples that could vote. */
  readonly bank: number;
  /** Test samples that were classified. */
  readonly test: number;
}

/**
 * Classifies test samples by the votes of the nearest training samples, weighted by similarity.
 *
 * @param encoder from `loadEncoder`
 * @param samples from {@link openSamplesFor}; both parts need labels
 * @param options see {@link EvaluateKnnOptions}
 * @returns see {@link KnnEvaluation}
 * @throws SelfsupError `SELFSUP_OPTION` on a number out of range, `SELFSUP_DATA` without labels
 */
export async function evaluateKnn(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  options: EvaluateKnnOptions = {},
): Promise<KnnEvaluation> {
  const { settings, input } = encoder;
  const { k = settings.knnK, temperature = settings.knnTemperature, baselines = false, progress = silentProgress } = options;
  const { whitening = settings.knnWhitening } = options;
  if (!Number.isSafeInteger(k) || k < 1) throw new SelfsupError('SELFSUP_OPTION', `evaluateKnn: \`k\` must be an integer >= 1, got ${k}`);
  if (!(temperature > 0) || temperature === Infinity)
    throw new SelfsupError('SELFSUP_OPTION', `evaluateKnn: \`temperature\` must be a number > 0, got ${temperature}`);
  assertLabels(samples, encoder);
  const { train, test } = samples;
  const votes = { ...settings, knnK: k, knnTemperature: temperature, knnWhitening: whitening };
  const context = { modality: encoder.modality, train, test, settings: votes, encoding: { input, files: encoder.files, progress } };
  let bank = 0;
  const accuracy = await judgeEach(encoder, { baselines, start: options.start }, async ([name, module]) => {
    const encoded = await encodeBank(module, context, name);
    bank = encoded.bank.features.shape[0];
    return voteByNeighbors(encoded, votes);
  });
  return { accuracy, k, temperature, bank, test: test!.length };
}

/** Options of {@link evaluateLinearProbe}. */
export interface EvaluateLinearProbeOptions {
  /** Penalties on the weights, each ≥ 0; of several, a fifth of the training samples decides. Default `auto` of `linearProbe`: ten, by cross-validation. */
  l2?: readonly number[] | undefined;
  /** At most so many steps of L-BFGS per classifier; an integer ≥ 1, default 300. */
  maxIterations?: number | undefined;
  /** Also judge the raw input and the untrained encoder; default false. */
  baselines?: boolean | undefined;
  /** What the run started from, the `features` of `createStartOf`: with baselines judged, too. */
  start?: AnyModule | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
}

/** What a linear classifier on the features of an encoder reaches; accuracies in percent. */
export interface LinearFinding {
  /** On the test samples, in percent. */
  readonly accuracy: number;
  /** On the training samples, in percent. */
  readonly trainAccuracy: number;
  /** The penalty on the weights: the one given, or the best on the training samples that were held out. */
  readonly l2: number;
  /** Whether the optimum was reached within the iterations. */
  readonly converged: boolean;
}

interface Labeled {
  readonly features: { readonly data: Float32Array; readonly shape: readonly [number, number] };
  readonly labels: Int32Array;
}

const withLabels = ({ samples, features }: EncodedSamples): Labeled => ({
  features,
  labels: features.indices.map((index) => samples.labels![index]!),
});

function pick({ features, labels }: Labeled, rows: readonly number[]): Labeled {
  const dim = features.shape[1];
  const data = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    data.set(features.data.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return { features: { data, shape: [rows.length, dim] }, labels: Int32Array.from(rows, (row) => labels[row]!) };
}

/** The best penalty on a fifth of the training samples; of equals the larger one. */
async function chooseL2(
  train: Labeled,
  options: { seed: number; l2: readonly number[]; fit: (from: Labeled, to: Labeled, l2: number) => Promise<{ accuracy: number }> },
): Promise<number> {
  const { seed, fit } = options;
  const order = [...drawPermutation(createRng(seed).fold('linear probe'), train.labels.length)];
  const held = Math.max(1, Math.floor(order.length / 5));
  const [validation, rest] = [pick(train, order.slice(0, held)), pick(train, order.slice(held))];
  let best = { accuracy: -1, l2: 0 };
  for (const l2 of [...options.l2].sort((a, b) => b - a)) {
    const { accuracy } = await fit(rest, validation, l2);
    if (accuracy > best.accuracy) best = { accuracy, l2 };
  }
  return best.l2;
}

/**
 * Classifies test samples by a linear classifier on the features of the training samples; the encoder stays as it is.
 *
 * @param encoder from `loadEncoder`
 * @param samples from {@link openSamplesFor}; both parts need labels
 * @param options see {@link EvaluateLinearProbeOptions}
 * @returns findings by `trained`, and with baselines `untrained`, the raw input and, where it is given, `start`
 * @throws SelfsupError `SELFSUP_OPTION` on a number out of range, `SELFSUP_DATA` without labels or with fewer than 2 training samples
 */
export async function evaluateLinearProbe(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  options: EvaluateLinearProbeOptions = {},
): Promise<Readonly<Record<string, LinearFinding>>> {
  const { l2: penalties, maxIterations = 300, baselines = false, progress = silentProgress } = options;
  if (penalties && (penalties.length === 0 || !penalties.every((value) => value >= 0 && value < Infinity)))
    throw new SelfsupError('SELFSUP_OPTION', `evaluateLinearProbe: \`l2\` must be numbers >= 0, got ${penalties.join(', ')}`);
  if (!Number.isSafeInteger(maxIterations) || maxIterations < 1)
    throw new SelfsupError('SELFSUP_OPTION', `evaluateLinearProbe: \`maxIterations\` must be an integer >= 1, got ${maxIterations}`);
  assertLabels(samples, encoder);
  const { modality, input, files } = encoder;
  const settings = { ...encoder.settings, knnBank: Infinity };
  const context = { modality, train: samples.train, test: samples.test, settings, encoding: { input, files, progress } };
  return judgeEach(encoder, { baselines, start: options.start }, async ([name, module]) => {
    const encoded = await encodeBank(module, context, name);
    const [train, test] = [withLabels(encoded.bank), withLabels(encoded.test!)];
    if (train.labels.length < 2)
      throw new SelfsupError('SELFSUP_DATA', `a linear probe needs at least 2 training ${samples.unit}, got ${train.labels.length}`);
    const numClasses =
      train.labels.reduce(
        (most, label) => Math.max(most, label),
        test.labels.reduce((most, label) => Math.max(most, label), 0),
      ) + 1;
    const stage = progress.stage(`Fitting linear classifiers (${name})`, {
      total: penalties && penalties.length > 1 ? penalties.length + 1 : 1,
      unit: 'fits',
    });
    let fits = 0;
    const fit = async (from: Labeled, to: Labeled, l2: number | 'auto') => {
      const found = await linearProbe({ ...from, queries: to.features, queryLabels: to.labels, l2, numClasses, maxIterations });
      stage.update(++fits);
      return found;
    };
    const wanted = penalties && penalties.length > 1 ? await chooseL2(train, { seed: settings.seed, l2: penalties, fit }) : penalties?.[0];
    const { accuracy, trainAccuracy, converged, l2 } = await fit(train, test, wanted ?? 'auto');
    stage.end();
    return { accuracy: 100 * accuracy, trainAccuracy: 100 * trainAccuracy, l2, converged };
  });
}
