import * as tf from '@tensorflow/tfjs-core';
import { createRng, SelfsupError } from '@selfsup/core';
import { inpaintingDecoder, type EncoderFactory, type MappedEncoderFactory } from '@selfsup/encoders';
import { inpainting } from '@selfsup/pretext-tasks/inpainting';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { oneView } from '../views-input.ts';

/**
 * Rows, columns and channels of the map whose mean an encoder's features are, for images `[height, width, channels]`; `undefined` where they are no such mean, as of
 * Transformers. The encoder is asked, once.
 */
function lastMapOf(backbone: EncoderFactory, image: readonly [number, number, number]): readonly [number, number, number] | undefined {
  if ('patchSize' in backbone || !('mapChannels' in backbone)) return undefined;
  const encoder = (backbone as MappedEncoderFactory)(createRng(0));
  const last = Object.keys(encoder.mapChannels).at(-1)!;
  const shape = tf.tidy(() => encoder.maps(tf.zeros([1, ...image]), { training: false, layers: [last] })[last]!.shape);
  encoder.dispose();
  return [shape[1], shape[2], shape[3]];
}

/** Context encoders without their adversarial loss. */
export const inpaintingTask = defineImageTask({
  name: 'inpainting',
  aliases: ['context-encoder', 'context-encoders'],
  title: 'Inpainting (context encoders)',
  paper: 'https://arxiv.org/abs/1604.07379',
  summary: 'The middle of an image is hidden, and a decoder paints it from the features of the rest.',
  advice: {
    take: 'You want a convolutional network to learn from what is hidden, and pictures of its guesses.',
    leave:
      'You use the features without fine-tuning: it learns colors and textures first; `rotation` and contrastive tasks give better ones.',
  },
  options: z.strictObject({
    regionSize: z
      .int()
      .min(1)
      .optional()
      .describe('side in pixels of the region in the middle that is painted; default half of each side of the image'),
    overlap: z
      .int()
      .min(0)
      .default(0)
      .describe(
        'pixels at its borders that are painted though they are seen; 7 of 64 in the paper, whose loss is then mostly of what is seen',
      ),
    overlapWeight: z.number().min(0).default(10).describe('how much such a pixel counts beside a hidden one'),
    decoderWidth: z.int().min(1).default(128).describe('channels of the coarsest map of the decoder'),
  }),
  input: oneView,
  views: cropSource([0.2, 1]),
  hasProjectionHead: false,
  create({ backbone, height, width, channels }, { regionSize, overlap, overlapWeight, decoderWidth }) {
    const region = [regionSize ?? Math.floor(height / 2), regionSize ?? Math.floor(width / 2)] as const;
    if (region[0] >= height || region[1] >= width)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `\`regionSize\` must be below ${Math.min(height, width)}, the side of the images, got ${regionSize!}`,
      );
    const common = { backbone, regionSize: region, overlap, overlapWeight };
    const painter = { outputSize: region, channels, width: decoderWidth };
    const map = lastMapOf(backbone, [height, width, channels]);
    if (!map) return inpainting({ ...common, decoder: inpaintingDecoder({ ...painter, inputDim: backbone.outputDim }) });
    const [rows, columns, inputDim] = map;
    return inpainting({ ...common, decodes: 'map', decoder: inpaintingDecoder({ ...painter, inputDim, mapSize: [rows, columns] }) });
  },
});
