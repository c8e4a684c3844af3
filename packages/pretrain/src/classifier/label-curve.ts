import { createRng, SelfsupError } from '@selfsup/core';
import { loadWeights, saveWeights } from '@selfsup/encoders';
import {
  chooseLearningRate,
  fineTune,
  labelEfficiencyCurve,
  linearProbe,
  selectExamples,
  type FeatureMatrix,
  type LabelCurveRow,
  type LabelEfficiencyCurveOptions,
  type LearningRateChoice,
} from '@selfsup/evaluate';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { AnyModule, OpenedSamples } from '../modality.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { encodeToClassify } from './classifier.ts';
import { drawLabels, resolveLabelCount, type LabelCount } from './label-counts.ts';
import { mixingOf } from './mixing-of.ts';
import { classesOf } from './train-classifier.ts';

/** Which of several rates a training got. */
export interface ChosenRate extends LearningRateChoice {
  /** Where the network started: `pretrained` or `scratch`. */
  readonly arm: string;
  /** Labels used. */
  readonly count: number;
  /** The seed of the training. */
  readonly seed: number;
}

/** Options of {@link measureLabelCurve}. */
export interface MeasureLabelCurveOptions {
  /** `linear` (default): a linear classifier on the features of the encoder. `full`: the encoder is trained with it. */
  method?: 'linear' | 'full' | undefined;
  /** Also linear classifiers on the raw input, where the modality has one, and on the untrained encoder, read the same way; default false. */
  baselines?: boolean | undefined;
  /** Also on the encoder that the run started from, from `createStartOf`: the start alone. */
  start?: AnyModule | undefined;
  /** Also the same network trained from scratch on the labels; default false. */
  scratch?: boolean | undefined;
  /** How many labels; counts above what there is are all of them. Default `['all']`. */
  counts?: readonly LabelCount[] | undefined;
  /** One training for each, on labels of its own; default 0, 1, 2. */
  seeds?: readonly number[] | undefined;
  /** Penalty on the weights of linear classifiers; default `'auto'`. */
  l2?: number | 'auto' | undefined;
  /** Where networks are trained: passes over the labels, ≥ 1; default that of the modality. */
  epochs?: number | undefined;
  /** At least so many updates, in more passes where labels are few; default that of the modality. */
  minSteps?: number | undefined;
  /** Samples in an update, ≥ 1; default that of the modality. */
  batchSize?: number | undefined;
  /** The highest rate; of several each training gets the one that is best on a fifth of its labels. Default that of the modality. */
  learningRates?: readonly number[] | undefined;
  /** The same from scratch; default `learningRates`. */
  scratchLearningRates?: readonly number[] | undefined;
  /** Where networks are trained, on images: mixup with weights from Beta(mixup, mixup), > 0; default without. */
  mixup?: number | undefined;
  /** The same with cutmix; with both, one of them by chance in each update. */
  cutmix?: number | undefined;
  /** Options of the modality's fine-tuning, such as `pooling` on text. */
  options?: Readonly<Record<string, unknown>> | undefined;
  /** Stops before the next batch; the promise is rejected with the signal's reason then. */
  signal?: AbortSignal | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
  /** Called after each training. */
  onTrial?: LabelEfficiencyCurveOptions['onTrial'];
}

/** What {@link measureLabelCurve} finds. */
export interface MeasuredLabelCurve {
  /** A row for each count and each that is compared; `formatLabelCurve` of `@selfsup/evaluate` prints them. */
  readonly rows: readonly LabelCurveRow[];
  /** The rates that were chosen from several. */
  readonly rates: readonly ChosenRate[];
}

type Arm = LabelEfficiencyCurveOptions['arms'][string];

/** The parts of labeled samples that can be read. */
interface Parts {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

function takeRows({ data, shape: [, dim] }: FeatureMatrix, rows: Int32Array): FeatureMatrix {
  const taken = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) taken.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  return { data: taken, shape: [rows.length, dim] };
}

/** Arms that train a network on the labels. */
async function trainedArms(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  { names, parts, numClasses, rates, options, onDone }: { names: readonly ('pretrained' | 'scratch')[]; parts: Parts; numClasses: number; rates: ChosenRate[]; options: MeasureLabelCurveOptions; onDone: (arm: string, accuracy: number | undefined) => void }, // prettier-ignore
): Promise<Record<string, Arm>> {
  const { modality, input, files } = encoder;
  const { fineTuning } = modality;
  if (!fineTuning)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `encoders of the kind ${modality.name} cannot be fine-tuned; judge them by a linear classifier`,
    );
  const { defaults } = fineTuning;
  const { progress = silentProgress, signal, options: own = {}, learningRates = [defaults.learningRate] } = options;
  const { epochs = defaults.epochs, minSteps = defaults.minSteps, batchSize = defaults.batchSize } = options;
  const { scratchLearningRates = learningRates, mixup, cutmix } = options;
  const mixing = mixingOf(modality, { mixup, cutmix });
  const encoding = { input, files, progress, signal };
  const { unit, train, test } = samples;
  const read = async (part: typeof train, indices: Int32Array, stage: string) => ({
    ...(await fineTuning.examples(part, { ...encoding, stage, indices })),
    numClasses,
  });
  const all = await read(train, parts.train, `Reading labeled ${unit}`);
  const tested = await read(test!, parts.test, `Reading test ${unit}`);
  const weights = await saveWeights(encoder.module);
  const makeEncoder = (arm: string, seed: number) => {
    const module = encoder.create(createRng(seed).fold('encoder'));
    try {
      if (arm === 'pretrained') loadWeights(module, weights);
      return {
        ...fineTuning.encoder(module, own),
        dispose: () => {
          module.dispose();
        },
      };
    } catch (error) {
      module.dispose();
      throw error;
    }
  };
  const armOf =
    (arm: string): Arm =>
    async ({ indices, seed }) => {
      const labeled = indices.length === parts.train.length ? all : selectExamples(all, indices);
      const training = { epochs, minSteps, batchSize, ...mixing, ...(signal && { signal }), train: labeled, seed };
      const choice = await chooseLearningRate({
        ...training,
        makeEncoder: () => makeEncoder(arm, seed),
        learningRates: arm === 'scratch' ? scratchLearningRates : learningRates,
      });
      if (choice.trials.length > 0) rates.push({ ...choice, arm, count: indices.length, seed });
      const module = makeEncoder(arm, seed);
      try {
        const { accuracy } = await fineTune({ ...training, encoder: module, test: tested, learningRate: choice.learningRate });
        onDone(arm, accuracy);
        return accuracy;
      } finally {
        module.dispose();
      }
    };
  return Object.fromEntries(names.map((name) => [name, armOf(name)]));
}

/**
 * Measures what labels are worth: the accuracy of classifiers by the number of labels, with the pretrained encoder and with what it is compared with.
 *
 * @param encoder from `loadEncoder`; it stays as it is
 * @param samples from `openSamplesFor`; both parts need labels
 * @param options see {@link MeasureLabelCurveOptions}
 * @returns see {@link MeasuredLabelCurve}
 * @throws SelfsupError `SELFSUP_OPTION` when the modality cannot be fine-tuned or a number is out of range, `SELFSUP_DATA` without labels
 */
export async function measureLabelCurve(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  options: MeasureLabelCurveOptions = {},
): Promise<MeasuredLabelCurve> {
  const { method = 'linear', baselines = false, scratch = false, start, counts = ['all'], seeds = [0, 1, 2], l2 = 'auto' } = options;
  const { progress = silentProgress, signal, onTrial } = options;
  const { train, test, unit, name } = samples;
  if (!train.labels || !test?.labels)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `there are no labels for both training and test ${unit} in ${name}; give labeled data to learn from and to be judged by`,
    );
  const numClasses = classesOf(samples).length;
  const encode = async (features: AnyModule, what: string) => ({
    train: await encodeToClassify({ encoder, features }, train, { stage: `Encoding labeled ${unit} (${what})`, signal }),
    test: await encodeToClassify({ encoder, features }, test, { stage: `Encoding test ${unit} (${what})`, signal }),
  });
  const pretrained = await encode(encoder.features, 'pretrained');
  const parts: Parts = { train: pretrained.train.indices, test: pretrained.test.indices };
  const labels = parts.train.map((index) => train.labels![index]!);
  const testLabels = parts.test.map((index) => test.labels![index]!);
  const linear =
    (encoded: typeof pretrained): Arm =>
    async ({ indices }) => {
      signal?.throwIfAborted();
      const learned = { features: takeRows(encoded.train, indices), labels: indices.map((row) => labels[row]!) };
      const { accuracy } = await linearProbe({ ...learned, queries: encoded.test, queryLabels: testLabels, numClasses, l2 });
      return accuracy;
    };
  const arms: Record<string, Arm> = {};
  if (method === 'linear') arms['pretrained'] = linear(pretrained);
  if (baselines) {
    if (start) arms['the start alone'] = linear(await encode(start, 'the start alone'));
    const untrained = encoder.createUntrained();
    try {
      arms['untrained'] = linear(await encode(untrained.features, 'untrained'));
    } finally {
      untrained.encoder.dispose();
    }
    const { rawInput } = encoder.modality;
    if (rawInput) arms[rawInput.name] = linear(await encode(rawInput.encoder, rawInput.name));
  }
  const rates: ChosenRate[] = [];
  const names = [...(method === 'full' ? (['pretrained'] as const) : []), ...(scratch ? (['scratch'] as const) : [])];
  const asked = new Map(counts.map((count) => [resolveLabelCount(count, labels), count]));
  const sizes = [...asked.keys()];
  let working: ReturnType<Progress['stage']> | undefined;
  let done = 0;
  if (names.length > 0) {
    const onDone = (arm: string, accuracy: number | undefined) => {
      working?.update(++done, accuracy === undefined ? {} : { [arm]: `${(100 * accuracy).toFixed(1)} %` });
    };
    const trained = await trainedArms(encoder, samples, { names, parts, numClasses, rates, options, onDone });
    if (method === 'full') arms['pretrained'] = trained['pretrained']!;
    if (scratch) arms['scratch'] = trained['scratch']!;
    working = progress.stage('Fine-tuning', { total: names.length * sizes.length * seeds.length, unit: 'trainings' });
  }
  try {
    const rows = await labelEfficiencyCurve({
      labels,
      arms: Object.fromEntries(['pretrained', ...Object.keys(arms).filter((arm) => arm !== 'pretrained')].map((arm) => [arm, arms[arm]!])),
      counts: sizes.map((count) => (count === labels.length ? 'all' : count)),
      choose: (count, rng) => drawLabels(labels, { count: asked.get(count)!, rng }),
      seeds,
      ...(onTrial && { onTrial }),
    });
    return { rows, rates };
  } finally {
    working?.end();
  }
}
