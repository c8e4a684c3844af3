import { patchPairs } from '@selfsup/augment';
import { SelfsupError } from '@selfsup/core';
import { projectionHead } from '@selfsup/encoders';
import { relativePatch } from '@selfsup/pretext-tasks/relative-patch';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { checkWholePatches, patchSizeOf } from '../patch-size.ts';
import { oneView } from '../views-input.ts';

/** Parts and how they lie. */
interface Parts {
  readonly size: number;
  readonly gap: number;
  readonly jitter: number;
}

/** The gap, at most half of a part, and the jitter, at least one pixel, of parts of a size, and whether the gap is what it should be. */
function layOut(size: number, imageSize: number, ofPatches: boolean): Parts & { fits: boolean } {
  const [half, jitter] = [Math.floor(size / 2), Math.max(1, Math.floor((7 / 96) * size))];
  const gap = Math.min(half, Math.floor((imageSize - 3 * size - 2 * jitter) / 2));
  return { size, gap, jitter, fits: gap >= (ofPatches ? Math.floor(size / 3) : half) };
}

/**
 * The largest parts, gaps of half of them and a jitter of at least one pixel that fit; at most the paper's 96. Of 32 pixels parts of 7. Those that consist of
 * patches may have gaps of a third, so that of 32 pixels they have four patches and not one.
 */
function partsOf(imageSize: number, patchSize: number, given: number | undefined): Parts {
  if (given !== undefined) {
    const { gap, jitter } = layOut(given, imageSize, patchSize > 1);
    return gap >= 0 ? { size: given, gap, jitter } : { size: given, gap: 0, jitter: 0 };
  }
  for (let size = 96 - (96 % patchSize); size > 1; size -= patchSize) {
    const { fits, ...parts } = layOut(size, imageSize, patchSize > 1);
    if (fits) return parts;
  }
  return { size: patchSize, gap: 0, jitter: 0 };
}

/** Refuses parts that do not lie beside each other in the image, in three rows and columns. */
function checkParts({ size, gap, jitter }: Parts, imageSize: number): void {
  const extent = 3 * size + 2 * gap + 2 * jitter;
  if (extent > imageSize)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `three parts (\`partSize\` ${size}), two gaps (\`gap\` ${gap}) and a shift to both sides (\`jitter\` ${jitter}) must fit into the ${imageSize} pixels of the images, got ${extent}; make one of them smaller, or the images larger`,
    );
}

/** Context prediction; the paper, too, takes many pairs of each image. */
export const relativePatchTask = defineImageTask({
  name: 'relative-patch',
  title: 'Context prediction',
  paper: 'https://arxiv.org/abs/1505.05192',
  summary:
    'The encoder sees two neighboring parts of an image on their own, and a head says on which of eight sides of the first the second lies.',
  advice: {
    take: 'You want a cheap task about places in the picture.',
    leave: 'Features of whole images matter: it sees only patches.',
  },
  options: z.strictObject({
    partSize: z
      .int()
      .min(1)
      .optional()
      .describe(
        'side of a part in pixels; default the largest with gaps that fit, at most 96, of 32 pixels 7, of whole patches of the encoder',
      ),
    gap: z.int().min(0).optional().describe('pixels between parts; default half of a part, or what fits'),
    jitter: z.int().min(0).optional().describe('by how many pixels a part may be moved; default 7/96 of a part, at least 1'),
    pairsPerImage: z.int().min(1).default(8).describe('pairs that are cut out of each image'),
    standardize: z.boolean().default(true).describe('whether each part is standardized on its own'),
    headHidden: z.int().min(1).optional().describe('columns of the hidden layer of the head; default those of the encoder'),
  }),
  input: oneView,
  views: cropSource([0.5, 1]),
  hasProjectionHead: false,
  create({ backbone, imageSize }, options) {
    const { outputDim } = backbone;
    const { partSize, pairsPerImage, standardize, headHidden: hiddenDim = outputDim } = options;
    const parts = partsOf(imageSize, patchSizeOf(backbone), partSize);
    const { gap = parts.gap, jitter = parts.jitter } = options;
    checkWholePatches('partSize', parts.size, backbone);
    checkParts({ size: parts.size, gap, jitter }, imageSize);
    const head = projectionHead({ inputDim: 2 * outputDim, hiddenDim, outputDim: 8 });
    return relativePatch({ backbone, head, pairing: patchPairs({ size: parts.size, gap, jitter, pairsPerImage, standardize }) });
  },
});
