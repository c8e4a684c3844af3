import { SelfsupError, type Batch } from '@selfsup/core';
import type { ImageViews } from './image-views.ts';

/** What a task takes: how many views, and under which names. */
export interface ViewsInput {
  /** In words, for messages: `two views of one size`. */
  readonly description: string;
  /** The fewest and the most global views. */
  readonly numGlobal: readonly [least: number, most: number];
  /** Whether it takes local views too. */
  readonly local: boolean;
  /** Whether the batch also gets `indices`, int32 `[n]`: which of the training images its rows are. Default false. */
  readonly indices?: boolean;
  /** Whether the batch also gets `labels`, int32 `[n]`, −1 where a class is unknown; data without labels is refused. Default false. */
  readonly labels?: boolean;
  /** Whether it takes the places of the views in their images, too: `boxes` and `flips`; default false. */
  readonly tracked?: boolean;
  /** The batch of the task; `clipLength`, the frames of a clip, is 1 for images. */
  toBatch(views: ImageViews, clipLength: number): Batch;
}

/** `images`: one view of each image. */
export const oneView: ViewsInput = {
  description: 'one view',
  numGlobal: [1, 1],
  local: false,
  toBatch: ({ global }) => ({ images: global[0]! }),
};

/** `views`: one, or two of one size; with two the task shows its networks different ones. */
export const oneOrTwoViews: ViewsInput = {
  description: 'one view or two of one size',
  numGlobal: [1, 2],
  local: false,
  toBatch: ({ global }) => ({ views: [...global] }),
};

/** `views`: two of one size. */
export const twoViews: ViewsInput = {
  description: 'two views of one size',
  numGlobal: [2, 2],
  local: false,
  toBatch: ({ global }) => ({ views: [...global] }),
};

/** `views`: two or more of one size. */
export const manyViews: ViewsInput = { ...twoViews, description: 'two or more views of one size', numGlobal: [2, Infinity] };

/** `views`: two or more large ones and any number of small ones after them. */
export const manyCropViews: ViewsInput = {
  description: 'two or more large views and any number of small ones',
  numGlobal: [2, Infinity],
  local: true,
  toBatch: ({ global, local }) => ({ views: [...global, ...local] }),
};
/** `views`: two or more of one size, with `labels`. */
export const labeledViews: ViewsInput = { ...manyViews, labels: true };

/** `views`: two large ones and any number of small ones after them; the recipe `dino/imagenet` has small ones for images of any size. */
export const multiCropViews: ViewsInput = {
  description: 'two large views and any number of small ones',
  numGlobal: [2, 2],
  local: true,
  toBatch: ({ global, local }) => ({ views: [...global, ...local] }),
};

/** `views`: two of one size; `boxes` and `flips`: for each view float32 `[n, 4]` and `[n]`, where in the image it is. */
export const twoTrackedViews: ViewsInput = {
  ...twoViews,
  tracked: true,
  toBatch: ({ global, boxes = [], flips = [] }) => ({ views: [...global], boxes: [...boxes], flips: [...flips] }),
};

/** As {@link multiCropViews}, with `boxes` and `flips` of all views as in {@link twoTrackedViews}. */
export const trackedMultiCropViews: ViewsInput = {
  ...multiCropViews,
  tracked: true,
  toBatch: ({ global, local, boxes = [], flips = [] }) => ({ views: [...global, ...local], boxes: [...boxes], flips: [...flips] }),
};

/** Throws unless a task takes so many views; `source` says where they come from. */
export function assertViewsFit(
  input: ViewsInput,
  counts: { numGlobal: number; numLocal: number },
  { task, source }: Record<'task' | 'source', string>,
): void {
  const { numGlobal, numLocal } = counts;
  const [least, most] = input.numGlobal;
  if (numGlobal >= least && numGlobal <= most && (numLocal === 0 || input.local)) return;
  const got = numLocal === 0 ? `${numGlobal}` : `${numGlobal} large and ${numLocal} small ones`;
  throw new SelfsupError('SELFSUP_OPTION', `the task ${task} takes ${input.description}, ${source} makes ${got}`);
}
