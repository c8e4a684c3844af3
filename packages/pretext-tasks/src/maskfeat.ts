import * as tf from '@tensorflow/tfjs-core';
import { patchify, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { maskedPixelLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { optionError } from './check-options.ts';
import { joinNetworks } from './join-networks.ts';
import { checkImages, drawMasks, type PatchMasking } from './patch-masking.ts';
import { patchStates, type PatchEncoder } from './patch-networks.ts';

/** What {@link maskFeat} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type MaskFeatBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What {@link maskFeat} compares: `mask` float32 `[n, length]` and `features` float32 `[n, length, cells · dim]` of each patch. */
export type MaskFeatTargets = Readonly<Record<'mask', tf.Tensor2D> & Record<'features', tf.Tensor3D>>;

/** Options of {@link maskFeat}. */
export interface MaskFeatOptions {
  /** Makes the backbone, which is kept; it has a mask token. */
  backbone: (rng: Rng) => PatchEncoder;
  /** Makes the head from a patch's state to the features of its cells, `[rows, width]` to `[rows, cells · dim]`: one linear layer. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Draws the masks; `maskPatches` of @selfsup/augment with `kind: 'block'`. The paper masks 0.4. */
  masking: PatchMasking;
  /**
   * The features of images: float32 `[n, rows, columns, dim]`, of as many cells in each patch; `hogFeatures` of @selfsup/augment. The paper has 4 cells of 8 by 8
   * pixels in a patch, 9 bins for each of 3 channels.
   */
  features: (images: tf.Tensor4D) => tf.Tensor4D;
}

/**
 * MaskFeat: a mask token stands for a part of the patches, and one linear layer on the backbone predicts the histograms of oriented gradients there.
 *
 * @param options see {@link MaskFeatOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`. The loss is `maskedPixelLoss` of the features, squared
 * @throws SelfsupError from `targets` and `loss` `SELFSUP_BATCH` without `images`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when they do not fit, `SELFSUP_OPTION`
 * when the masking is for another number of patches, the cells do not fit into the patches, or the backbone has no mask token
 * @see Wei et al.: "Masked Feature Prediction for Self-Supervised Visual Pre-Training", https://arxiv.org/abs/2112.09133
 * @remarks The features are those of the view that the backbone sees, before anything is masked; those of a patch are in the order (row, column, feature). The
 * loss is the mean over them: the paper's squared distance is so many times larger. The class token's state is not used.
 * @example
 * ```ts
 * import { hogFeatures, maskPatches } from '@selfsup/augment';
 * import { linear, vit } from '@selfsup/encoders';
 * import { maskFeat } from '@selfsup/pretext-tasks/maskfeat';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, pooling: 'mean', maskToken: true });
 * const head = linear({ inputDim: backbone.outputDim, outputDim: 9 * 3 }); // one cell of 4 by 4 pixels
 * const masking = maskPatches({ gridSize: backbone.gridSize, maskRatio: 0.4, kind: 'block' });
 * const task = maskFeat({ backbone, head, masking, features: hogFeatures({ cellSize: 4 }) });
 * console.log(task.name);
 * ```
 */
export function maskFeat(options: MaskFeatOptions): PretextTask<MaskFeatBatch, MaskFeatTargets> {
  return {
    api: 1,
    name: 'maskfeat',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head }),
        targets(batch, { stream }) {
          const images = checkImages('maskfeat', batch.images);
          const features = patchFeatures(options.features(images), images, backbone.patchSize);
          const [n, length] = features.shape;
          const { mask } = drawMasks('maskfeat', options.masking, { n, length, rng: stream('masking') });
          return { mask, features };
        },
        loss(batch, { mask, features }, context) {
          const apply = applyOptions(context, 'networks');
          const states = backbone.encode({ images: checkImages('maskfeat', batch.images), mask }, apply); // [n, 1 + length, width]
          const [n, length] = features.shape;
          const rows = tf.reshape<tf.Rank.R2>(patchStates(states, length), [n * length, -1]);
          const predictions = tf.reshape<tf.Rank.R3>(head.apply(rows, apply), [n, length, -1]); // [n, length, cells · dim]
          return { loss: maskedPixelLoss(predictions, features, { mask }) };
        },
      };
    },
  };
}

/** The features of each patch from those of the cells: `[n, length, cells · dim]`. */
function patchFeatures(cells: tf.Tensor4D, images: tf.Tensor4D, patchSize: number): tf.Tensor3D {
  const [rows, columns] = [images.shape[1] / patchSize, images.shape[2] / patchSize]; // of patches
  const perSide = cells.shape[1] / rows;
  if (cells.shape[0] !== images.shape[0] || !Number.isInteger(perSide) || perSide < 1 || cells.shape[2] !== columns * perSide)
    throw optionError('maskfeat', {
      name: 'features',
      expected: `of cells of which as many fit into each of ${images.shape[0]} x ${rows} x ${columns} patches`,
      got: `[${cells.shape.join(', ')}]`,
    });
  return patchify(cells, { patchSize: perSide });
}
