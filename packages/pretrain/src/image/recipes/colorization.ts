import * as tf from '@tensorflow/tfjs-core';
import { colorCodes, normalize, type ColorCodesOptions } from '@selfsup/augment';
import { createRng, SelfsupError } from '@selfsup/core';
import { colorizationHead } from '@selfsup/encoders';
import { colorization } from '@selfsup/pretext-tasks/colorization';
import { z } from 'zod';
import { defineImageTask, type ImageTaskParts } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { oneView } from '../views-input.ts';

/** Places along each side whose colors are told; the paper's 56 of 224 pixels would leave the features little to say. */
const COLOR_PLACES = 8;

/** Codes of normalized images, and their lightness normalized in the same way, since that is what the encoder takes afterwards. */
function codingOf({ channels, mean, std }: ImageTaskParts, options: ColorCodesOptions) {
  if (channels !== 3)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `the task colorization needs colored images, these have ${channels} ${channels === 1 ? 'channel' : 'channels'}`,
    );
  const coding = colorCodes(options);
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const unused = createRng(0); // normalizing draws nothing
  const code = (images: tf.Tensor4D) => {
    const { lightness, ...rest } = coding(tf.clipByValue(tf.add(tf.mul(images, [...std]), [...mean]), 0, 1));
    return { ...rest, lightness: standardize(lightness, unused) };
  };
  return { code, bins: coding.bins.length };
}

/** Colorization. */
export const colorizationTask = defineImageTask({
  name: 'colorization',
  title: 'Colorful image colorization',
  paper: 'https://arxiv.org/abs/1603.08511',
  summary: 'The encoder sees the lightness of an image, and from its features a head predicts the colors of its places.',
  advice: {
    take: 'Color tells what things are, as with plants or food.',
    leave: 'Pictures are gray, or their colors are arbitrary.',
  },
  options: z.strictObject({
    outputSize: z
      .int()
      .min(1)
      .optional()
      .describe(`places along each side whose colors are told, a divisor of the images' side; default ${COLOR_PLACES}`),
    gridStep: z.number().gt(0).default(10).describe('distance of neighboring colors in the a*b* plane'),
    neighbors: z.int().min(1).default(5).describe('over how many of the nearest colors each place is spread'),
    sigma: z.number().gt(0).default(5).describe('standard deviation of the Gaussian that shares it among them'),
    headWidth: z.int().min(1).default(64).describe('channels of the hidden maps of the head'),
  }),
  input: oneView,
  views: cropSource([0.5, 1]),
  hasProjectionHead: false,
  create(parts, options) {
    const { backbone, imageSize } = parts;
    const { outputSize = Math.min(COLOR_PLACES, imageSize), gridStep, neighbors, sigma, headWidth: width } = options;
    const { code, bins } = codingOf(parts, { outputSize, gridStep, neighbors, sigma });
    const head = colorizationHead({ inputDim: backbone.outputDim, outputSize, numBins: bins, width });
    return colorization({ backbone, head, coding: code });
  },
});
