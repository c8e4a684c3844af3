import type * as tf from '@tensorflow/tfjs-core';
import type { TrackedViews } from '@selfsup/augment';
import { SelfsupError, type Batch, type Rng } from '@selfsup/core';
import type { AnyTaskRecipe } from '../task-recipe.ts';
import { taskViews } from './image-task.ts';
import { recipeSource, type ImageViews, type ViewsContext, type ViewsFunction } from './image-views.ts';
import { assertViewsFit } from './views-input.ts';

/** Whose views {@link prepareViews} makes, of which images. */
export interface PrepareViewsOptions {
  /** Of one frame, where there are clips. */
  readonly context: ViewsContext;
  /** The option `recipe`: whose views instead of the task's own. */
  readonly recipe?: string | undefined;
  /** The function `views` of a config; `recipe` goes before it. */
  readonly views?: unknown;
  /** Frames of a clip; default 1: images. */
  readonly clipLength?: number;
}

/** Images whose channels are those of one frame of a clip after another. */
function ofClips(context: ViewsContext, clipLength: number): ViewsContext {
  const { mean, std, channels } = context;
  const repeat = (values: readonly number[]) => Array.from({ length: clipLength }, () => values).flat();
  return { ...context, mean: repeat(mean), std: repeat(std), channels: channels * clipLength };
}

function viewsFunction(views: unknown): ViewsFunction | undefined {
  if (views === undefined || typeof views === 'function') return views as ViewsFunction | undefined;
  throw new SelfsupError('SELFSUP_OPTION', `\`views\` must be a function, got ${typeof views}`);
}

type DrawnViews = Pick<TrackedViews, 'views'> & Partial<TrackedViews>;

/** What a transform made, with places or without. */
const drawnBy = (made: tf.Tensor4D[] | TrackedViews): DrawnViews => (Array.isArray(made) ? { views: made } : made);

/** The first views are global ones. */
function splitViews({ views, boxes, flips }: DrawnViews, numGlobal: number): ImageViews {
  return { global: views.slice(0, numGlobal), local: views.slice(numGlobal), ...(boxes && { boxes }), ...(flips && { flips }) };
}

const untracked = (task: string, source: string) =>
  new SelfsupError(
    'SELFSUP_OPTION',
    `the task ${task} matches places in images, ${source} does not say where its views are; make them with trackedCrops of @selfsup/augment`,
  );

/**
 * What turns a batch of images in [0, 1] into what a task trains on; every tensor that it makes belongs to the batch or to the caller's tidy.
 *
 * @param task the recipe
 * @param options see {@link PrepareViewsOptions}; of the views of a config those after the most global ones that the task takes are local
 * @returns images `[n, size, size, c]`, or clips with the channels of all frames, and a stream in; the batch out
 * @throws SelfsupError `SELFSUP_OPTION` when the task takes another number of views; for those of a config at the first batch
 */
export function prepareViews(task: AnyTaskRecipe, options: PrepareViewsOptions): (images: tf.Tensor4D, rng: Rng) => Batch {
  const { recipe, clipLength = 1 } = options;
  const { name, input, views: own } = taskViews(task);
  const views = viewsFunction(options.views);
  const context = ofClips(options.context, clipLength);
  if (views && recipe === undefined) {
    const draw = views(context);
    const source = '`views` of the config';
    return (images, rng) => {
      const made = drawnBy(draw(images, rng));
      if (input.tracked && !made.boxes) throw untracked(name, source);
      const numGlobal = input.local ? Math.min(made.views.length, input.numGlobal[1]) : made.views.length;
      assertViewsFit(input, { numGlobal, numLocal: made.views.length - numGlobal }, { task: name, source });
      return input.toBatch(splitViews(made, numGlobal), clipLength);
    };
  }
  const { transform, tracked, numGlobal, numLocal } = (recipe === undefined ? own : recipeSource(recipe))(context);
  const source = recipe === undefined ? 'its own recipe' : `the recipe ${recipe}`;
  assertViewsFit(input, { numGlobal, numLocal }, { task: name, source });
  const draw = input.tracked ? tracked : transform;
  if (!draw) throw untracked(name, source);
  return (images, rng) => input.toBatch(splitViews(drawnBy(draw(images, rng)), numGlobal), clipLength);
}
