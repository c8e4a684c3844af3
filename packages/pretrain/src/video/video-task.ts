import type { TaskViews, ImageTaskParts } from '../image/image-task.ts';
import type { ViewsInput } from '../image/views-input.ts';
import type { TaskRecipe } from '../task-recipe.ts';
import { unfoldFrames } from './clips.ts';

/** What a task on clips is built from; `imageSize`, `channels`, `mean` and `std` are those of a frame. */
export interface VideoTaskParts extends ImageTaskParts {
  /** Frames of a clip. */
  readonly clipLength: number;
}

/** `frames`: one view of each clip, the same of all its frames. */
export const oneClip: ViewsInput = {
  description: 'one view',
  numGlobal: [1, 1],
  local: false,
  toBatch: ({ global }, clipLength) => ({ frames: unfoldFrames(global[0]!, clipLength) }),
};

/** How a task on videos is trained. */
export interface VideoTask<O extends object = object> extends TaskRecipe<VideoTaskParts, O>, TaskViews {
  readonly modality: 'video';
}

/**
 * Makes the recipe of a task on clips of videos.
 *
 * @param task name, title, options, views, and how it is built; its `input` is usually {@link oneClip}, its views see the channels of all frames
 * @returns the recipe
 */
export function defineVideoTask<O extends object>(task: Omit<VideoTask<O>, 'api' | 'modality'>): VideoTask<O> {
  return { ...task, api: 1, modality: 'video' };
}
