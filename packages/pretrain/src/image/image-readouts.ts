import { pyramid, type MappedEncoder, type VitEncoder } from '@selfsup/encoders';
import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ReadoutRecipe } from '../encoder-recipe.ts';
import type { AnyModule } from '../modality.ts';

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

const patchesOptions = z.strictObject({
  grid: z
    .int()
    .min(1)
    .max(16)
    .default(3)
    .describe('patches along each side of the image; as many passes of the encoder as there are patches'),
  area: z.number().gt(0).max(1).default(0.25).describe("part of the image's area that each of them has"),
  flip: z.boolean().default(false).describe('whether their mirror images count, too, in twice the time'),
});

type PatchesOptions = z.output<typeof patchesOptions>;

/** Where a window of `size` of `length` pixels begins that is number `i` of `count`, spread evenly. */
const startOf = (i: number, { count, size, length }: { count: number; size: number; length: number }) =>
  count === 1 ? Math.floor((length - size) / 2) : Math.round((i * (length - size)) / (count - 1));

/**
 * A bag of patches: the mean of the features of many parts of an image, each enlarged to its size, which is what encoders know that have only seen such parts.
 *
 * @see Tong et al.: "EMP-SSL: Towards Self-Supervised Learning in One Training Epoch", section 3, https://arxiv.org/abs/2304.03977; there the places are drawn, 128 of
 * them, here they lie on a grid; the authors' program takes the first hidden layer of the projection head, this the features of the encoder
 */
export const patchesReadout: ReadoutRecipe<AnyModule, PatchesOptions> = {
  name: 'patches',
  title: 'the mean of what is seen in many parts of the image, each enlarged',
  options: patchesOptions,
  create: (encoder, { grid, area, flip }) => ({
    trainable: encoder.trainable,
    buffers: encoder.buffers,
    apply: (input, apply) =>
      tf.tidy(() => {
        const images = input as tf.Tensor4D;
        const [n, height, width, channels] = images.shape;
        const [rows, columns] = [height, width].map((length) => Math.max(1, Math.round(length * Math.sqrt(area)))) as [number, number];
        let sum: tf.Tensor | undefined;
        for (let patch = 0; patch < grid * grid; patch++)
          sum = tf.tidy(() => {
            const top = startOf(Math.floor(patch / grid), { count: grid, size: rows, length: height });
            const left = startOf(patch % grid, { count: grid, size: columns, length: width });
            const part = tf.slice(images, [0, top, left, 0], [n, rows, columns, channels]);
            const enlarged = tf.image.resizeBilinear(part, [height, width], false, true);
            const features = [enlarged, ...(flip ? [tf.reverse(enlarged, 2)] : [])].map((seen) => encoder.apply(seen, apply));
            return tf.addN(sum ? [...features, sum] : features);
          });
        return tf.div(sum!, grid * grid * (flip ? 2 : 1)); // [n, dim]
      }),
    dispose: () => undefined, // the variables are the encoder's
  }),
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
