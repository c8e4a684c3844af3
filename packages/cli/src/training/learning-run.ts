import type * as tf from '@tensorflow/tfjs-core';
import { createRng, SelfsupError, type Batch, type Module, type Schedule } from '@selfsup/core';
import { createClipLoader, createLoader, type Loader } from '@selfsup/data';
import { warmupCosine } from '@selfsup/optim';
import { createTrainer, type PrepareContext, type Trainer } from '@selfsup/trainer';
import { createEncoder } from '../create-encoder.ts';
import { unitOf, type OpenedData } from '../open-data.ts';
import { optimizerBuilder, type RunConfig } from '../options/define-run.ts';
import type { RunSettings } from '../options/run-settings.ts';
import { patchSizeOf } from '../patch-size.ts';
import { tasks } from '../registry-tasks.ts';
import { plainHead } from '../tasks/heads.ts';
import { toViewable, type Pixels } from './clips.ts';
import { optimizers } from './optimizers.ts';
import { prepareViews } from './prepare-views.ts';

/** All that `fit` needs, built from the settings. */
export interface LearningRun {
  /** The task, its networks and the optimizer. */
  readonly trainer: Trainer;
  /** The encoder within: what is evaluated and kept. */
  readonly backbone: Module<tf.Tensor4D, tf.Tensor2D>;
  /** Batches of images or clips. */
  readonly loader: Loader<Pixels>;
  /** Images per update; of clips all frames. */
  readonly imagesPerUpdate: number;
  /** Makes the views of a batch. */
  readonly prepare: (pixels: Pixels, context: PrepareContext) => Batch;
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
  const { batchSize, epochs, seed, clipLength = 1 } = settings;
  if (batchSize > train.length)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `--batch-size ${batchSize} is larger than the ${train.length} training ${unitOf(data)} of ${settings.data}; use ${train.length < 2 ? '' : `--batch-size ${train.length} or less, or `}more ${unitOf(data)}${data.clips ? ', each a folder of frames' : ''}`,
    );
  const task = tasks.get(settings.task);
  const { height: size, channels } = train;
  const backbone = createEncoder(settings, { channels, imageSize: size });
  const inputDim = backbone.outputDim;
  const { headOutput, temperature } = settings;
  if (config.projectionHead && task.projectionHead === false)
    throw new SelfsupError('SELFSUP_OPTION', `--config: --task ${settings.task} has no projection head; leave \`projectionHead\` out`);
  const projectionHead = config.projectionHead?.({ inputDim }) ?? (task.projectionHead || plainHead)({ inputDim, outputDim: headOutput });
  const reading = { batchSize, rng: createRng(seed).fold('loader') };
  const loader: Loader<Pixels> = data.clips ? createClipLoader(data.clips, reading) : createLoader(train, reading);
  const { stepsPerEpoch } = loader;
  const totalSteps = epochs * stepsPerEpoch;
  const warmupSteps = Math.round(settings.warmupEpochs * stepsPerEpoch);
  const learningRate = warmupCosine({ peak: settings.learningRate, totalSteps, warmupSteps });
  const toBatch = prepareViews(settings, { context: { size, mean, std, channels, patchSize: patchSizeOf(backbone) }, views: config.views });
  const { momentum, weightDecay } = settings;
  const optimizer =
    optimizerBuilder(config)?.({ learningRate, totalSteps, stepsPerEpoch }) ??
    optimizers[settings.optimizer].create({ learningRate, momentum, weightDecay, beta2: task.beta2 });
  const images = { imageSize: size, channels, clipLength, mean, std };
  const pretext = task.create({ backbone, projectionHead, headOutput, temperature, batchSize, ...images, stepsPerEpoch, totalSteps });
  const trainer = createTrainer({ task: pretext, optimizer, totalSteps, seed });
  return {
    trainer,
    backbone: trainer.run.backbone as Module<tf.Tensor4D, tf.Tensor2D>,
    loader,
    imagesPerUpdate: batchSize * clipLength,
    prepare: (pixels, { rng }) => toBatch(toViewable(pixels), rng),
    learningRate,
    totalSteps,
  };
}
