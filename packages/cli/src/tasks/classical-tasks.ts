import * as tf from '@tensorflow/tfjs-core';
import { colorCodes, normalize, patchPairs, tiles } from '@selfsup/augment';
import { createRng, SelfsupError } from '@selfsup/core';
import { colorizationHead, linear, projectionHead } from '@selfsup/encoders';
import { colorization } from '@selfsup/pretext-tasks/colorization';
import { jigsaw, jigsawPermutations } from '@selfsup/pretext-tasks/jigsaw';
import { relativePatch } from '@selfsup/pretext-tasks/relative-patch';
import { rotation } from '@selfsup/pretext-tasks/rotation';
import { patchSizeOf } from '../patch-size.ts';
import type { TaskContext, TaskEntry } from './task-entry.ts';
import { cropSource, oneView } from './task-views.ts';

/** Most of an image, so that what it shows stays whole; ours. */
const views = cropSource([0.5, 1]);

/** Tiles along each side of a puzzle, and how many orders of them there are; the paper's nine tiles, and enough orders for small data. */
const [GRID, NUM_ORDERS] = [3, 64];

/** The orders: the same for all runs, and a second's work. */
let orders: ReturnType<typeof jigsawPermutations> | undefined;

/** The paper's tiles of 64 pixels in cells of 75, in proportion, of whole patches and smaller than a cell: of 32 pixels cells of 10 and tiles of 8. */
function tileOf(imageSize: number, patchSize: number): number {
  const cell = Math.floor(imageSize / GRID);
  const numPatches = Math.round(Math.floor((64 / 75) * cell) / patchSize);
  return patchSize * Math.max(1, Math.min(numPatches, Math.floor((cell - 1) / patchSize)));
}

/**
 * The largest parts, gaps of half of them and a jitter of at least one pixel that fit; at most the paper's 96. Of 32 pixels parts of 7. Those that consist of
 * patches may have gaps of a third, so that of 32 pixels they have four patches and not one.
 */
function partsOf(imageSize: number, patchSize: number): { size: number; gap: number; jitter: number } {
  for (let size = 96 - (96 % patchSize); size > 1; size -= patchSize) {
    const [half, jitter] = [Math.floor(size / 2), Math.max(1, Math.floor((7 / 96) * size))];
    const gap = Math.min(half, Math.floor((imageSize - 3 * size - 2 * jitter) / 2));
    if (gap >= (patchSize === 1 ? half : Math.floor(size / 3))) return { size, gap, jitter };
  }
  return { size: patchSize, gap: 0, jitter: 0 };
}

/** Pairs of patches that are cut out of each image; the paper, too, takes many of each. */
const PAIRS = 8;

/** Places along each side whose colors are told; the paper's 56 of 224 pixels would leave the features little to say. */
const COLOR_PLACES = 8;

/** Codes of normalized images, and their lightness normalized in the same way, since that is what the encoder takes afterwards. */
function codingOf({ imageSize, channels, mean, std }: TaskContext) {
  if (channels !== 3) throw new SelfsupError('SELFSUP_OPTION', `--task colorization needs colored images, these have ${channels} channel`);
  const coding = colorCodes({ outputSize: Math.min(COLOR_PLACES, imageSize) });
  const standardize = normalize({ mean: [...mean], std: [...std] });
  const unused = createRng(0); // normalizing draws nothing
  const code = (images: tf.Tensor4D) => {
    const { lightness, ...rest } = coding(tf.clipByValue(tf.add(tf.mul(images, [...std]), [...mean]), 0, 1));
    return { ...rest, lightness: standardize(lightness, unused) };
  };
  return { code, bins: coding.bins.length, outputSize: coding.outputSize };
}

/** Tasks whose labels are made from the images. Where the encoder sees parts of images, they consist of whole patches. */
export const classicalTasks = {
  rotation: {
    input: oneView,
    views,
    projectionHead: false,
    create: ({ backbone }) => rotation({ backbone, head: linear({ inputDim: backbone.outputDim, outputDim: 4 }) }),
  },
  colorization: {
    input: oneView,
    views,
    projectionHead: false,
    create(context) {
      const { backbone } = context;
      const { code, bins, outputSize } = codingOf(context);
      const head = colorizationHead({ inputDim: backbone.outputDim, outputSize, numBins: bins });
      return colorization({ backbone, head, coding: code });
    },
  },
  jigsaw: {
    input: oneView,
    views,
    projectionHead: false,
    create({ backbone, imageSize }) {
      orders ??= jigsawPermutations({ count: NUM_ORDERS, numTiles: GRID * GRID });
      const { outputDim } = backbone;
      const head = projectionHead({ inputDim: GRID * GRID * outputDim, hiddenDim: outputDim, outputDim: NUM_ORDERS });
      return jigsaw({
        backbone,
        head,
        tiling: tiles({ grid: GRID, size: tileOf(imageSize, patchSizeOf(backbone)) }),
        permutations: orders,
      });
    },
  },
  'relative-patch': {
    input: oneView,
    views,
    projectionHead: false,
    create({ backbone, imageSize }) {
      const { outputDim } = backbone;
      const head = projectionHead({ inputDim: 2 * outputDim, hiddenDim: outputDim, outputDim: 8 });
      const pairing = patchPairs({ ...partsOf(imageSize, patchSizeOf(backbone)), pairsPerImage: PAIRS });
      return relativePatch({ backbone, head, pairing });
    },
  },
} as const satisfies Readonly<Record<string, TaskEntry>>;
