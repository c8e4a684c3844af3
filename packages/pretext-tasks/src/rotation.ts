import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ModuleFactory, type PretextTask } from '@selfsup/core';
import { maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { joinNetworks } from './join-networks.ts';

/** What {@link rotation} trains on: `images` float32 `[n, side, side, channels]`, upright. */
export type RotationBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What {@link rotation} makes of a batch. */
export interface RotationTargets {
  /** Every image in all four rotations, float32 `[4·n, side, side, channels]`. */
  readonly rotated: tf.Tensor4D;
  /** Quarter turns counter-clockwise, int32 `[4·n]`. */
  readonly labels: tf.Tensor1D;
  readonly [name: string]: tf.Tensor;
}

/** Options of {@link rotation}. */
export interface RotationOptions {
  /** Makes the backbone, which is kept: images to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the classifier, `[n, dim]` to logits `[n, 4]`, thrown away afterwards. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
}

function checkImages(images: tf.Tensor4D | undefined): tf.Tensor4D {
  if (!images) throw new SelfsupError('SELFSUP_BATCH', 'rotation: the batch must have `images`, got undefined');
  if (images.rank !== 4 || images.shape[1] !== images.shape[2])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `rotation: \`images\` must have shape [n, side, side, channels], got [${images.shape.join(', ')}]`,
    );
  return images;
}

/** All images upright, then all turned by one, two and three quarters counter-clockwise. */
function rotateAll(images: tf.Tensor4D): tf.Tensor4D {
  const transposed = tf.transpose(images, [0, 2, 1, 3]);
  return tf.concat([images, tf.reverse(transposed, [1]), tf.reverse(images, [1, 2]), tf.reverse(transposed, [2])]);
}

/**
 * Prediction of rotations (RotNet): the backbone learns to say by which of 0°, 90°, 180° and 270° an image was turned.
 *
 * @param options see {@link RotationOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`. The loss is the mean cross entropy of the four classes over all four rotations of each
 * image; the metric is `accuracy`, 0.25 by chance
 * @throws SelfsupError from `targets` `SELFSUP_BATCH` without images, `SELFSUP_SHAPE` on images that are not square
 * @see Gidaris et al.: "Unsupervised Representation Learning by Predicting Image Rotations", https://arxiv.org/abs/1803.07728
 * @remarks Every image comes with all four rotations in one batch, as in the paper, which found that better than one drawn at random: a batch of n images
 * costs 4n. Images are only turned by moving pixels, so that no interpolation gives the angle away; augment them beforehand.
 * @example
 * ```ts
 * import { convNet, linear } from '@selfsup/encoders';
 * import { rotation } from '@selfsup/pretext-tasks/rotation';
 * const backbone = convNet({ channels: 3 });
 * const task = rotation({ backbone, head: linear({ inputDim: backbone.outputDim, outputDim: 4 }) });
 * console.log(task.name);
 * ```
 */
export function rotation(options: RotationOptions): PretextTask<RotationBatch, RotationTargets> {
  return {
    api: 1,
    name: 'rotation',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head }),
        targets(batch) {
          const images = checkImages(batch.images);
          const labels = Int32Array.from({ length: 4 * images.shape[0] }, (_, i) => Math.floor(i / images.shape[0]));
          return { rotated: rotateAll(images), labels: tf.tensor1d(labels, 'int32') };
        },
        loss(_, { rotated, labels }, context) {
          const options = applyOptions(context, 'networks');
          const apply = { ...options, rng: options.rng.stacked(4) };
          const logits = head.apply(backbone.apply(rotated, apply), apply); // [4·n, 4]
          return { loss: maskedCrossEntropy(logits, labels), metrics: { accuracy: maskedAccuracy(logits, labels) } };
        },
      };
    },
  };
}
