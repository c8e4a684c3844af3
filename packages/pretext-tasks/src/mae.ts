import type * as tf from '@tensorflow/tfjs-core';
import { patchify, type PretextTask, type Rng } from '@selfsup/core';
import { maskedPixelLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { joinNetworks } from './join-networks.ts';
import { checkImages, drawMasks, type MaskedImageTargets, type PatchMasking } from './patch-masking.ts';
import type { PatchDecoder, PatchEncoder } from './patch-networks.ts';
import { standardizePatches } from './standardize-patches.ts';

/** What {@link mae} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type MaeBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** Options of {@link mae}. */
export interface MaeOptions {
  /** Makes the backbone, which is kept; it sees the patches that are not masked. */
  backbone: (rng: Rng) => PatchEncoder;
  /** Makes the network that predicts the pixels, thrown away afterwards. */
  decoder: (rng: Rng) => PatchDecoder;
  /** Draws the masks; `maskPatches` of @selfsup/augment, which masks 0.75 of the patches as the paper does. */
  masking: PatchMasking;
  /** Whether the pixels of each patch are brought to mean 0 and variance 1 before they are predicted; default true, the paper's better variant. */
  normalizePixels?: boolean;
}

/**
 * MAE: the backbone sees a quarter of the patches, and a decoder predicts the pixels of the others.
 *
 * @param options see {@link MaeOptions}
 * @returns the task; its variables lie under `backbone/` and `decoder/`. The loss is `maskedPixelLoss`, squared: 1 when the decoder predicts nothing, with
 * normalized pixels
 * @throws SelfsupError from `targets` and `loss` `SELFSUP_BATCH` without `images`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when they do not fit, `SELFSUP_OPTION`
 * when the masking is for another number of patches
 * @see He et al.: "Masked Autoencoders Are Scalable Vision Learners", https://arxiv.org/abs/2111.06377
 * @remarks A patch is normalized with its unbiased variance plus 1e-6, as the authors' code does; lightly regresses raw pixels. Evaluation masks too, by the
 * step's stream. The authors train with AdamW, β (0.9, 0.95), weight decay 0.05 but on vectors, rate 1.5e-4 · batch/256, 40 epochs of warm-up and a cosine.
 * @example
 * ```ts
 * import { maskPatches } from '@selfsup/augment';
 * import { maeDecoder, vit } from '@selfsup/encoders';
 * import { mae } from '@selfsup/pretext-tasks/mae';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3 });
 * const { outputDim: inputDim, gridSize, patchSize } = backbone;
 * const decoder = maeDecoder({ inputDim, gridSize, patchSize, width: 64, numLayers: 2, numHeads: 2 });
 * const task = mae({ backbone, decoder, masking: maskPatches({ gridSize }) });
 * console.log(task.name);
 * ```
 */
export function mae(options: MaeOptions): PretextTask<MaeBatch, MaskedImageTargets> {
  const { masking, normalizePixels = true } = options;
  return {
    api: 1,
    name: 'mae',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const decoder = options.decoder(rng.fold('decoder'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, decoder }),
        targets(batch, { stream }) {
          const patches = patchify(checkImages('mae', batch.images), { patchSize: backbone.patchSize });
          const [n, length] = patches.shape;
          const masks = drawMasks('mae', masking, { n, length, rng: stream('masking') });
          return { ...masks, pixels: normalizePixels ? standardizePatches(patches) : patches };
        },
        loss(batch, { keep, restore, mask, pixels }, context) {
          const apply = applyOptions(context, 'networks');
          const tokens = backbone.encode({ images: checkImages('mae', batch.images), keep }, apply); // [n, 1 + kept, width]
          return { loss: maskedPixelLoss(decoder.decode(tokens, restore, apply), pixels, { mask }) };
        },
      };
    },
  };
}
