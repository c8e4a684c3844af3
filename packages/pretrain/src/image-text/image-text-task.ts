import type { Tokenizer } from '@selfsup/data/text';
import type { BertFactory, EncoderFactory } from '@selfsup/encoders';
import type { TaskParts, TaskRecipe } from '../task-recipe.ts';

/** What a task on images with texts is built from; both encoders lead to the same number of columns. */
export interface ImageTextTaskParts extends TaskParts {
  /** The encoder of the images, which is kept: to `[n, dim]`. */
  readonly backbone: EncoderFactory;
  /** The encoder of the texts, which is kept: to states `[n, length, dim]`. */
  readonly text: BertFactory;
  /** What stands for a text: the mean of its states, or the first. */
  readonly pooling: 'mean' | 'first';
  /** What makes tokens of the texts. */
  readonly tokenizer: Tokenizer;
}

/** How a task on images with texts is trained. */
export interface ImageTextTask<O extends object = object> extends TaskRecipe<ImageTextTaskParts, O> {
  readonly modality: 'image-text';
}

/**
 * Makes the recipe of a task on images with texts. Its batches are `{ images, tokenIds, attentionMask }`; the encoders that it keeps must be called `image` and
 * `text`, in this order.
 *
 * @param task name, title, options, and how it is built
 * @returns the recipe, for a plugin, or the default export of a file for `--task`
 * @example
 * ```ts
 * import { clip } from '@selfsup/pretext-tasks/clip';
 * import { defineImageTextTask } from '@selfsup/pretrain';
 * import { z } from 'zod';
 *
 * export default defineImageTextTask({
 *   name: 'my-clip',
 *   title: 'My CLIP',
 *   options: z.strictObject({}),
 *   encoderOptions: { projectionDim: 32 },
 *   create: ({ backbone, text, pooling }) => clip({ image: backbone, text, pooling, maxScale: 50 }),
 * });
 * ```
 */
export function defineImageTextTask<O extends object>(task: Omit<ImageTextTask<O>, 'api' | 'modality'>): ImageTextTask<O> {
  return { ...task, api: 1, modality: 'image-text' };
}
