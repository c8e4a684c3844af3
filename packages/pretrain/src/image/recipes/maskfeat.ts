import { hogFeatures, maskPatches } from '@selfsup/augment';
import { SelfsupError } from '@selfsup/core';
import { linear } from '@selfsup/encoders';
import { maskFeat } from '@selfsup/pretext-tasks/maskfeat';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { oneView } from '../views-input.ts';
import { maskOptions, patchEncoder } from './masked-images.ts';

/** The side of the paper's cells in pixels. */
const CELL = 8;

/** MaskFeat with histograms of oriented gradients. */
export const maskFeatTask = defineImageTask({
  name: 'maskfeat',
  aliases: ['mask-feat', 'hog'],
  title: 'MaskFeat',
  paper: 'https://arxiv.org/abs/2112.09133',
  summary:
    'Mask tokens replace part of the patches, and one linear layer on the encoder predicts the histograms of oriented gradients of the hidden ones.',
  advice: {
    take: 'Shapes and edges matter more than colors. Its targets cost nothing, and it needs no decoder or second network.',
    leave:
      'Images are smooth, or so small that a patch has no edges, or you have time for only a few hundred updates. A `batchSize` of 32 with a `learningRate` of 0.001 fits more updates into the same time.',
  },
  options: z.strictObject({
    ...maskOptions(0.4, 'block'),
    cellSize: z
      .int()
      .min(1)
      .optional()
      .describe(
        `side in pixels of the cells that have a histogram each, a divisor of a patch's; default ${CELL} as in the paper, or a whole patch where that does not fit`,
      ),
    numBins: z.int().min(2).default(9).describe('bins for the directions from 0 to 180 degrees'),
  }),
  input: oneView,
  views: cropSource([0.5, 1]), // the paper's
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  encoderOptions: { maskToken: true, pooling: 'mean' },
  // the authors': the first gradients are hundreds of times those of later, and Adam remembers them for a thousand updates
  defaults: ({ optimizer = 'adamw' }) => ({ optimizer, ...(optimizer === 'adamw' && { clipNorm: 0.02 }) }),
  create({ backbone, channels }, { maskRatio, maskKind: kind, numBins, ...options }) {
    const encoder = patchEncoder('maskfeat', backbone);
    const { gridSize, patchSize, outputDim: inputDim } = encoder;
    const { cellSize = patchSize % CELL === 0 ? CELL : patchSize } = options;
    if (patchSize % cellSize !== 0)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `maskfeat: \`cellSize\` must divide the encoder's patches of ${patchSize} pixels, got ${cellSize}`,
      );
    return maskFeat({
      backbone: encoder,
      head: linear({ inputDim, outputDim: (patchSize / cellSize) ** 2 * channels * numBins }),
      masking: maskPatches({ gridSize, maskRatio, kind }),
      features: hogFeatures({ cellSize, numBins }),
    });
  },
});
