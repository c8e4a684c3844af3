import { createRng, SelfsupError, type Rng, type VariableMap } from '@selfsup/core';
import type { LabeledText } from '@selfsup/data/node';
import type { Tokenizer } from '@selfsup/data/text';
import { loadWeights, type SavedWeights } from '@selfsup/encoders';
import {
  chooseLearningRate,
  fineTune,
  labelEfficiencyCurve,
  poolTokens,
  selectExamples,
  tokenClassification,
  type FineTuneOptions,
  type LabelCurveRow,
  type LabelEfficiencyCurveOptions,
  type LearningRateChoice,
  type LearningRateTrial,
  type TokenEncoder,
  type TokenInput,
} from '@selfsup/evaluate';

/** An encoder of token sequences whose weights can be read and written. */
export type TextEncoder = TokenEncoder & { readonly buffers: VariableMap; dispose(): void };

/** How each of the trainings goes; see `fineTune` of @selfsup/evaluate. */
type Training = Pick<FineTuneOptions<TokenInput>, 'epochs' | 'minSteps' | 'batchSize' | 'weightDecay' | 'signal' | 'onStep'>;

/** Where an encoder starts. */
export type TextArm = 'pretrained' | 'scratch';

/** Which of several rates a training got. */
export interface TextRateChoice extends LearningRateChoice {
  readonly arm: TextArm;
  /** Labels used. */
  readonly count: number;
  readonly seed: number;
}

/** Options of {@link fineTuneText}. */
export interface FineTuneTextOptions extends Training, Pick<LabelEfficiencyCurveOptions, 'counts' | 'seeds' | 'balance' | 'onTrial'> {
  /** Makes encoders such as `bertTiny({ vocabularySize })` does. */
  encoderFactory: (rng: Rng) => TextEncoder;
  /** What was pretrained, by the paths of the encoder (`embeddings/word/weight`, …); default none. */
  weights?: SavedWeights;
  /** The tokenizer of the pretraining. */
  tokenizer: Tokenizer;
  /** The texts of which some or all have labels. */
  train: Pick<LabeledText, 'texts' | 'labels' | 'classNames'>;
  /** The texts that are classified; labels by the classes of `train`. */
  test: Pick<LabeledText, 'texts' | 'labels'>;
  /** Where the encoders start; default `pretrained` and `scratch` with weights, `scratch` without. */
  arms?: readonly TextArm[];
  /** The highest rate; of several each training gets the one that is best on a fifth of its labels, see `chooseLearningRate`. Default 3e-4. */
  learningRate?: number | readonly number[];
  /** The same for the arm `scratch`; default `learningRate`. */
  scratchLearningRate?: number | readonly number[];
  /** Called after each training that only compares rates. */
  onRateTrial?: (trial: LearningRateTrial) => void;
  /** Called when a rate was chosen from several. */
  onRate?: (choice: TextRateChoice) => void;
  /** Tokens in a sequence, special ones included; longer texts are cut off; default 128. */
  length?: number;
  /** What stands for a text: `'first'` (default), the state of [CLS], or `'mean'` over all tokens. */
  pooling?: 'first' | 'mean';
}

/**
 * Fine-tunes encoders on texts with classes, from pretrained weights and from scratch, with few and with all labels.
 *
 * @param options see {@link FineTuneTextOptions}; defaults: all labels, seeds 0, 1, 2, 4 epochs but at least 200 updates, batches of 32, rate 3e-4
 * @returns the rows of `labelEfficiencyCurve`, which `formatLabelCurve` prints
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the weights do not fit the encoder, and as `fineTune`, `labelEfficiencyCurve`
 * @remarks The learning rate is the highest of those that Turc et al. search for small BERTs, https://arxiv.org/abs/1908.08962, which the smallest need.
 */
export async function fineTuneText(options: FineTuneTextOptions): Promise<LabelCurveRow[]> {
  const { encoderFactory, weights, tokenizer, train, test, length = 128, pooling = 'first', counts = ['all'] } = options;
  const { epochs = 4, minSteps = 200, batchSize = 32, learningRate = 3e-4, scratchLearningRate = learningRate } = options;
  const { weightDecay, signal, onStep, seeds, balance, onTrial, onRateTrial, onRate } = options;
  const { arms = weights ? (['pretrained', 'scratch'] as const) : (['scratch'] as const) } = options;
  if (arms.includes('pretrained') && !weights)
    throw new SelfsupError('SELFSUP_OPTION', 'fineTuneText: `arms` must be scratch alone without `weights`, got pretrained');
  const padId = tokenizer.special.pad ?? tokenizer.special.separator ?? 0; // never attended
  const examples = ({ texts, labels }: FineTuneTextOptions['test']) =>
    tokenClassification({
      sequences: texts.map((text) => tokenizer.encode(text, { maxLength: length }).ids),
      labels,
      numClasses: train.classNames.length,
      padId,
      maxLength: length,
    });
  const [all, tested] = [examples(train), examples(test)];
  const trainings = { epochs, minSteps, batchSize, ...(weightDecay !== undefined && { weightDecay }), ...(signal && { signal }) };
  const makeEncoder = (arm: TextArm, seed: number) => {
    const encoder = encoderFactory(createRng(seed).fold('encoder'));
    try {
      if (arm === 'pretrained' && weights) loadWeights(encoder, weights);
    } catch (error) {
      encoder.dispose();
      throw error;
    }
    const dispose = () => {
      encoder.dispose();
    };
    return { ...poolTokens(encoder, { pooling }), dispose };
  };
  const armOf = (arm: TextArm): LabelEfficiencyCurveOptions['arms'][string] => {
    const learningRates = [arm === 'scratch' ? scratchLearningRate : learningRate].flat();
    return async ({ indices, seed }) => {
      const labeled = indices.length === all.labels.length ? all : selectExamples(all, indices);
      const training = { ...trainings, ...(onStep && { onStep }), train: labeled, seed };
      const choice = await chooseLearningRate({
        ...training,
        ...(onRateTrial && { onTrial: onRateTrial }),
        makeEncoder: () => makeEncoder(arm, seed),
        learningRates,
      });
      if (choice.trials.length > 0) onRate?.({ ...choice, arm, count: indices.length, seed });
      const encoder = makeEncoder(arm, seed);
      try {
        return (await fineTune({ ...training, encoder, test: tested, learningRate: choice.learningRate })).accuracy;
      } finally {
        encoder.dispose();
      }
    };
  };
  return labelEfficiencyCurve({
    labels: train.labels,
    arms: Object.fromEntries(arms.map((arm) => [arm, armOf(arm)])),
    counts,
    ...(seeds && { seeds }),
    ...(balance && { balance }),
    ...(onTrial && { onTrial }),
  });
}
