import type { PretextTask, Targets } from '@selfsup/core';
import { clipLoss } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { checkPositive } from './check-options.ts';
import {
  createImageTextNetworks,
  pairMetrics,
  type ImageTextBatch,
  type ImageTextEmbeddings,
  type ImageTextFactories,
} from './image-text-networks.ts';

/** Options of {@link clip}. */
export interface ClipOptions extends ImageTextFactories {
  /** The similarities are divided by it at first; it is learned as the logarithm of its inverse. > 0, default 0.07. */
  temperature?: number;
  /** What the similarities are multiplied by at most; > 0, default 100. */
  maxScale?: number;
}

/**
 * CLIP: two encoders, of images and of texts, learn which image and which text belong together.
 *
 * @param options see {@link ClipOptions}
 * @returns the task with the encoders `image` and `text`; trainable variables lie under `image/` and `text/`, and `logScale` is the logarithm of what the cosines
 * are multiplied by. The loss is `clipLoss` over the pairs of the whole update; the metrics are `accuracy`, how often an image finds its text and a text its
 * image, `scale`, and `zStd`, the mean deviation per dimension of the images' unit rows: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `embed` on encoders to different widths; `SELFSUP_BATCH` without images or tokens,
 * `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when a tensor does not fit
 * @see Radford et al.: "Learning Transferable Visual Models From Natural Language Supervision", section 2, https://arxiv.org/abs/2103.00020
 * @remarks As in the paper, the scale is learned and kept at 100 or less after each update. What leads into the common space, a linear projection there, belongs
 * to the encoders. The paper takes the state of the last token of a causal transformer; here `pooling` has the mean over a text, or its first token.
 * @example
 * ```ts
 * import { bert, convNet, projected } from '@selfsup/encoders';
 * import { clip } from '@selfsup/pretext-tasks/clip';
 * const image = projected(convNet({ channels: 3 }), { outputDim: 64 });
 * const text = projected(bert({ numLayers: 2, width: 128, numHeads: 2, vocabularySize: 1000 }), { outputDim: 64 });
 * const task = clip({ image, text });
 * console.log(task.name);
 * ```
 */
export function clip(options: ClipOptions): PretextTask<ImageTextBatch, Targets, ImageTextEmbeddings> {
  const { temperature = 0.07, maxScale = 100 } = options;
  checkPositive('clip', { temperature, maxScale });
  return {
    api: 1,
    name: 'clip',
    create({ rng }) {
      const { embed, numbers, ...networks } = createImageTextNetworks('clip', options, {
        rng,
        learned: { logScale: Math.log(Math.min(1 / temperature, maxScale)) },
      });
      const logScale = numbers['logScale']!;
      return {
        ...networks,
        embed: (batch, _, context) => embed(batch, context),
        loss(embeddings) {
          const scale = tf.exp(logScale);
          return {
            loss: clipLoss(embeddings.images, embeddings.texts, { scale, normalized: true }),
            metrics: pairMetrics(embeddings, scale),
          };
        },
        afterStep() {
          tf.tidy(() => {
            logScale.assign(tf.minimum(logScale, Math.log(maxScale)));
          });
        },
      };
    },
  };
}
