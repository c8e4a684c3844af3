import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ImageSamples } from './image-samples.ts';

/**
 * What gives a batch its labels, for a task that learns from them.
 *
 * @param task its name, for the message
 * @param train the images that are learned from
 * @returns a function: indices of images to their labels, int32 `[n]`, −1 for an index that is not among the images
 * @throws SelfsupError `SELFSUP_DATA` when the images have no labels
 */
export function batchLabels(task: string, train: Pick<ImageSamples, 'name' | 'labels'>): (indices: Int32Array) => tf.Tensor1D {
  const { name, labels } = train;
  if (!labels)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `the task ${task} learns from labels, and ${name} has no labels of two or more classes; give images in folders by class, or choose a task without labels such as simclr`,
    );
  return (indices) =>
    tf.tensor1d(
      Array.from(indices, (index) => labels[index] ?? -1),
      'int32',
    );
}
