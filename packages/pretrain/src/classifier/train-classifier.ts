import { countOf, createRng, SelfsupError } from '@selfsup/core';
import { loadWeights, saveWeights } from '@selfsup/encoders';
import {
  calibration,
  chooseLearningRate,
  confusionMatrix,
  crossValidatedLogits,
  fineTune,
  fitLinearClassifier,
  fitTemperature,
  labelSubset,
  linearLogits,
  selectExamples,
  softmaxRows,
  type FeatureMatrix,
  type LinearClassifier,
} from '@selfsup/evaluate';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { AnyModule, OpenedSamples } from '../modality.ts';
import { silentProgress, type Progress } from '../progress.ts';
import type { Samples } from '../samples.ts';
import { version } from '../version.ts';
import { encodeToClassify, type Classifier } from './classifier.ts';
import { assertClassifierName, type ClassifierDescription, type ClassifierJudgement } from './classifier-description.ts';
import { encodeClassifier } from './classifier-file.ts';
import { encoderHash } from './encoder-hash.ts';
import { chooseLabels, resolveLabelCount, type LabelCount } from './label-counts.ts';
import { classifierOn, fineTunedFeatures } from './load-classifier.ts';
import { mixingOf } from './mixing-of.ts';

/** Options of {@link trainClassifier}. */
export interface TrainClassifierOptions {
  /** What it is called; letters, digits, `.`, `_` and `-`. */
  name: string;
  /** `linear` (default): a linear classifier on the features of the encoder, which stays as it is. `full`: the encoder is trained with it. */
  method?: 'linear' | 'full' | undefined;
  /** How many of the labels; default `'all'`. Samples of the training part whose labels are not used judge it where there is no test part. */
  count?: LabelCount | undefined;
  /** Chooses the labels, and decides the training; default 0. */
  seed?: number | undefined;
  /** Least probability of a prediction that holds, in [0, 1]; default 0: all hold. */
  threshold?: number | undefined;
  /** `linear`: the penalty on the weights, ≥ 0; default `'auto'`, of ten the best by cross-validation. */
  l2?: number | 'auto' | undefined;
  /** `linear`: at most so many steps of L-BFGS, an integer ≥ 1; default 300. */
  maxIterations?: number | undefined;
  /** `full`: passes over the labels, ≥ 1; default that of the modality. */
  epochs?: number | undefined;
  /** `full`: at least so many updates, in more passes where labels are few; default that of the modality. */
  minSteps?: number | undefined;
  /** `full`: samples in an update, ≥ 1; default that of the modality. */
  batchSize?: number | undefined;
  /** `full`: the highest rate; of several the one that is best on a fifth of the labels. Default that of the modality. */
  learningRates?: readonly number[] | undefined;
  /** `full`, images: mixup with weights from Beta(mixup, mixup), > 0, such as 0.2; default without. */
  mixup?: number | undefined;
  /** `full`, images: cutmix with areas from Beta(cutmix, cutmix), > 0, such as 1; with both, one of them by chance in each update. Default without. */
  cutmix?: number | undefined;
  /** `full`: options of the modality's fine-tuning, such as `pooling` on text. */
  options?: Readonly<Record<string, unknown>> | undefined;
  /** Where the labels come from, such as `labels.csv`; default from the data. */
  labelsFrom?: string | undefined;
  /** Stops before the next batch; the promise is rejected with the signal's reason then. */
  signal?: AbortSignal | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
}

/** The samples that judged a classifier, with what it said of them. */
export interface JudgedSamples {
  /** Where they are. */
  readonly samples: Samples;
  /** `[rows]`: which of them. */
  readonly indices: Int32Array;
  /** `[rows]`: the true classes. */
  readonly labels: Int32Array;
  /** Float32 `[rows, numClasses]`. */
  readonly probabilities: FeatureMatrix;
  /** The same as they would be with temperature 1. */
  readonly uncalibrated: FeatureMatrix;
}

/** What {@link trainClassifier} gives. */
export interface TrainedClassifier {
  /** What `classifier.json` is to say. */
  readonly description: ClassifierDescription;
  /** The content of `classifier.safetensors`. */
  readonly bytes: Uint8Array;
  /** Ready to predict; it uses the encoder, so dispose it first. */
  readonly classifier: Classifier;
  /** What it was judged by; absent where there was nothing. */
  readonly judged?: JudgedSamples;
}

/** Labeled samples that can be read, with the features of each. */
interface Labeled {
  readonly samples: Samples;
  readonly indices: Int32Array;
  readonly labels: Int32Array;
}

/** What one of the methods finds. */
interface Found {
  readonly head: LinearClassifier;
  readonly module?: AnyModule;
  readonly temperature: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** Logits of labels by classifiers that have not seen them, and which of the chosen they are of; absent where there are none. */
  readonly unseen?: { readonly logits: FeatureMatrix; readonly rows: Int32Array; readonly by: 'cross-validation' | 'held-out part' };
}

const labelsAt = (labels: Int32Array, indices: Int32Array) => indices.map((index) => labels[index]!);

function takeRows({ data, shape: [, dim] }: FeatureMatrix, rows: Int32Array): FeatureMatrix {
  const taken = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) taken.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  return { data: taken, shape: [rows.length, dim] };
}

/** The names of the classes: those of the data, or their numbers. Internal. */
export function classesOf({ train, test, name }: OpenedSamples): readonly string[] {
  const most = [train, test].flatMap((part) => [...(part?.labels ?? [])]).reduce((a, b) => Math.max(a, b), -1);
  return train.classNames ?? Array.from({ length: most + 1 }, (_, i) => (name === '' ? `class ${i}` : `${i}`));
}

function checkLabels(labels: Int32Array, classes: readonly string[], { name, unit }: OpenedSamples): void {
  const found = new Set(labels);
  if (found.size < 2)
    throw new SelfsupError(
      'SELFSUP_DATA',
      labels.length === 0
        ? `there are no labels in ${name}; give labeled ${unit}: in folders by class, or with a table of their labels`
        : `${labels.length === 1 ? `the only labeled one of the ${unit}` : `all ${countOf(labels.length, `labeled ${unit}`)}`} of ${name} ${labels.length === 1 ? 'is' : 'are'} of one class, '${classes[labels[0]!] ?? labels[0]}'; a classifier needs at least two`,
    );
}

/** The head with weights as the file keeps them: float32. */
const asKept = ({ mean, deviation, kernel, bias }: LinearClassifier): LinearClassifier => ({
  mean: Float32Array.from(mean),
  deviation: Float32Array.from(deviation),
  kernel: Float32Array.from(kernel),
  bias: Float32Array.from(bias),
});

/** Of a few labels that were all right, no certainty follows: the rule of succession. */
const temperatureOf = (logits: FeatureMatrix, labels: ArrayLike<number>): number =>
  fitTemperature(logits, labels, { smoothing: 1 / (labels.length + 2) });

async function fitLinear(
  features: FeatureMatrix,
  labels: Int32Array,
  { numClasses, options }: { numClasses: number; options: TrainClassifierOptions },
): Promise<Found> {
  const { l2: asked = 'auto', maxIterations = 300, progress = silentProgress } = options;
  const stage = progress.stage('Fitting a linear classifier', { total: 2, unit: 'steps' });
  try {
    const fit = { features, labels, numClasses, maxIterations };
    const { classifier, l2, converged } = await fitLinearClassifier({ ...fit, l2: asked });
    stage.update(1);
    const { logits, indices: rows } = await crossValidatedLogits({ ...fit, l2 });
    stage.update(2);
    const unseen = rows.length > 0 ? { logits, rows, by: 'cross-validation' as const } : undefined;
    return {
      head: asKept(classifier),
      temperature: unseen ? temperatureOf(logits, labelsAt(labels, rows)) : 1,
      settings: { l2, converged },
      options: {},
      ...(unseen && { unseen }),
    };
  } finally {
    stage.end();
  }
}

async function fitFull(
  encoder: LoadedEncoder,
  labeled: Labeled,
  { numClasses, options }: { numClasses: number; options: TrainClassifierOptions },
): Promise<Found & { readonly module: AnyModule }> {
  const { modality, input, files } = encoder;
  const { seed = 0, signal, options: own = {}, progress = silentProgress } = options;
  const { fineTuning } = modality;
  fineTunedFeatures(encoder, encoder.module, own); // refuses what cannot be fine-tuned, and options that are not there
  const { defaults } = fineTuning!;
  const { epochs = defaults.epochs, minSteps = defaults.minSteps, batchSize = defaults.batchSize } = options;
  const { learningRates = [defaults.learningRate] } = options;
  const read = { input, files, progress, stage: 'Reading labeled samples', indices: labeled.indices, signal };
  const examples = { ...(await fineTuning!.examples(labeled.samples, read)), numClasses };
  const weights = await saveWeights(encoder.module);
  const make = () => {
    const module = encoder.create(createRng(seed).fold('encoder'));
    try {
      loadWeights(module, weights);
      return { module, tuned: { ...fineTuning!.encoder(module, own), dispose: () => { module.dispose(); } } }; // prettier-ignore
    } catch (error) {
      module.dispose();
      throw error;
    }
  };
  const count = examples.labels.length;
  const held = count < 2 ? 0 : Math.min(count - 1, Math.max(1, Math.round(count / 5)));
  const stage = progress.stage('Fine-tuning', {
    total: (learningRates.length > 1 ? learningRates.length : 0) + (held > 0 ? 2 : 1),
    unit: 'trainings',
  });
  let done = 0;
  const { mixup, cutmix } = options;
  const mixing = mixingOf(modality, { mixup, cutmix });
  const training = { epochs, minSteps, batchSize, seed, ...mixing, ...(signal && { signal }) };
  try {
    const { learningRate } = await chooseLearningRate({
      ...training,
      train: examples,
      makeEncoder: () => make().tuned,
      learningRates,
      onTrial: () => {
        stage.update(++done);
      },
    });
    let temperature = 1;
    let unseen: Found['unseen'];
    if (held > 0) {
      const rng = createRng(seed).fold('calibration');
      const rows = labelSubset(examples.labels, { count: held, rng, balance: 'proportional' }).sort();
      const chosen = new Set(rows);
      const rest = Int32Array.from({ length: count }, (_, i) => i).filter((i) => !chosen.has(i));
      const { tuned } = make();
      try {
        const judge = selectExamples(examples, rows);
        const { logits } = await fineTune({
          ...training,
          learningRate,
          encoder: tuned,
          train: selectExamples(examples, rest),
          test: judge,
        });
        temperature = temperatureOf(logits, judge.labels);
        unseen = { logits, rows, by: 'held-out part' };
      } finally {
        tuned.dispose();
      }
      stage.update(++done);
    }
    const { module, tuned } = make();
    try {
      const { head, steps } = await fineTune({
        ...training,
        learningRate,
        encoder: tuned,
        train: examples,
        test: selectExamples(examples, [0]),
      });
      stage.update(++done);
      const dim = head.kernel.length / numClasses;
      return {
        head: { ...head, mean: new Float32Array(dim), deviation: new Float32Array(dim).fill(1) },
        module,
        temperature,
        settings: {
          learningRate,
          epochs,
          steps,
          batchSize,
          ...(mixup !== undefined && { mixup }),
          ...(cutmix !== undefined && { cutmix }),
        },
        options: own,
        ...(unseen && { unseen }),
      };
    } catch (error) {
      module.dispose();
      throw error;
    }
  } finally {
    stage.end();
  }
}

function judgementOf(judged: JudgedSamples, facts: Pick<ClassifierJudgement, 'by' | 'data'>): ClassifierJudgement {
  const { probabilities, uncalibrated, labels } = judged;
  const numClasses = probabilities.shape[1];
  const predictions = Int32Array.from(labels, (_, row) => {
    const of = probabilities.data.subarray(row * numClasses, (row + 1) * numClasses);
    return of.reduce((most, value, i) => (value > of[most]! ? i : most), 0);
  });
  const { counts, accuracy, balancedAccuracy } = confusionMatrix({ labels, predictions, numClasses });
  const { error, logLoss } = calibration({ probabilities, labels });
  return {
    ...facts,
    samples: labels.length,
    ...{ accuracy, balancedAccuracy, logLoss, calibrationError: error },
    uncalibratedError: calibration({ probabilities: uncalibrated, labels }).error,
    confusion: counts.map((row) => [...row]),
  };
}

/**
 * Makes a classifier that can be kept: of an encoder and labeled samples.
 *
 * @param encoder from `loadEncoder`; it stays as it is, and its readout decides the features of a linear classifier
 * @param samples from `openSamplesFor`; `train` needs labels of at least two classes
 * @param options see {@link TrainClassifierOptions}
 * @returns see {@link TrainedClassifier}; `keepClassifier` writes it
 * @throws SelfsupError `SELFSUP_DATA` without labels or with one class, `SELFSUP_OPTION` on an option out of range, or where the encoder cannot be fine-tuned
 * @remarks Judged by the test part, where there is one; or by labels of the training part that were not used; or by cross-validation of the labels themselves, of
 * `full` by a fifth of them. The probabilities are calibrated by labels that the classifier in question has not seen: of `linear` in five folds, of `full` by one
 * more training that leaves a fifth out.
 */
export async function trainClassifier(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  options: TrainClassifierOptions,
): Promise<TrainedClassifier> {
  const { name, method = 'linear', count = 'all', seed = 0, threshold = 0, labelsFrom, signal } = options;
  assertClassifierName(name);
  if (!(threshold >= 0 && threshold <= 1))
    throw new SelfsupError('SELFSUP_OPTION', `trainClassifier: \`threshold\` must be in [0, 1], got ${threshold}`);
  const { train, test, unit } = samples;
  const classes = classesOf(samples);
  checkLabels(train.labels ?? new Int32Array(0), classes, samples);
  const numClasses = classes.length;
  const network = { encoder, features: encoder.features };
  const encoded = await encodeToClassify(network, train, { stage: `Encoding labeled ${unit}`, signal });
  const allLabels = labelsAt(train.labels!, encoded.indices);
  const chosen = chooseLabels(allLabels, { count, seed });
  const labels = labelsAt(allLabels, chosen);
  checkLabels(labels, classes, samples);
  const labeled = { samples: train, indices: labelsAt(encoded.indices, chosen), labels };
  const found: Found =
    method === 'linear'
      ? await fitLinear(takeRows(encoded, chosen), labels, { numClasses, options })
      : await fitFull(encoder, labeled, { numClasses, options });
  const { head, module, temperature } = found;
  const disposeAll = () => module?.dispose();
  try {
    const features = module ? fineTunedFeatures(encoder, module, found.options) : encoder.features;
    /** Of samples that were not learned from. */
    const judge = async (
      part: Samples,
      indices?: Int32Array,
    ): Promise<Omit<JudgedSamples, 'labels' | 'probabilities' | 'uncalibrated'> & { logits: FeatureMatrix }> => {
      const seen = await encodeToClassify({ encoder, features }, part, { stage: `Judging by ${unit}`, indices, signal });
      return { samples: part, indices: seen.indices, logits: await linearLogits(head, seen) };
    };
    const used = new Set(chosen);
    const left = encoded.indices.filter((_, row) => !used.has(row));
    const by = test?.labels && test.length > 0 ? 'test' : left.length > 0 ? 'test' : found.unseen?.by;
    const raw =
      test?.labels && test.length > 0
        ? await judge(test)
        : left.length > 0
          ? await judge(train, left)
          : found.unseen && { samples: train, indices: labelsAt(labeled.indices, found.unseen.rows), logits: found.unseen.logits };
    const judged: JudgedSamples | undefined = raw && {
      samples: raw.samples,
      indices: raw.indices,
      labels: labelsAt(raw.samples.labels!, raw.indices),
      probabilities: softmaxRows(raw.logits, { temperature }),
      uncalibrated: softmaxRows(raw.logits),
    };
    const perClass = new Array<number>(numClasses).fill(0);
    for (const label of labels) perClass[label]!++;
    const { readout } = encoder;
    const description: ClassifierDescription = {
      format: 1,
      selfsup: version,
      name,
      kind: method === 'linear' ? 'linear-probe' : 'fine-tuned',
      classes: [...classes],
      modality: encoder.modality.name,
      encoder: { name: encoder.encoder.name, sha256: await encoderHash(encoder.module), step: encoder.step, origin: encoder.origin },
      readout: method === 'linear' ? { name: readout.readout, options: { ...readout.readoutOptions } } : { name: 'global', options: {} },
      options: { ...found.options },
      input: { ...encoder.input },
      temperature,
      threshold,
      trainedOn: {
        data: samples.name,
        ...(labelsFrom !== undefined && { labels: labelsFrom }),
        ...{ unit, samples: resolveLabelCount(count, allLabels), perClass, seed, settings: { ...found.settings } },
      },
      ...(judged && by && { judged: judgementOf(judged, { by, data: judged.samples.name }) }),
    };
    const parts = { description, head, ...(module && { encoder: await saveWeights(module) }) };
    return {
      description,
      bytes: await encodeClassifier(parts),
      classifier: await classifierOn(encoder, parts),
      ...(judged && { judged }),
    };
  } finally {
    disposeAll();
  }
}
