import { maskPatches, patchPairs, tiles } from '@selfsup/augment';
import { createRng } from '@selfsup/core';
import { convNet, linear, maeDecoder, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { channels, features, imagesAt, row, side, smoothEncoder, testRows } from '../fixtures/conformance-rows.ts';
import { jigsaw, jigsawPermutations } from './jigsaw.ts';
import { mae } from './mae.ts';
import type { PatchMasking } from './patch-masking.ts';
import { relativePatch } from './relative-patch.ts';
import { rotation } from './rotation.ts';
import { simMim } from './sim-mim.ts';

const encoder = vit({ imageSize: side, patchSize: 2, channels, numLayers: 1, width: 8, numHeads: 2 });
const decoder = maeDecoder({ inputDim: 8, gridSize: 2, patchSize: 2, channels, width: 4, numLayers: 1, numHeads: 1 });
const pixelHead = linear({ inputDim: 8, outputDim: 2 * 2 * channels });
const masking = maskPatches({ gridSize: 2, maskRatio: 0.5 });
/** The same mask for every image, so that ranks can be compared. */
const fixedMasking: PatchMasking = ({ count }) => {
  const one = masking({ count: 1 }, createRng(3));
  const repeat = (values: ArrayLike<number>) => Array.from({ length: count }, () => Array.from(values)).flat();
  return {
    keep: Int32Array.from(repeat(one.keep)),
    restore: Int32Array.from(repeat(one.restore)),
    mask: Float32Array.from(repeat(one.mask)),
  };
};
const masked = { backbone: encoder, decoder, masking };
const maskedToken = vit({ imageSize: side, patchSize: 2, channels, numLayers: 1, width: 8, numHeads: 2, maskToken: true, pooling: 'mean' });
const pairing = patchPairs({ size: side, gap: 0, jitter: 1 });
const images = (step: number) => ({ images: imagesAt(step) });
const large = (step: number) => ({ images: imagesAt(step, { size: 14 }) });

testRows([
  row('mae', mae(masked), { batchAt: images, gradientSamples: 0 }),
  row('mae, one mask, raw pixels', mae({ ...masked, masking: fixedMasking, normalizePixels: false }), {
    batchAt: images,
    gradientSamples: 0,
  }),
  row('sim-mim', simMim({ backbone: maskedToken, head: pixelHead, masking }), {
    batchAt: images,
    gradientSamples: 0,
  }),
  row('sim-mim, one mask', simMim({ backbone: maskedToken, head: pixelHead, masking: fixedMasking }), {
    batchAt: images,
    gradientSamples: 0,
  }),
  row('rotation', rotation({ backbone: smoothEncoder, head: linear({ inputDim: features, outputDim: 4 }) }), { batchAt: images }),
  row(
    'rotation with batch normalization',
    rotation({ backbone: convNet({ channels, widths: [4] }), head: linear({ inputDim: 4, outputDim: 4 }) }),
    { batchAt: images, skip: { ranks: 'batch normalization takes its statistics per rank' } },
  ),
  row(
    'jigsaw',
    jigsaw({
      backbone: smoothEncoder,
      head: linear({ inputDim: 4 * features, outputDim: 5 }),
      tiling: tiles({ grid: 2, size: side }),
      permutations: jigsawPermutations({ count: 5, numTiles: 4 }),
    }),
    { batchAt: (step) => ({ images: imagesAt(step, { size: 10 }) }) },
  ),
  row('relative-patch', relativePatch({ backbone: smoothEncoder, head: linear({ inputDim: 2 * features, outputDim: 8 }), pairing }), {
    batchAt: large,
  }),
  row(
    'relative-patch, one pair for all images',
    relativePatch({
      backbone: smoothEncoder,
      head: linear({ inputDim: 2 * features, outputDim: 8 }),
      pairing: (all) => {
        const cut = (left: number) => tf.slice(all, [0, 5, left, 0], [all.shape[0], side, side, channels]);
        return { first: cut(5), second: cut(9), labels: tf.fill([all.shape[0]], 4, 'int32') };
      },
    }),
    { batchAt: large },
  ),
]);
