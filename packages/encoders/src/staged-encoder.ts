import type { ApplyOptions, Module, VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkInput } from './layers/check-input.ts';
import { wantedLayers, type MappedEncoder } from './mapped-encoder.ts';

/** A part of a network with a map at its end. */
export interface Stage {
  /** Name of the map. */
  readonly name: string;
  /** The part; its variables keep their paths. */
  readonly module: Module<tf.Tensor4D, tf.Tensor4D>;
  /** Channels of the map. */
  readonly channels: number;
}

/** An encoder from stages that run one after another; the features are the mean of the last map. `channels` are the images'. */
export function stagedEncoder(who: string, stages: readonly Stage[], channels: number): MappedEncoder {
  const mapChannels = Object.fromEntries(stages.map((stage) => [stage.name, stage.channels]));
  const joined = (of: 'trainable' | 'buffers') => Object.assign({}, ...stages.map(({ module }) => module[of])) as VariableMap;
  /** Runs the first stages, gives the last one's output and the maps that `kept` names; whatever else was made is disposed. */
  const run = (images: tf.Tensor4D, options: ApplyOptions, { count, kept }: { count: number; kept: readonly string[] }) => {
    const maps: Record<string, tf.Tensor4D> = {};
    let x = images;
    let owned = false;
    for (const { name, module } of stages.slice(0, count)) {
      const next = module.apply(x, options);
      if (owned) x.dispose();
      x = next;
      owned = !kept.includes(name);
      if (!owned) maps[name] = next;
    }
    return { last: x, maps };
  };
  return {
    trainable: joined('trainable'),
    buffers: joined('buffers'),
    mapChannels,
    apply(images, options) {
      checkInput(who, images, { rank: 4, channels });
      return tf.tidy(() => {
        const { last } = run(images, options, { count: stages.length, kept: [] });
        const features = tf.mean<tf.Tensor2D>(last, [1, 2]);
        last.dispose();
        return features;
      });
    },
    maps(images, { layers, ...options }) {
      checkInput(who, images, { rank: 4, channels });
      const kept = wantedLayers(who, layers, mapChannels);
      const count = stages.findIndex(({ name }) => name === kept.at(-1)) + 1;
      return tf.tidy(() => run(images, options, { count, kept }).maps);
    },
    dispose() {
      for (const { module } of stages) module.dispose();
    },
  };
}
