import * as tf from '@tensorflow/tfjs-core';
import type { Module, Rng } from '@selfsup/core';

/** What {@link encodeCrops} encodes with. */
export interface CropNetworks {
  readonly backbone: Module<tf.Tensor4D, tf.Tensor2D>;
  readonly projectionHead: Module<tf.Tensor2D, tf.Tensor2D>;
}

/**
 * Projections of crops of several sizes: neighbouring crops of one size pass the backbone as one batch, then all features the head as one. Internal.
 *
 * @returns `[crops · n, projectionDim]`, the first crop's rows first
 */
export function encodeCrops(networks: CropNetworks, crops: readonly tf.Tensor4D[], options: { training: boolean; rng: Rng }): tf.Tensor2D {
  const { training, rng } = options;
  const groups: tf.Tensor4D[][] = [];
  for (const crop of crops) {
    const group = groups.at(-1);
    if (group?.[0]!.shape.join() === crop.shape.join()) group.push(crop);
    else groups.push([crop]);
  }
  return tf.tidy(() => {
    const features = groups.map((group, i) =>
      networks.backbone.apply(tf.concat(group, 0), { training, rng: rng.fold('backbone').fold(i) }),
    );
    return networks.projectionHead.apply(tf.concat(features, 0), { training, rng: rng.fold('projectionHead') });
  });
}
