import { SelfsupError, signedPower, type ApplyOptions, type Module } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { adaptiveAveragePool } from './layers/adaptive-average-pool.ts';
import { checkIntegers } from './layers/check-option.ts';
import { wantedLayers, type MappedEncoder } from './mapped-encoder.ts';

/** A map of an encoder and the grid on which {@link pyramid} reads it. */
export interface PyramidLevel {
  /** Name of the map, such as `layer2`. */
  readonly layer: string;
  /** Rows and columns of the grid, ≥ 1. */
  readonly grid: number;
}

/** Options of {@link pyramid}. */
export interface PyramidOptions {
  /** What is read, in the order of the features; a layer may come more than once, on other grids. */
  levels: readonly PyramidLevel[];
  /** Power of the absolute values, in (0, 1]; default 0.5. 1 changes nothing. */
  power?: number;
  /** Whether the features are the mean of those of the image and of its mirror image; default false. It takes twice the time. */
  flip?: boolean;
}

/** An encoder read by {@link pyramid}. */
export interface Pyramid extends Module<tf.Tensor4D, tf.Tensor2D> {
  /** Columns of the features: the sum of grid² · channels over the levels. */
  readonly outputDim: number;
}

/**
 * The columns of the features of {@link pyramid}.
 *
 * @param mapChannels channels of the encoder's maps by layer
 * @param levels see {@link PyramidOptions}
 * @returns the sum of grid² · channels over the levels
 * @throws SelfsupError `SELFSUP_OPTION` when there is no level, a grid is not an integer ≥ 1 or a layer has no map
 */
export function pyramidDim(mapChannels: Readonly<Record<string, number>>, levels: readonly PyramidLevel[]): number {
  if (levels.length === 0) throw new SelfsupError('SELFSUP_OPTION', 'pyramid: `levels` must hold at least one level, got none');
  checkIntegers('pyramid', Object.fromEntries(levels.map(({ grid }, i) => [`levels[${i}].grid`, grid])));
  wantedLayers(
    'pyramid',
    levels.map(({ layer }) => layer),
    mapChannels,
  );
  return levels.reduce((sum, { layer, grid }) => sum + grid * grid * mapChannels[layer]!, 0);
}

/**
 * Reads an encoder by what several of its layers see in several places instead of by the mean of the last layer: each map is averaged on a grid, each average
 * raised to a power, and all of them put in a row.
 *
 * @param encoder whose variables it shares; disposing the readout disposes nothing
 * @param options see {@link PyramidOptions}
 * @returns a module from `[n, height, width, channels]` to `[n, outputDim]`, float32: level by level; in each (row, column, channel)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or a layer without a map; from `apply` what the encoder throws
 * @see Lazebnik et al.: "Beyond bags of features: spatial pyramid matching", https://doi.org/10.1109/CVPR.2006.68
 * @remarks Grids as in PyTorch's `adaptive_avg_pool2d`, which flattens (channel, row, column). Gradients flow through, see `signedPower` of
 * `@selfsup/core` about 0. With `flip` the encoder runs twice, in training as well, where it moves its statistics twice.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { convNet, pyramid } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const encoder = convNet()(createRng(0));
 * const readout = pyramid(encoder, { levels: [{ layer: 'layer3', grid: 4 }, { layer: 'layer4', grid: 3 }] });
 * const features = readout.apply(tf.zeros([8, 64, 64, 3]), { training: false }); // [8, 4 · 4 · 128 + 3 · 3 · 256]
 * ```
 */
export function pyramid(encoder: MappedEncoder, options: PyramidOptions): Pyramid {
  const { levels, power = 0.5, flip = false } = options;
  if (!(power > 0 && power <= 1)) throw new SelfsupError('SELFSUP_OPTION', `pyramid: \`power\` must be in (0, 1], got ${power}`);
  const outputDim = pyramidDim(encoder.mapChannels, levels);
  const layers = [...new Set(levels.map(({ layer }) => layer))];
  const read = (images: tf.Tensor4D, apply: ApplyOptions): tf.Tensor2D =>
    tf.tidy(() => {
      const maps = encoder.maps(images, { ...apply, layers });
      const parts = levels.map(({ layer, grid }) => {
        const averages = adaptiveAveragePool(maps[layer]!, grid); // [n, grid, grid, channels]
        return tf.reshape<tf.Rank.R2>(averages, [averages.shape[0], averages.size / averages.shape[0]]);
      });
      return signedPower(parts.length === 1 ? parts[0]! : tf.concat(parts, 1), { power });
    });
  return {
    trainable: encoder.trainable,
    buffers: encoder.buffers,
    outputDim,
    apply: (images, apply) =>
      tf.tidy(() => {
        const plain = read(images, apply);
        return flip ? tf.mul(tf.add(plain, read(tf.reverse(images, 2), apply)), 0.5) : plain;
      }),
    dispose() {
      // the variables are the encoder's
    },
  };
}
