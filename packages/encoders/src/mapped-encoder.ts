import { SelfsupError, type ApplyOptions, type Module, type Rng } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { EncoderFactory } from './encoder-factory.ts';

/** How the maps of an encoder are made. */
export interface MapsOptions extends ApplyOptions {
  /** The layers whose maps are wanted; default all. Layers behind the last of them do not run. */
  layers?: readonly string[];
}

/** An encoder of images that also shows what its layers see, place by place. */
export interface MappedEncoder extends Module<tf.Tensor4D, tf.Tensor2D> {
  /** Channels of the map of each layer by the layer's name, finest first. */
  readonly mapChannels: Readonly<Record<string, number>>;
  /** The maps of the layers by name, finest first, float32 `[n, rows, columns, channels]`; the caller owns them. */
  maps(images: tf.Tensor4D, options: MapsOptions): Readonly<Record<string, tf.Tensor4D>>;
}

/** Makes {@link MappedEncoder}s. */
export interface MappedEncoderFactory extends EncoderFactory {
  (rng: Rng): MappedEncoder;
  /** Channels of the map of each layer by the layer's name, finest first. */
  readonly mapChannels: Readonly<Record<string, number>>;
}

/** The layers that are asked for, finest first; throws `SELFSUP_OPTION` unless all have maps. */
export function wantedLayers(who: string, layers: readonly string[] | undefined, mapChannels: Readonly<Record<string, number>>): string[] {
  const names = Object.keys(mapChannels);
  const unknown = layers?.find((layer) => !names.includes(layer));
  if (unknown !== undefined)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: every layer must be one of ${names.join(', ')}, got ${JSON.stringify(unknown)}`);
  return names.filter((name) => layers?.includes(name) ?? true);
}
