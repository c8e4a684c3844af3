import { createRng, SelfsupError, type Rng, type VariableMap } from '@selfsup/core';
import type { LabelledText } from '@selfsup/data/node';
import type { Tokenizer } from '@selfsup/data/text';
import { loadWeights, type SavedWeights } from '@selfsup/encoders';
import {
  fineTune,
  labelEfficiencyCurve,
  poolTokens,
  selectExamples,
  tokenClassification,
  type FineTuneOptions,
  type LabelCurveRow,
  type LabelEfficiencyCurveOptions,
  type TokenEncoder,
  type TokenInput,
} from '@selfsup/evaluate';

/** An encoder of token sequences whose weights can be read and written. */
export type TextEncoder = TokenEncoder & { readonly buffers: VariableMap; dispose(): void };

/** How each of the trainings goes; see `fineTune` of @selfsup/evaluate. */
type Training = Pick<
  FineTuneOptions<TokenInput>,
  'epochs' | 'minSteps' | 'batchSize' | 'learningRate' | 'weightDecay' | 'signal' | 'onStep'
>;

/** Options of {@link fineTuneText}. */
export interface FineTuneTextOptions extends Training, Pick<LabelEfficiencyCurveOptions, 'counts' | 'seeds' | 'balance' | 'onTrial'> {
  /** Makes encoders such as `bertTiny({ vocabularySize })` does. */
  encoderFactory: (rng: Rng) => TextEncoder;
  /** What was pretrained, by the paths of the encoder (`embeddings/word/weight`, …); default none. */
  weights?: SavedWeights;
  /** The tokenizer of the pretraining. */
  tokenizer: Tokenizer;
  /** The texts of which some or all have labels. */
  train: Pick<LabelledText, 'texts' | 'labels' | 'classNames'>;
  /** The texts that are classified; labels by the classes of `train`. */
  test: Pick<LabelledText, 'texts' | 'labels'>;
  /** Where the encoders start; default `pretrained` and `scratch` with weights, `scratch` without. */
  arms?: readonly ('pretrained' | 'scratch')[];
  /** The learning rate of the arm `scratch`; default that of both. */
  scratchLearningRate?: number;
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
  const { weightDecay, signal, onStep, seeds, balance, onTrial } = options;
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
  const armOf = (arm: 'pretrained' | 'scratch'): LabelEfficiencyCurveOptions['arms'][string] => {
    return async ({ indices, seed }) => {
      const encoder = encoderFactory(createRng(seed).fold('encoder'));
      try {
        if (arm === 'pretrained' && weights) loadWeights(encoder, weights);
        const { accuracy } = await fineTune({
          ...trainings,
          ...(onStep && { onStep }),
          encoder: poolTokens(encoder, { pooling }),
          train: indices.length === all.labels.length ? all : selectExamples(all, indices),
          test: tested,
          learningRate: arm === 'scratch' ? scratchLearningRate : learningRate,
          seed,
        });
        return accuracy;
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
