import type { Batch } from '@selfsup/core';
import type { ImagePixels } from '@selfsup/data';
import type { PrepareContext } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { AnyTaskRecipe } from '../task-recipe.ts';
import { taskViews } from './image-task.ts';

type Prepare = (raw: ImagePixels, context: PrepareContext) => Batch;

/** The same batches, with `indices` int32 `[n]` for tasks that take them. */
export function withIndices(recipe: AnyTaskRecipe, prepare: Prepare): Prepare {
  if (!taskViews(recipe).input.indices) return prepare;
  return (pixels, context) => ({ ...prepare(pixels, context), indices: tf.tensor1d(pixels.indices, 'int32') });
}
