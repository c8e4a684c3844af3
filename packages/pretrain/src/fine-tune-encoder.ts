import { createRng, SelfsupError } from '@selfsup/core';
import { loadWeights, saveWeights } from '@selfsup/encoders';
import {
  chooseLearningRate,
  fineTune,
  labelEfficiencyCurve,
  selectExamples,
  type LabelCurveRow,
  type LabelEfficiencyCurveOptions,
  type LearningRateChoice,
} from '@selfsup/evaluate';
import type { LoadedEncoder } from './load-encoder.ts';
import type { OpenedSamples } from './modality.ts';
import { silentProgress, type Progress } from './progress.ts';

/** Where an encoder starts. */
export type FineTuneArm = 'pretrained' | 'scratch';

/** Which of several rates a training got. */
export interface FineTuneRate extends LearningRateChoice {
  /** Where the encoder started. */
  readonly arm: FineTuneArm;
  /** Labels used. */
  readonly count: number;
  /** The seed of the training. */
  readonly seed: number;
}

/** Options of {@link fineTuneEncoder}. */
export interface FineTuneEncoderOptions {
  /** Where the encoders start; default `pretrained`. */
  arms?: readonly FineTuneArm[] | undefined;
  /** How many labels; counts above what there is are all of them. Default `'all'`. */
  counts?: readonly (number | 'all')[] | undefined;
  /** One training for each, on labels of its own; default 0, 1, 2. */
  seeds?: readonly number[] | undefined;
  /** Passes over the labels, ≥ 1; default that of the modality. */
  epochs?: number | undefined;
  /** At least so many updates, in more passes where labels are few; default that of the modality. */
  minSteps?: number | undefined;
  /** Samples in an update, ≥ 1; default that of the modality. */
  batchSize?: number | undefined;
  /** The highest rate; of several each training gets the one that is best on a fifth of its labels. Default that of the modality. */
  learningRates?: readonly number[] | undefined;
  /** The same for the arm `scratch`; default `learningRates`. */
  scratchLearningRates?: readonly number[] | undefined;
  /** Options of the modality's fine-tuning, such as `pooling` on text. */
  options?: Readonly<Record<string, unknown>> | undefined;
  /** Stops before the next batch; the promise is rejected with the signal's reason then. */
  signal?: AbortSignal | undefined;
  /** Shows progress; default none is shown. */
  progress?: Progress;
  /** Called after each training. */
  onTrial?: LabelEfficiencyCurveOptions['onTrial'];
}

/** What {@link fineTuneEncoder} finds. */
export interface FineTuning {
  /** A row for each count and arm; `formatLabelCurve` of `@selfsup/evaluate` prints them. */
  readonly rows: readonly LabelCurveRow[];
  /** The rates that were chosen from several. */
  readonly rates: readonly FineTuneRate[];
}

/**
 * Trains copies of an encoder together with a classifier on labeled samples, from pretrained weights or from scratch, with few and with all labels.
 *
 * @param encoder from `loadEncoder`; it stays as it is
 * @param samples from `openSamplesFor`; both parts need labels
 * @param options see {@link FineTuneEncoderOptions}
 * @returns see {@link FineTuning}
 * @throws SelfsupError `SELFSUP_OPTION` when the modality cannot be fine-tuned or a number is out of range, `SELFSUP_DATA` without labels
 */
export async function fineTuneEncoder(
  encoder: LoadedEncoder,
  samples: OpenedSamples,
  options: FineTuneEncoderOptions = {},
): Promise<FineTuning> {
  const { modality, input, files } = encoder;
  const { fineTuning } = modality;
  if (!fineTuning)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `encoders of the kind ${modality.name} cannot be fine-tuned; judge them by kNN or a linear probe`,
    );
  const { train, test, unit, name } = samples;
  if (!train.labels || !test?.labels)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${name} has no labels for both training and test ${unit}; give labeled data to learn from and to be judged by`,
    );
  const { defaults } = fineTuning;
  const { arms = ['pretrained'], counts = ['all'], seeds = [0, 1, 2], progress = silentProgress, signal, onTrial } = options;
  const { learningRates = [defaults.learningRate], scratchLearningRates = learningRates, options: own = {} } = options;
  const { epochs = defaults.epochs, minSteps = defaults.minSteps, batchSize = defaults.batchSize } = options;
  const encoding = { input, files, progress };
  const all = await fineTuning.examples(train, { ...encoding, stage: `Reading labeled ${unit}` });
  const tested = await fineTuning.examples(test, { ...encoding, stage: `Reading test ${unit}` });
  const weights = await saveWeights(encoder.module);
  const total = train.length;
  const sizes = new Set(counts.map((count) => (count === 'all' ? total : Math.min(count, total))));
  const ratesOf = (arm: FineTuneArm) => (arm === 'scratch' ? scratchLearningRates : learningRates);
  const trainings = arms.reduce((sum, arm) => sum + (ratesOf(arm).length > 1 ? ratesOf(arm).length + 1 : 1), 0) * sizes.size * seeds.length;
  const stage = progress.stage('Fine-tuning', { total: trainings, unit: 'trainings' });
  let done = 0;
  const makeEncoder = (arm: FineTuneArm, seed: number) => {
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
  const rates: FineTuneRate[] = [];
  const armOf =
    (arm: FineTuneArm): LabelEfficiencyCurveOptions['arms'][string] =>
    async ({ indices, seed }) => {
      const labeled = indices.length === total ? all : selectExamples(all, indices);
      const training = { epochs, minSteps, batchSize, ...(signal && { signal }), train: labeled, seed };
      const choice = await chooseLearningRate({
        ...training,
        makeEncoder: () => makeEncoder(arm, seed),
        learningRates: ratesOf(arm),
        onTrial: () => {
          stage.update(++done);
        },
      });
      if (choice.trials.length > 0) rates.push({ ...choice, arm, count: indices.length, seed });
      const module = makeEncoder(arm, seed);
      try {
        const { accuracy } = await fineTune({ ...training, encoder: module, test: tested, learningRate: choice.learningRate });
        stage.update(++done, { [arm]: `${(100 * accuracy).toFixed(1)} %` });
        return accuracy;
      } finally {
        module.dispose();
      }
    };
  try {
    const rows = await labelEfficiencyCurve({
      labels: train.labels,
      arms: Object.fromEntries(arms.map((arm) => [arm, armOf(arm)])),
      counts: [...sizes].map((count) => (count === total ? 'all' : count)),
      seeds,
      ...(onTrial && { onTrial }),
    });
    return { rows, rates };
  } finally {
    stage.end();
  }
}
