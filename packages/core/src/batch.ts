import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * What a task trains on: named tensors, or lists of tensors, such as `{ views: [a, b] }`. A type alias, so that `{ views: Tensor4D[] }` fits; undefined stands
 * for an optional tensor that is not there.
 */
export type Batch = Readonly<Record<string, Tensor | readonly Tensor[] | undefined>>;

/** What a task computes without a tape before the loss: keys, corrupted inputs, masks, teacher outputs. */
export type Targets = Readonly<Record<string, Tensor>>;
