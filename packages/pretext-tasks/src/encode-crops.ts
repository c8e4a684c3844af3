import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, type ApplyOptions } from '@selfsup/core';
import type { ProjectionNetworks } from './projection-networks.ts';

/**
 * Projects crops of several sizes as the authors of SwAV do: neighbouring crops of one size pass the backbone as one batch, and all pass the head as one. Internal.
 *
 * @param networks the backbone and the head
 * @param crops float32 `[n, height, width, channels]` each, equal n
 * @param options of `apply`; the i-th size gets `rng.fold(i)`
 * @returns unit rows `[crops · n, projectionDim]`, crop after crop
 */
export function encodeCrops(networks: ProjectionNetworks, crops: readonly tf.Tensor4D[], options: Required<ApplyOptions>): tf.Tensor2D {
  const { training, rng } = options;
  const groups: tf.Tensor4D[][] = [];
  for (const crop of crops) {
    const group = groups.at(-1);
    if (group?.[0]!.shape.join() === crop.shape.join()) group.push(crop);
    else groups.push([crop]);
  }
  const features = groups.map((group, i) => networks.backbone.apply(tf.concat(group, 0), { training, rng: rng.fold(i) }));
  return l2Normalize(networks.projectionHead.apply(tf.concat(features, 0), { training, rng })); // [crops * n, projectionDim]
}
