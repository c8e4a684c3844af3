import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ModuleFactory, type PretextTask } from '@selfsup/core';
import { maskedAccuracy, softCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { joinNetworks } from './join-networks.ts';

/** What {@link colorization} trains on: `images` float32 `[n, height, width, 3]`, sRGB in [0, 1]. */
export type ColorizationBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What {@link colorization} makes of a batch: what the backbone sees, and of `places` = n · size² places the colors, row by row, image by image. */
export interface ColorizationTargets {
  /** float32 `[n, height, width, 3]`: images without their colors. */
  readonly lightness: tf.Tensor4D;
  /** float32 `[places, bins]`: the distribution of each place's color. */
  readonly codes: tf.Tensor2D;
  /** int32 `[places]`: its likeliest bin. */
  readonly labels: tf.Tensor1D;
  /** float32 `[places]`: how much it counts. */
  readonly weights: tf.Tensor1D;
  readonly [name: string]: tf.Tensor;
}

/** Options of {@link colorization}. */
export interface ColorizationOptions {
  /** Makes the backbone, which is kept: images `[n, height, width, 3]` to `[n, dim]`; it takes colored ones afterwards. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the painter, features `[n, dim]` to logits `[n, size, size, bins]`, thrown away afterwards; `colorizationHead` of @selfsup/encoders. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor4D>;
  /** Takes the colors away and codes them; `colorCodes` of @selfsup/augment. */
  coding: (
    images: tf.Tensor4D,
  ) => Readonly<Record<'lightness', tf.Tensor4D> & Record<'codes', tf.Tensor2D> & Record<'labels' | 'weights', tf.Tensor1D>>;
}

function paint(logits: tf.Tensor4D, { codes }: ColorizationTargets): tf.Tensor2D {
  const bins = logits.shape[3];
  if (logits.size !== codes.size || bins !== codes.shape[1])
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `colorization: \`head\` must give logits of ${codes.shape[0]} places and ${codes.shape[1]} bins as \`coding\` has them, got [${logits.shape.join(', ')}]`,
    );
  return tf.reshape(logits, [-1, bins]);
}

/**
 * Colorization: the backbone sees the lightness of an image, and a head says from its features which colors the places of the image have.
 *
 * @param options see {@link ColorizationOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`. The loss is the mean over the places of their weight times the cross entropy of their
 * distribution over the bins of color; the metric is `accuracy`, how often the likeliest bin is the nearest one
 * @throws SelfsupError from `targets` `SELFSUP_BATCH` without images, and what `coding` throws; from `loss` `SELFSUP_SHAPE` when the head's places and bins are
 * not the coding's
 * @see Zhang, Isola, Efros: "Colorful Image Colorization", https://arxiv.org/abs/1603.08511
 * @remarks The lightness comes in all three channels, in [0, 1], so that the backbone also takes colored images. Evaluate it on what it was trained on: images in
 * [0, 1], not standardized, or their `lightness`, as the paper does; normalization statistics do not fit others. Colors are equally important unless the
 * coding has `weights`; the paper's rebalancing comes from `colorWeights` of @selfsup/augment. The paper's network predicts from feature maps; here all goes
 * through the one vector that is kept.
 * @example
 * ```ts
 * import { colorCodes } from '@selfsup/augment';
 * import { colorizationHead, convNet } from '@selfsup/encoders';
 * import { colorization } from '@selfsup/pretext-tasks/colorization';
 * const backbone = convNet({ channels: 3 });
 * const coding = colorCodes({ outputSize: 8 });
 * const head = colorizationHead({ inputDim: backbone.outputDim, outputSize: 8, numBins: coding.bins.length });
 * const task = colorization({ backbone, head, coding });
 * console.log(task.name);
 * ```
 */
export function colorization(options: ColorizationOptions): PretextTask<ColorizationBatch, ColorizationTargets> {
  return {
    api: 1,
    name: 'colorization',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head }),
        targets({ images }: Partial<ColorizationBatch>) {
          if (!images) throw new SelfsupError('SELFSUP_BATCH', 'colorization: the batch must have `images`, got undefined');
          const { lightness, codes, labels, weights } = options.coding(images);
          return { lightness, codes, labels, weights };
        },
        loss(_, targets, context) {
          const apply = applyOptions(context, 'networks');
          const logits = paint(head.apply(backbone.apply(targets.lightness, apply), apply), targets); // [places, bins]
          const loss = softCrossEntropy(logits, targets.codes, { weights: targets.weights });
          return { loss, metrics: { accuracy: maskedAccuracy(logits, targets.labels) } };
        },
      };
    },
  };
}
