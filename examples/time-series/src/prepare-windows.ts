import { SelfsupError, type Batch } from '@selfsup/core';
import type { BuildContext } from '@selfsup/pretrain';
import type { PrepareContext } from '@selfsup/trainer';
import { toTensor, type Windows } from './data/windows.ts';
import type { SeriesRunData } from './data/open-series.ts';
import type { SeriesOptions } from './series-options.ts';
import { asSeriesTask } from './series-task.ts';
import type { SeriesViews } from './views/series-transform.ts';

/**
 * What turns windows in the unit of the sensor into a task's batch.
 *
 * @param context the run; the function `views` of its config goes before the task's own
 * @returns windows and a stream in; `{ windows }` or `{ views }` out, normalized
 * @throws SelfsupError `SELFSUP_OPTION` when `views` is not a function
 */
export function prepareWindows(context: BuildContext<SeriesRunData, SeriesOptions>): (raw: Windows, context: PrepareContext) => Batch {
  const { data, taskOptions, functions } = context;
  const { sees, views: own } = asSeriesTask(context.recipe);
  const { views = own(taskOptions) } = functions as { views?: SeriesViews };
  if (typeof views !== 'function') throw new SelfsupError('SELFSUP_OPTION', `\`views\` must be a function, got ${typeof views}`);
  const transform = views(data.input);
  if (sees === 'windows') return (raw, { rng }) => ({ windows: toTensor(transform(raw, rng)) });
  return (raw, { rng }) => ({ views: [0, 1].map((view) => toTensor(transform(raw, rng.fold(view)))) });
}
