import * as tf from '@tensorflow/tfjs-core';
import { drawUniform, patchify, SelfsupError, type ApplyOptions, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { maskedPixelLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { joinNetworks } from './join-networks.ts';
import { checkImages } from './patch-masking.ts';
import type { PatchEncoder } from './patch-networks.ts';
import { standardizePatches } from './standardize-patches.ts';

/** What {@link aim} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type AimBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What {@link aim} compares: the length of the `prefix` int32 `[n]` of each image, and the `pixels` float32 `[n, length, patchDim]` of all patches. */
export type AimTargets = Readonly<Record<'prefix', tf.Tensor1D> & Record<'pixels', tf.Tensor3D>>;

/** What {@link aim} needs of a backbone: one that can be told which patch sees which, without a class token; `vit` with `classToken: false` makes one. */
export interface CausalPatchEncoder extends PatchEncoder {
  /** Whether the first of the states is a class token's: it must not be. */
  readonly hasClassToken: boolean;
  /** The states float32 `[n, length, width]` of the patches, where `attentionMask` `[n, length, length]` has 1 where the first of the two sees the second. */
  encode(input: Parameters<PatchEncoder['encode']>[0] & { readonly attentionMask?: tf.Tensor3D }, options: ApplyOptions): tf.Tensor3D;
}

/** Options of {@link aim}. */
export interface AimOptions {
  /** Makes the backbone, which is kept. */
  backbone: (rng: Rng) => CausalPatchEncoder;
  /** Makes the head from a patch's state to the pixels of the next one, `[rows, width]` to `[rows, patchSize²·channels]`; `residualMlp` of @selfsup/encoders. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Whether the pixels of each patch are brought to mean 0 and variance 1 before they are predicted; default true, as in the paper. */
  normalizePixels?: boolean;
  /** Whether the first patches of each image, so many as is drawn, see each other, and the others are predicted; default true. Without, each sees those before it. */
  prefix?: boolean;
}

/** `[n, length, length]`: 1 where a patch, the first of the two, sees another: one that is not after it, or of the prefix of its image. */
function seenPatches(prefix: tf.Tensor1D, length: number): tf.Tensor3D {
  return tf.tidy(() => {
    const places = tf.range(0, length, 1, 'int32');
    const notAfter = tf.lessEqual(tf.reshape(places, [1, 1, length]), tf.reshape(places, [1, length, 1]));
    const inPrefix = tf.less(tf.reshape(places, [1, 1, length]), tf.reshape(prefix, [-1, 1, 1])); // [n, 1, length]
    return tf.cast<tf.Tensor3D>(tf.logicalOr(notAfter, inPrefix), 'float32');
  });
}

/**
 * AIM: patch by patch, row by row, the backbone predicts the pixels of the next one from those that it has seen.
 *
 * @param options see {@link AimOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`. The loss is `maskedPixelLoss`, squared, of the patches after the prefix: 1 when nothing is
 * predicted, with normalized pixels
 * @throws SelfsupError from `create` `SELFSUP_OPTION` on a backbone with a class token or registers; from `targets` and `loss` `SELFSUP_BATCH` without `images`,
 * `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when they do not fit
 * @see El-Nouby et al.: "Scalable Pre-training of Large Autoregressive Image Models", https://arxiv.org/abs/2401.08541
 * @remarks The length of the prefix is drawn evenly from 1 to all patches but one, for each image. Afterwards the backbone is used without a mask: all patches see
 * all, for which the prefix prepares it. Pixels are normalized as in `mae`. The authors probe the features by attention; the mean of the states is ours. They
 * train with AdamW, β (0.9, 0.95), weight decay 0.05, gradients clipped at 1.
 * @example
 * ```ts
 * import { residualMlp, vit } from '@selfsup/encoders';
 * import { aim } from '@selfsup/pretext-tasks/aim';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, classToken: false });
 * const head = residualMlp({ inputDim: backbone.outputDim, outputDim: 4 * 4 * 3, numLayers: 2 });
 * const task = aim({ backbone, head });
 * console.log(task.name);
 * ```
 */
export function aim(options: AimOptions): PretextTask<AimBatch, AimTargets> {
  const { normalizePixels = true, prefix: withPrefix = true } = options;
  return {
    api: 1,
    name: 'aim',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      const networks = joinNetworks({ backbone, head });
      if (backbone.hasClassToken) {
        networks.dispose();
        throw new SelfsupError(
          'SELFSUP_OPTION',
          'aim: the backbone must not have a class token, which would see everything; give `classToken: false`',
        );
      }
      if ('registers' in (backbone.trainable as object)) {
        networks.dispose();
        throw new SelfsupError(
          'SELFSUP_OPTION',
          'aim: the backbone must not have register tokens, through which patches would see those after them; give `numRegisters: 0`',
        );
      }
      return {
        encoders: { backbone },
        ...networks,
        targets(batch, { stream }) {
          const patches = patchify(checkImages('aim', batch.images), { patchSize: backbone.patchSize });
          const [n, length] = patches.shape;
          if (length < 2)
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `aim: \`images\` must have two patches of ${backbone.patchSize} pixels or more, got ${length}`,
            );
          const lengths = Int32Array.from(drawUniform(stream('prefix'), n), (draw) =>
            withPrefix ? 1 + Math.floor(draw * (length - 1)) : 1,
          );
          return { prefix: tf.tensor1d(lengths, 'int32'), pixels: normalizePixels ? standardizePatches(patches) : patches };
        },
        loss(batch, { prefix, pixels }, context) {
          const apply = applyOptions(context, 'networks');
          const [n, length, patchDim] = pixels.shape;
          const attentionMask = seenPatches(prefix, length);
          const states = backbone.encode({ images: checkImages('aim', batch.images), attentionMask }, apply); // [n, length, width]
          const width = states.shape[2];
          const before = tf.reshape<tf.Rank.R2>(tf.slice(states, [0, 0, 0], [n, length - 1, width]), [n * (length - 1), width]);
          const predictions = tf.reshape<tf.Rank.R3>(head.apply(before, apply), [n, length - 1, patchDim]);
          const next = tf.slice(pixels, [0, 1, 0], [n, length - 1, patchDim]);
          const after = tf.greaterEqual(tf.range(1, length, 1, 'int32'), tf.reshape(prefix, [n, 1]));
          const mask = tf.cast<tf.Tensor2D>(after as tf.Tensor2D, 'float32');
          return { loss: maskedPixelLoss(predictions, next, { mask }), weight: tf.sum<tf.Scalar>(mask) };
        },
      };
    },
  };
}
