import type * as tf from '@tensorflow/tfjs-core';
import { simclrViews } from '@selfsup/augment';
import { createRng, SelfsupError, type Module, type Schedule } from '@selfsup/core';
import { createLoader, toImages, type ImagePixels, type Loader } from '@selfsup/data';
import { projectionHead } from '@selfsup/encoders';
import { createTrainer, sgd, type PrepareContext, type Trainer } from '@selfsup/trainer';
import { warmupCosine } from '../learning-rate.ts';
import type { OpenedData } from '../open-data.ts';
import type { RunConfig } from '../options/define-run.ts';
import type { RunSettings } from '../options/run-settings.ts';
import { encoders } from '../registry-encoders.ts';
import { tasks, type ViewsBatch } from '../registry-tasks.ts';

/** All that `fit` needs, built from the settings. */
export interface LearningRun {
  /** The task, its networks and the optimizer. */
  readonly trainer: Trainer<ViewsBatch>;
  /** The encoder within: what is evaluated and kept. */
  readonly backbone: Module<tf.Tensor4D, tf.Tensor2D>;
  /** Batches of images. */
  readonly loader: Loader;
  /** Makes the views of a batch. */
  readonly prepare: (pixels: ImagePixels, context: PrepareContext) => ViewsBatch;
  /** The learning rate of each step. */
  readonly learningRate: Schedule;
  /** Updates of the whole run. */
  readonly totalSteps: number;
}

/**
 * Builds a run: encoder, head, task, optimizer, loader and views.
 *
 * @param settings the complete settings
 * @param options `data`, and the functions of the config
 * @returns see {@link LearningRun}; dispose its trainer
 * @throws SelfsupError `SELFSUP_OPTION` when the batch is larger than the data, or an option of encoder, task or views is out of range
 */
export function createLearningRun(settings: RunSettings, options: { data: OpenedData; config: RunConfig }): LearningRun {
  const { data, config } = options;
  const { train, mean, std } = data;
  const { batchSize, epochs, seed } = settings;
  if (batchSize > train.length)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `--batch-size ${batchSize} is larger than the ${train.length} training images of ${settings.data}; use ${train.length < 2 ? '' : `--batch-size ${train.length} or less, or `}more images`,
    );
  const task = tasks.get(settings.task);
  const { height: size, channels } = train;
  const backbone = encoders.get(settings.encoder)({ channels, imageSize: size, options: settings.encoderOptions });
  const inputDim = backbone.outputDim;
  const { headOutput, temperature } = settings;
  const head =
    config.projectionHead?.({ inputDim }) ??
    task.projectionHead?.({ inputDim, outputDim: headOutput }) ??
    projectionHead({ inputDim, hiddenDim: inputDim, outputDim: headOutput });
  const loader = createLoader(train, { batchSize, rng: createRng(seed).fold('loader') });
  const { stepsPerEpoch } = loader;
  const totalSteps = epochs * stepsPerEpoch;
  const warmupSteps = Math.round(settings.warmupEpochs * stepsPerEpoch);
  const learningRate = warmupCosine({ peak: settings.learningRate, totalSteps, warmupSteps });
  const views =
    config.views?.({ size, mean, std, channels }) ??
    simclrViews({ preset: size <= 64 ? 'cifar' : 'imagenet', size, normalize: { mean: [...mean], std: [...std] } });
  const { momentum, weightDecay } = settings;
  const optimizer = config.optimizer?.({ learningRate, totalSteps, stepsPerEpoch }) ?? sgd({ learningRate, momentum, weightDecay });
  const pretext = task.create({ backbone, projectionHead: head, headOutput, temperature, batchSize });
  const trainer = createTrainer({ task: pretext, optimizer, totalSteps, seed });
  return {
    trainer,
    backbone: trainer.run.backbone as Module<tf.Tensor4D, tf.Tensor2D>,
    loader,
    prepare: (pixels, { rng }) => task.makeBatch(toImages(pixels), { views, rng }),
    learningRate,
    totalSteps,
  };
}
