import { countOf, SelfsupError } from '@selfsup/core';
import { saveWeights } from '@selfsup/encoders';
import { calibration, confusionMatrix, linearLogits, softmaxRows, type FeatureMatrix } from '@selfsup/evaluate';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { OpenedSamples } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { takeFeatures } from '../take-features.ts';
import { version } from '../version.ts';
import { encodeToClassify, type Classifier } from './classifier.ts';
import { assertClassifierName, type ClassifierDescription, type ClassifierJudgement } from './classifier-description.ts';
import { encodeClassifier } from './classifier-file.ts';
import { encoderHash } from './encoder-hash.ts';
import { fitFull } from './fit-full.ts';
import { fitLinear } from './fit-linear.ts';
import { labelsAt, type FoundHead } from './found-head.ts';
import { chooseLabels, resolveLabelCount } from './label-counts.ts';
import { classifierOn, fineTunedFeatures } from './load-classifier.ts';
import type { TrainClassifierOptions } from './train-classifier-options.ts';

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
  const found: FoundHead =
    method === 'linear'
      ? await fitLinear(takeFeatures(encoded, chosen), labels, { numClasses, options })
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
