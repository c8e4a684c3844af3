import type * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Module } from '@selfsup/core';

/** A network with maps, as all encoders of images of `@selfsup/encoders` are. Internal. */
export interface Mapped extends Module<tf.Tensor4D, tf.Tensor2D> {
  /** Channels of the maps by the layer's name. */
  readonly mapChannels: Readonly<Record<string, number>>;
  /** The maps of the layers by name. */
  maps(images: tf.Tensor4D, options: ApplyOptions & { layers?: readonly string[] }): Readonly<Record<string, tf.Tensor4D>>;
}

/** Whether a network shows maps. Internal. */
export const hasMaps = (network: Module<tf.Tensor4D, tf.Tensor2D>): network is Mapped => 'maps' in network && 'mapChannels' in network;

/** The map of the last layer, `[n, rows, columns, channels]`. Internal. */
export function lastMap(network: Mapped, images: tf.Tensor4D, options: ApplyOptions): tf.Tensor4D {
  const last = Object.keys(network.mapChannels).at(-1)!;
  return network.maps(images, { ...options, layers: [last] })[last]!;
}
