import { createRng, SelfsupError, type Schedule } from '@selfsup/core';
import { createLoader, type Loader } from '@selfsup/data';
import type { TokenRows } from '@selfsup/data/text';
import { adamW, chain, clipByGlobalNorm, noDecayOnNorms, warmupLinear } from '@selfsup/optim';
import { createTrainer, type Trainer } from '@selfsup/trainer';
import { optimizerBuilder, type RunConfig } from '../options/define-run.ts';
import { toBatch } from './held-out.ts';
import type { OpenedText } from './open-text.ts';
import { textEncoders } from './registry-text-encoders.ts';
import { textTasks, type TokenBatch } from './registry-text-tasks.ts';
import type { TextSettings } from './text-settings.ts';

/** All that `fit` needs, built from the settings. */
export interface TextRun {
  readonly trainer: Trainer<TokenBatch>;
  readonly loader: Loader<TokenRows>;
  readonly prepare: (rows: TokenRows) => TokenBatch;
  readonly learningRate: Schedule;
  readonly accumulate: number;
  /** Updates per epoch. */
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/**
 * Builds a run on text: encoder, head, task, masks, optimizer and loader.
 *
 * @param settings the complete settings
 * @param options `text`, and the functions of the config
 * @returns see {@link TextRun}; dispose its trainer
 * @throws SelfsupError `SELFSUP_OPTION` when the batch is larger than the data, or an option of encoder or task is out of range
 */
export function createTextRun(settings: TextSettings, options: { text: OpenedText; config: Pick<RunConfig, 'optimizer'> }): TextRun {
  const { text, config } = options;
  const { tokenizer, train } = text;
  const { batchSize, accumulate, epochs, seed, length } = settings;
  if (batchSize > train.length)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `--batch-size ${batchSize} is larger than the ${train.length} training sequences of ${settings.data}; use a smaller one, a shorter --length, or more text`,
    );
  const { vocabularySize } = tokenizer;
  const backbone = textEncoders.get(settings.encoder)({ vocabularySize, length, options: settings.encoderOptions });
  const task = textTasks.get(settings.task).create({ backbone, tokenizer, settings });
  const loader = createLoader(train, { batchSize, rng: createRng(seed).fold('loader') });
  const stepsPerEpoch = Math.ceil(loader.stepsPerEpoch / accumulate);
  const totalSteps = epochs * stepsPerEpoch;
  const warmupSteps = Math.round(settings.warmupFraction * totalSteps);
  const learningRate = warmupLinear({ peak: settings.learningRate, totalSteps, warmupSteps });
  const optimizer =
    optimizerBuilder(config)?.({ learningRate, totalSteps, stepsPerEpoch }) ??
    chain(
      clipByGlobalNorm(settings.clipNorm),
      adamW({
        learningRate,
        weightDecay: settings.weightDecay,
        epsilon: 1e-6,
        biasCorrection: settings.adamVariant === 'standard',
        mask: noDecayOnNorms,
      }),
    );
  const trainer = createTrainer({ task, optimizer, totalSteps, seed });
  return { trainer, loader, prepare: toBatch, learningRate, accumulate, stepsPerEpoch, totalSteps };
}
