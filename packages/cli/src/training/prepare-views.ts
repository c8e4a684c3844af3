import type * as tf from '@tensorflow/tfjs-core';
import type { Batch, Rng } from '@selfsup/core';
import type { RunConfig, ViewsContext } from '../options/define-run.ts';
import type { RunSettings } from '../options/run-settings.ts';
import { tasks } from '../registry-tasks.ts';
import { assertViewsFit, recipeSource } from '../tasks/task-views.ts';

/** Images whose channels are those of one frame of a clip after another. */
function ofClips(context: ViewsContext, clipLength: number): ViewsContext {
  const { mean, std, channels } = context;
  const repeat = (values: readonly number[]) => Array.from({ length: clipLength }, () => values).flat();
  return { ...context, mean: repeat(mean), std: repeat(std), channels: channels * clipLength };
}

/**
 * What turns a batch of images in [0, 1] into what the task of a run trains on; every tensor that it makes belongs to the batch or to the caller's tidy.
 *
 * @param settings the task, and whose views
 * @param options what the images are, and the `views` of a config, which `recipe` goes before: those after the most global ones that the task takes are local
 * @returns images `[n, size, size, c]`, or clips with the channels of all frames, and a stream in; the batch out
 * @throws SelfsupError `SELFSUP_OPTION` when the task takes another number of views; for those of a config at the first batch
 */
export function prepareViews(
  settings: Pick<RunSettings, 'task' | 'recipe' | 'clipLength'>,
  options: { context: ViewsContext; views: RunConfig['views'] },
): (images: tf.Tensor4D, rng: Rng) => Batch {
  const { task, recipe, clipLength = 1 } = settings;
  const { views } = options;
  const context = ofClips(options.context, clipLength);
  const { input, views: own } = tasks.get(task);
  if (views && recipe === undefined) {
    const transform = views(context);
    return (images, rng) => {
      const made = transform(images, rng);
      const numGlobal = input.local ? Math.min(made.length, input.numGlobal[1]) : made.length;
      assertViewsFit(input, { numGlobal, numLocal: made.length - numGlobal }, { task, source: '`views` of the config' });
      return input.toBatch({ global: made.slice(0, numGlobal), local: made.slice(numGlobal) }, clipLength);
    };
  }
  const { transform, numGlobal, numLocal } = (recipe === undefined ? own : recipeSource(recipe))(context);
  assertViewsFit(input, { numGlobal, numLocal }, { task, source: `--recipe ${recipe ?? ''}` });
  return (images, rng) => {
    const made = transform(images, rng);
    return input.toBatch({ global: made.slice(0, numGlobal), local: made.slice(numGlobal) }, clipLength);
  };
}
