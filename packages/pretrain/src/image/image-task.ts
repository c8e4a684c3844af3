import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ModuleFactory } from '@selfsup/core';
import type { EncoderFactory } from '@selfsup/encoders';
import type { AnyTaskRecipe, TaskParts, TaskRecipe } from '../task-recipe.ts';
import type { ViewsSource } from './image-views.ts';
import type { ViewsInput } from './views-input.ts';

/** Makes a projection head for an encoder with so many columns. */
export type ProjectionHeadFunction = (dims: { readonly inputDim: number }) => ModuleFactory<tf.Tensor2D, tf.Tensor2D>;

/** What a task on images is built from. */
export interface ImageTaskParts extends TaskParts {
  /** The encoder that is pretrained. */
  readonly backbone: EncoderFactory;
  /** How many samples it is trained on. */
  readonly numSamples: number;
  /** The side of square images in pixels; the shorter one of others. */
  readonly imageSize: number;
  /** In pixels. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
  /** Channels of the images. */
  readonly channels: number;
  /** Per channel, by which the images were normalized. */
  readonly mean: readonly number[];
  /** Per channel, by which the images were normalized. */
  readonly std: readonly number[];
  /** The projection head of a config, which goes before the task's own. */
  readonly projectionHead?: ProjectionHeadFunction | undefined;
}

/** What a task on images or videos says beside a {@link TaskRecipe}: how it sees the samples. */
export interface TaskViews {
  /** How many views it takes, and under which names. */
  readonly input: ViewsInput;
  /** The views unless the option `recipe` or a config has others. */
  readonly views: ViewsSource;
  /** Whether it has a projection head, which a config may replace; default true. */
  readonly hasProjectionHead?: boolean;
}

/** How a task on images is trained. */
export interface ImageTask<O extends object = object> extends TaskRecipe<ImageTaskParts, O>, TaskViews {
  readonly modality: 'image';
}

/**
 * Makes the recipe of a task on images: all that a new one needs to be trained.
 *
 * @param task name, title, options, views, and how it is built; see {@link TaskRecipe} and {@link TaskViews}
 * @returns the recipe, for a plugin, or the default export of a file for `--task`
 * @example
 * ```ts
 * import { linear } from '@selfsup/encoders';
 * import { rotation } from '@selfsup/pretext-tasks/rotation';
 * import { cropSource, defineImageTask, oneView } from '@selfsup/pretrain';
 * import { z } from 'zod';
 *
 * export default defineImageTask({
 *   name: 'my-rotation',
 *   title: 'My rotation',
 *   options: z.strictObject({ scale: z.number().gt(0).max(1).default(0.5).describe('the smallest part of an image that is seen') }),
 *   input: oneView,
 *   views: cropSource([0.5, 1]),
 *   hasProjectionHead: false,
 *   create: ({ backbone }) => rotation({ backbone, head: linear({ inputDim: backbone.outputDim, outputDim: 4 }) }),
 * });
 * ```
 */
export function defineImageTask<O extends object>(task: Omit<ImageTask<O>, 'api' | 'modality'>): ImageTask<O> {
  return { ...task, api: 1, modality: 'image' };
}

/**
 * What a recipe says about its views.
 *
 * @param recipe of a task on images or videos
 * @returns the same recipe with what `defineImageTask` demands
 * @throws SelfsupError `SELFSUP_PLUGIN_API` when it does not say which views it takes
 */
export function taskViews(recipe: AnyTaskRecipe): AnyTaskRecipe & TaskViews {
  const { input, views } = recipe as Partial<TaskViews>;
  if (input && views) return recipe as AnyTaskRecipe & TaskViews;
  throw new SelfsupError(
    'SELFSUP_PLUGIN_API',
    `the task ${recipe.name} does not say which views it takes (\`input\` and \`views\`); write it with defineImageTask`,
  );
}
