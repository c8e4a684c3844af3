import * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Rng } from '@selfsup/core';
import type { ProjectionNetworks } from './projection-networks.ts';

/** Neighboring crops of one size together, in their order. Internal. */
export function groupBySize(crops: readonly tf.Tensor4D[]): readonly (readonly tf.Tensor4D[])[] {
  const groups: tf.Tensor4D[][] = [];
  for (const crop of crops) {
    const group = groups.at(-1);
    if (group?.[0]!.shape.join() === crop.shape.join()) group.push(crop);
    else groups.push([crop]);
  }
  return groups;
}

/**
 * Projections of crops of several sizes: neighboring crops of one size pass the backbone as one batch, then all features the head as one. Internal.
 *
 * @returns `[crops · n, projectionDim]`, the first crop's rows first
 */
export function encodeCrops(
  networks: ProjectionNetworks,
  crops: readonly tf.Tensor4D[],
  options: ApplyOptions & { readonly rng: Rng },
): tf.Tensor2D {
  const groups = groupBySize(crops);
  return tf.tidy(() => {
    const features = groups.map((group, i) =>
      networks.backbone.apply(tf.concat([...group], 0), { ...options, rng: options.rng.fold('backbone').fold(i).stacked(group.length) }),
    );
    return networks.projectionHead.apply(tf.concat(features, 0), {
      ...options,
      rng: options.rng.fold('projectionHead').stacked(crops.length),
    });
  });
}
