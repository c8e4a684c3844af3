import { jepaBlocks } from '@selfsup/augment';
import { createRng } from '@selfsup/core';
import { jepaPredictor, vit } from '@selfsup/encoders';
import { channels, imagesAt, row, side, testRows } from '../fixtures/conformance-rows.ts';
import { iJepa, type BlockMasking } from './i-jepa.ts';

const size = { imageSize: side, patchSize: 2, channels, numLayers: 1, width: 8, numHeads: 2 };
const images = (step: number) => ({ images: imagesAt(step) });
const drawn = (what: string) => ({ ranks: `every rank draws ${what} of its own` });

const blocks = jepaBlocks({ gridSize: 2, numTargets: 2 });
/** The same blocks for every image, so that ranks can be compared. */
const fixedBlocks: BlockMasking = ({ count }) => {
  const one = blocks({ count: 1 }, createRng(3));
  const repeat = (values: Int32Array) => Int32Array.from(Array.from({ length: count }, () => [...values]).flat());
  return { context: repeat(one.context), targets: repeat(one.targets), numTargets: one.numTargets };
};
const jepa = {
  backbone: vit({ ...size, classToken: false }),
  predictor: jepaPredictor({ inputDim: 8, gridSize: 2, width: 4, numLayers: 1, numHeads: 1 }),
  momentum: 0.9,
};

testRows([
  row('i-jepa', iJepa({ ...jepa, masking: blocks }), { batchAt: images, gradientSamples: 0, skip: drawn('blocks') }),
  row(
    'i-jepa with a class token, the same blocks, squared',
    iJepa({ ...jepa, backbone: vit(size), masking: fixedBlocks, distance: 'squared' }),
    {
      batchAt: images,
      gradientSamples: 0,
    },
  ),
]);
