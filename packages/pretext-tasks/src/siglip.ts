import type { PretextTask, Targets } from '@selfsup/core';
import { siglipLoss } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { checkPositive, optionError } from './check-options.ts';
import {
  createImageTextNetworks,
  pairMetrics,
  type ImageTextBatch,
  type ImageTextEmbeddings,
  type ImageTextFactories,
} from './image-text-networks.ts';

/** Options of {@link siglip}. */
export interface SiglipOptions extends ImageTextFactories {
  /** The similarities are divided by it at first; it is learned as the logarithm of its inverse. > 0, default 0.1. */
  temperature?: number;
  /** What is added to the scaled similarities at first; it is learned. Default −10: at first most pairs count as not belonging together, as they do not. */
  bias?: number;
}

/**
 * SigLIP: two encoders, of images and of texts, learn of each image and each text whether they belong together.
 *
 * @param options see {@link SiglipOptions}
 * @returns the task with the encoders `image` and `text`; trainable variables lie under `image/` and `text/`, `logScale` is the logarithm of what the cosines
 * are multiplied by, `bias` what is added then. The loss is `siglipLoss` over the pairs of the whole update; the metrics are `accuracy`, how often an image
 * finds its text and a text its image, `scale`, and `zStd`, the mean deviation per dimension of the images' unit rows: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `embed` on encoders to different widths; `SELFSUP_BATCH` without images or tokens,
 * `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when a tensor does not fit
 * @see Zhai et al.: "Sigmoid Loss for Language Image Pre-Training", section 3, https://arxiv.org/abs/2303.15343
 * @remarks The loss needs no normalization over the batch, so that small batches serve it better than CLIP's. The scale is not bounded, as in the paper.
 * @example
 * ```ts
 * import { bert, convNet, projected } from '@selfsup/encoders';
 * import { siglip } from '@selfsup/pretext-tasks/siglip';
 * const image = projected(convNet({ channels: 3 }), { outputDim: 64 });
 * const text = projected(bert({ numLayers: 2, width: 128, numHeads: 2, vocabularySize: 1000 }), { outputDim: 64 });
 * const task = siglip({ image, text });
 * console.log(task.name);
 * ```
 */
export function siglip(options: SiglipOptions): PretextTask<ImageTextBatch, Targets, ImageTextEmbeddings> {
  const { temperature = 0.1, bias: firstBias = -10 } = options;
  checkPositive('siglip', { temperature });
  if (!Number.isFinite(firstBias)) throw optionError('siglip', { name: 'bias', expected: 'a finite number', got: firstBias });
  return {
    api: 1,
    name: 'siglip',
    create({ rng }) {
      const { embed, numbers, ...networks } = createImageTextNetworks('siglip', options, {
        rng,
        learned: { logScale: -Math.log(temperature), bias: firstBias },
      });
      const [logScale, bias] = [numbers['logScale']!, numbers['bias']!];
      return {
        ...networks,
        embed: (batch, _, context) => embed(batch, context),
        loss(embeddings) {
          const scale = tf.exp(logScale);
          return {
            loss: siglipLoss(embeddings.images, embeddings.texts, { scale, bias, normalized: true }),
            metrics: pairMetrics(embeddings, scale),
          };
        },
      };
    },
  };
}
