import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { joinNetworks } from './join-networks.ts';

/** What {@link relativePatch} trains on: `images` float32 `[n, height, width, channels]`. */
export type RelativePatchBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What {@link relativePatch} makes of a batch: pairs of patches. */
export interface RelativePatchTargets {
  /** One patch of each pair, float32 `[pairs, side, side, channels]`. */
  readonly first: tf.Tensor4D;
  /** Its neighbor, of the same shape. */
  readonly second: tf.Tensor4D;
  /** Where the neighbor lies, int32 `[pairs]` in 0 … 7. */
  readonly labels: tf.Tensor1D;
  readonly [name: string]: tf.Tensor;
}

/** Options of {@link relativePatch}. */
export interface RelativePatchOptions {
  /** Makes the backbone, which is kept: patches `[n, side, side, channels]` to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the classifier, the features of both patches in a row `[pairs, 2 · dim]` to logits `[pairs, 8]`, thrown away afterwards. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Cuts pairs of neighboring patches, one or more of each image; `patchPairs` of @selfsup/augment. */
  pairing: (images: tf.Tensor4D, rng: Rng) => Readonly<Record<'first' | 'second', tf.Tensor4D> & Record<'labels', tf.Tensor1D>>;
}

/**
 * Context prediction: the backbone sees two neighboring patches of an image on their own, and a head says on which of eight sides of the first the second lies.
 *
 * @param options see {@link RelativePatchOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`. The loss is the mean cross entropy of the eight sides; the metric is `accuracy`, 0.125 by
 * chance
 * @throws SelfsupError from `targets` `SELFSUP_BATCH` without images, and what `pairing` throws
 * @see Doersch et al.: "Unsupervised Visual Representation Learning by Context Prediction", https://arxiv.org/abs/1505.05192
 * @remarks Both patches pass the backbone in one batch, all first ones before all second ones, so batch normalization takes its statistics over both.
 * @example
 * ```ts
 * import { patchPairs } from '@selfsup/augment';
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { relativePatch } from '@selfsup/pretext-tasks/relative-patch';
 * const backbone = convNet({ channels: 3 });
 * const head = projectionHead({ inputDim: 2 * backbone.outputDim, hiddenDim: 256, outputDim: 8 });
 * const task = relativePatch({ backbone, head, pairing: patchPairs({ size: 16 }) });
 * console.log(task.name);
 * ```
 */
export function relativePatch(options: RelativePatchOptions): PretextTask<RelativePatchBatch, RelativePatchTargets> {
  return {
    api: 1,
    name: 'relative-patch',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head }),
        targets({ images }: Partial<RelativePatchBatch>, { stream }) {
          if (!images) throw new SelfsupError('SELFSUP_BATCH', 'relative-patch: the batch must have `images`, got undefined');
          const { first, second, labels } = options.pairing(images, stream('pairing'));
          return { first, second, labels };
        },
        loss(_, { first, second, labels }, context) {
          const apply = applyOptions(context, 'networks');
          const features = backbone.apply(tf.concat([first, second]), apply); // [2·pairs, dim]
          const [one, other] = tf.split(features, 2) as [tf.Tensor2D, tf.Tensor2D];
          const logits = head.apply(tf.concat([one, other], 1), apply); // [pairs, 8]
          return { loss: maskedCrossEntropy(logits, labels), metrics: { accuracy: maskedAccuracy(logits, labels) } };
        },
      };
    },
  };
}
