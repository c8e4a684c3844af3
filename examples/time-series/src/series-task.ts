import type { AnyTaskRecipe, TaskParts, TaskRecipe } from '@selfsup/pretrain';
import { SelfsupError } from '@selfsup/core';
import type { SeriesEncoderFactory } from './series-net.ts';
import type { SeriesViews } from './views/series-transform.ts';

/** What a task on time series is built from. */
export interface SeriesTaskParts extends TaskParts {
  /** The encoder that is pretrained. */
  readonly backbone: SeriesEncoderFactory;
  /** Time steps of a window. */
  readonly length: number;
  readonly channels: number;
}

/** How a task on time series is trained. */
export interface SeriesTask<O extends object = object> extends TaskRecipe<SeriesTaskParts, O> {
  readonly modality: 'time-series';
  /** `windows`: the batch has one view of each window, `[n, 1, length, channels]`. `views`: it has two, in a list. */
  readonly sees: 'windows' | 'views';
  /** What makes a view unless a config has `views`. */
  readonly views: (options: O) => SeriesViews;
}

/**
 * Makes the recipe of a task on time series.
 *
 * @param task name, title, options, views, and how it is built
 * @returns the recipe, for a plugin, or the default export of a file for `--task`
 */
export function defineSeriesTask<O extends object>(task: Omit<SeriesTask<O>, 'api' | 'modality'>): SeriesTask<O> {
  return { ...task, api: 1, modality: 'time-series' };
}

/**
 * What a recipe says about its views.
 *
 * @param recipe of a task on time series
 * @returns the same recipe with what {@link defineSeriesTask} demands
 * @throws SelfsupError `SELFSUP_PLUGIN_API` when it does not say what it sees
 */
export function asSeriesTask(recipe: AnyTaskRecipe): SeriesTask<Readonly<Record<string, unknown>>> {
  const { sees, views } = recipe as Partial<SeriesTask>;
  if (sees && views) return recipe as SeriesTask<Readonly<Record<string, unknown>>>;
  throw new SelfsupError(
    'SELFSUP_PLUGIN_API',
    `the task ${recipe.name} does not say what it sees (\`sees\` and \`views\`); write it with defineSeriesTask`,
  );
}
