import type * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory, PretextTask, Rng } from '@selfsup/core';
import type { ViewsTransform } from '@selfsup/augment';
import type { EncoderFactory } from '@selfsup/encoders';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { createRegistry } from './registry.ts';

/** What a task of images is built from. */
export interface TaskContext {
  /** The encoder that is pretrained. */
  readonly backbone: EncoderFactory;
  /** What sits on top of it during pretraining. */
  readonly projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** The softmax scale. */
  readonly temperature: number;
}

/** A batch of views of the same images. */
export type ViewsBatch = Readonly<{ views: readonly tf.Tensor4D[] }>;

/** How the command line trains a task. */
export interface TaskEntry {
  /** Builds the task. */
  create(context: TaskContext): PretextTask<ViewsBatch>;
  /** Turns a batch of images in [0, 1] into what the task trains on; every tensor that it makes belongs to the batch or to the caller's tidy. */
  makeBatch(images: tf.Tensor4D, options: { views: ViewsTransform; rng: Rng }): ViewsBatch;
}

/** The tasks of `--task`. A new one is an entry here. */
export const tasks = createRegistry<TaskEntry>('task', {
  simclr: {
    create: ({ backbone, projectionHead, temperature }) => simclr({ backbone, projectionHead, temperature }),
    makeBatch: (images, { views, rng }) => ({ views: views(images, rng) }),
  },
});
