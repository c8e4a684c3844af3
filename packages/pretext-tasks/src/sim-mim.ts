import * as tf from '@tensorflow/tfjs-core';
import { patchify, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { maskedPixelLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { joinNetworks } from './join-networks.ts';
import { checkImages, drawMasks, type MaskedImageTargets, type PatchMasking } from './patch-masking.ts';
import type { PatchEncoder } from './patch-networks.ts';

/** What {@link simMim} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type SimMimBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What {@link simMim} compares: `mask` float32 `[n, length]` and `pixels` float32 `[n, length, patchSize²·channels]`. */
export type SimMimTargets = Pick<MaskedImageTargets, 'mask' | 'pixels'>;

/** Options of {@link simMim}. */
export interface SimMimOptions {
  /** Makes the backbone, which is kept; it has a mask token. */
  backbone: (rng: Rng) => PatchEncoder;
  /** Makes the head from a patch's state to its pixels, `[rows, width]` to `[rows, patchSize²·channels]`: the paper has one linear layer. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Draws the masks; `maskPatches` of @selfsup/augment. The paper masks 0.6 in units of 32 pixels. */
  masking: PatchMasking;
}

/**
 * SimMIM: a mask token stands for a part of the patches, and one linear layer on the backbone predicts their pixels.
 *
 * @param options see {@link SimMimOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`. The loss is `maskedPixelLoss`, absolute
 * @throws SelfsupError from `targets` and `loss` `SELFSUP_BATCH` without `images`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when they do not fit, `SELFSUP_OPTION`
 * when the masking is for another number of patches or the backbone has no mask token
 * @see Xie et al.: "SimMIM: A Simple Framework for Masked Image Modeling", https://arxiv.org/abs/2111.09886
 * @remarks The pixels are those of `images`: the paper normalizes images, not patches. Each state predicts its own patch, so a patch of the backbone is what a
 * pixel of the last feature map is in the paper. The class token's state is not used.
 * @example
 * ```ts
 * import { maskPatches } from '@selfsup/augment';
 * import { linear, vit } from '@selfsup/encoders';
 * import { simMim } from '@selfsup/pretext-tasks/sim-mim';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, pooling: 'mean', maskToken: true });
 * const head = linear({ inputDim: backbone.outputDim, outputDim: 4 * 4 * 3 });
 * const task = simMim({ backbone, head, masking: maskPatches({ gridSize: backbone.gridSize, maskRatio: 0.6, unitSize: 2 }) });
 * console.log(task.name);
 * ```
 */
export function simMim(options: SimMimOptions): PretextTask<SimMimBatch, SimMimTargets> {
  return {
    api: 1,
    name: 'sim-mim',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head }),
        targets(batch, { stream }) {
          const pixels = patchify(checkImages('sim-mim', batch.images), { patchSize: backbone.patchSize });
          const [n, length] = pixels.shape;
          const { mask } = drawMasks('sim-mim', options.masking, { n, length, rng: stream('masking') });
          return { mask, pixels };
        },
        loss(batch, { mask, pixels }, context) {
          const apply = applyOptions(context, 'networks');
          const tokens = backbone.encode({ images: checkImages('sim-mim', batch.images), mask }, apply); // [n, 1 + length, width]
          const [n, seen, width] = tokens.shape;
          const length = pixels.shape[1]; // the class token's state, if there is one, comes first
          const rows = tf.reshape<tf.Rank.R2>(tf.slice(tokens, [0, seen - length, 0], [n, length, width]), [n * length, width]);
          const predictions = tf.reshape<tf.Rank.R3>(head.apply(rows, apply), [n, length, -1]); // [n, length, patchDim]
          return { loss: maskedPixelLoss(predictions, pixels, { mask, distance: 'absolute' }) };
        },
      };
    },
  };
}
