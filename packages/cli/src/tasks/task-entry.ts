import type * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory, PretextTask } from '@selfsup/core';
import type { EncoderFactory } from '@selfsup/encoders';
import type { OptimizerName } from '../training/optimizers.ts';
import type { TaskInput, ViewsSource } from './task-views.ts';

/** What a task of images is built from. */
export interface TaskContext {
  /** The encoder that is pretrained. */
  readonly backbone: EncoderFactory;
  /** What sits on top of it during pretraining, where the task has a projection. */
  readonly projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Columns of the projection head's output. */
  readonly headOutput: number;
  /** The softmax scale. */
  readonly temperature: number;
  /** Images per update. */
  readonly batchSize: number;
  /** Height and width of the images. */
  readonly imageSize: number;
  /** Channels of the images. */
  readonly channels: number;
  /** Per channel, by which the images were normalized. */
  readonly mean: readonly number[];
  /** Per channel, by which the images were normalized. */
  readonly std: readonly number[];
  /** Updates of an epoch. */
  readonly stepsPerEpoch: number;
  /** Updates of the run. */
  readonly totalSteps: number;
  /** Frames of a clip; 1 where the task takes images. */
  readonly clipLength: number;
}

/** Builds a projection head. */
export type HeadBuilder = (dims: { inputDim: number; outputDim: number }) => ModuleFactory<tf.Tensor2D, tf.Tensor2D>;

/** How the command line trains a task: all that a new one needs is such an entry. */
export interface TaskEntry {
  /** How many views it takes, and under which names. */
  readonly input: TaskInput;
  /** The views unless `--recipe` or a config has others. */
  readonly views: ViewsSource;
  /** The encoders that fit, the default first; left out: all of them, `conv-net` first. */
  readonly encoders?: readonly string[];
  /** Options of the encoder; those of the run go before them. */
  readonly encoderOptions?: Readonly<Record<string, unknown>>;
  /** The optimizer unless `--optimizer` has another; default SGD. Vision Transformers have AdamW. */
  readonly optimizer?: OptimizerName;
  /** The softmax scale unless `--temperature` has another; default 0.2. */
  readonly temperature?: number;
  /** AdamW's second β; default 0.999. */
  readonly beta2?: number;
  /** The projection head unless a config has another; default Linear, ReLU, Linear as wide as the encoder. False: the task has none. */
  readonly projectionHead?: HeadBuilder | false;
  /** The momentum of the target network, for tasks with a queue: how old keys may be. */
  readonly targetMomentum?: number;
  /** Builds the task. */
  create(context: TaskContext): PretextTask;
}
