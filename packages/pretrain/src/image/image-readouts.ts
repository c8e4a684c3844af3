import { pyramid, type MappedEncoder, type VitEncoder } from '@selfsup/encoders';
import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ReadoutRecipe } from '../encoder-recipe.ts';

const pyramidOptions = z.strictObject({
  levels: z
    .array(z.strictObject({ layer: z.string().min(1), grid: z.int().min(1) }))
    .min(1)
    .optional()
    .describe('which layers on which grids; default the last three, on 8 x 8, 4 x 4 and 3 x 3'),
  power: z.number().gt(0).max(1).default(0.5).describe('power of the averages; 1 changes nothing'),
  flip: z.boolean().default(true).describe('whether the features are the mean over the image and its mirror image, in twice the time'),
});

type PyramidOptions = z.output<typeof pyramidOptions>;

/** Grids of the last layers. */
const GRIDS = [8, 4, 3];

/** The last layers, coarser the later they are. */
function lastLayers({ mapChannels }: Pick<MappedEncoder, 'mapChannels'>): { layer: string; grid: number }[] {
  const layers = Object.keys(mapChannels).slice(-GRIDS.length);
  return layers.map((layer, i) => ({ layer, grid: GRIDS[GRIDS.length - layers.length + i]! }));
}

/** What several layers see in several places, see `pyramid` of `@selfsup/encoders`. */
export const pyramidReadout: ReadoutRecipe<MappedEncoder, PyramidOptions> = {
  name: 'pyramid',
  title: 'what several layers see in several places',
  options: pyramidOptions,
  create: (encoder, { levels = lastLayers(encoder), ...options }) => pyramid(encoder, { levels, ...options }),
};

/** The state of the class token and the mean of the patches' states. */
export const tokensReadout: ReadoutRecipe<VitEncoder> = {
  name: 'tokens',
  title: "the class token's state, and the mean of the patches'",
  options: z.strictObject({}),
  create: (encoder) => {
    if (!encoder.hasClassToken)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        'the readout tokens reads the class token, which the encoder does not have (`classToken: false`); use the readout global',
      );
    return {
      trainable: encoder.trainable,
      buffers: encoder.buffers,
      apply: (images, apply) =>
        tf.tidy(() => {
          const states = encoder.encode({ images: images as tf.Tensor4D }, apply); // [n, 1 + patches, width]
          const [n, tokens, width] = states.shape;
          const first = tf.reshape<tf.Rank.R2>(tf.slice(states, [0, 0, 0], [n, 1, width]), [n, width]);
          return tf.concat([first, tf.mean<tf.Tensor2D>(tf.slice(states, [0, 1, 0], [n, tokens - 1, width]), 1)], 1); // [n, 2 · width]
        }),
      dispose: () => undefined, // the variables are the encoder's
    };
  },
};
