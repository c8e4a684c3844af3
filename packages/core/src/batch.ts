import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * What a task trains on: named tensors, or lists of tensors, such as `{ views: [a, b] }`. A type alias, so that `{ views: Tensor4D[] }` fits; undefined stands
 * for an optional tensor that is not there.
 */
export type Batch = Readonly<Record<string, Tensor | readonly Tensor[] | undefined>>;

/**
 * What a task computes without a tape before the loss: keys, corrupted inputs, masks, teacher outputs. Where the task has `embed` or `afterStep`, axis 0 of every
 * tensor counts rows, so that those of micro-batches and ranks can be put under each other.
 */
export type Targets = Batch;

/** What `embed` says about each sample before samples meet: axis 0 of every tensor is the samples of the micro-batch. */
export type Embeddings = Batch;

/** What a loss names to outlive its tape; axis 0 of every tensor counts rows. */
export type Kept = Batch;
