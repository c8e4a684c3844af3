import { hogFeatures, jepaBlocks, maskPatches } from '@selfsup/augment';
import { createRng, drawNormal } from '@selfsup/core';
import { bert, crossPredictor, jepaPredictor, linear, patchDecoder, residualMlp, sequential, stateless, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { channels, features, imagesAt, row, side, smoothEncoder, testRows } from '../fixtures/conformance-rows.ts';
import { length, tinyBatch, tinyMasking, vocabularySize } from '../fixtures/tiny-text.ts';
import { aim } from './aim.ts';
import { beit, codebookTokenizer } from './beit.ts';
import { capi } from './capi.ts';
import { data2vecText } from './data2vec-text.ts';
import { data2vec } from './data2vec.ts';
import { iJepa, type BlockMasking } from './i-jepa.ts';
import { mappedNetwork } from '../fixtures/mapped-network.ts';
import { inpainting } from './inpainting.ts';
import { maskFeat } from './maskfeat.ts';
import type { PatchMasking } from './patch-masking.ts';
import { vqTokenizer } from './vq-tokenizer.ts';

const size = { imageSize: side, patchSize: 2, channels, numLayers: 1, width: 8, numHeads: 2 };
const images = (step: number) => ({ images: imagesAt(step) });
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
const masking = maskPatches({ gridSize: 2, maskRatio: 0.5 });
/** The same mask for every image. */
const fixedMasking: PatchMasking = ({ count }) => {
  const one = masking({ count: 1 }, createRng(3));
  const repeat = <T>(values: Iterable<T>) => Array.from({ length: count }, () => [...values]).flat();
  return {
    keep: Int32Array.from(repeat(one.keep)),
    restore: Int32Array.from(repeat(one.restore)),
    mask: Float32Array.from(repeat(one.mask)),
  };
};
const maskedToken = vit({ ...size, maskToken: true, pooling: 'mean' });
const square = linear({ inputDim: 8, outputDim: 8 });
const teacher = { backbone: maskedToken, head: square, topBlocks: 1, momentum: 0.9 };
const tinierBert = bert({ numLayers: 1, width: 8, numHeads: 2, vocabularySize, maxPositions: length });
const hog = {
  backbone: maskedToken,
  head: linear({ inputDim: 8, outputDim: 4 * channels }),
  features: hogFeatures({ cellSize: 2, numBins: 4 }),
};
const codebook = drawNormal(createRng(4), 5 * 4 * channels);
const tokens = {
  backbone: maskedToken,
  head: linear({ inputDim: 8, outputDim: 5 }),
  tokenizer: codebookTokenizer({ codebook, vocabularySize: 5 }),
};
const causal = { backbone: vit({ ...size, classToken: false }), head: linear({ inputDim: 8, outputDim: 4 * channels }) };
const mapped = mappedNetwork({ channels, width: features, norm: false });
const mapDecoder = sequential<tf.Tensor4D, tf.Tensor4D>({
  flatten: stateless((map: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(map, [map.shape[0], -1])),
  linear: linear({ inputDim: side * side * features, outputDim: 2 * 2 * channels }),
  region: stateless((x: tf.Tensor2D) => tf.reshape<tf.Rank.R4>(x, [x.shape[0], 2, 2, channels])),
});
const painting = { backbone: smoothEncoder, regionSize: [2, 2] as const };
const linearDecoder = sequential<tf.Tensor2D, tf.Tensor4D>({
  linear: linear({ inputDim: features, outputDim: 4 * channels }),
  region: stateless((x: tf.Tensor2D) => tf.reshape<tf.Rank.R4>(x, [-1, 2, 2, channels])),
});

testRows([
  row('i-jepa', iJepa({ ...jepa, masking: blocks }), {
    batchAt: images,
    gradientSamples: 0,
    skip: { ranks: 'contexts are cut to the shortest of a batch' },
  }),
  row(
    'i-jepa with a class token, the same blocks, squared',
    iJepa({ ...jepa, backbone: vit(size), masking: fixedBlocks, distance: 'squared' }),
    {
      batchAt: images,
      gradientSamples: 0,
    },
  ),
  row(
    'capi, one mask',
    capi({
      backbone: vit(size),
      predictor: crossPredictor({ inputDim: 8, gridSize: 2, width: 4, numLayers: 1, numHeads: 1 }),
      head: linear({ inputDim: 4, outputDim: 5, bias: false }),
      clustering: linear({ inputDim: 8, outputDim: 5 }),
      masking: fixedMasking,
      momentum: 0.9,
    }),
    {
      batchAt: images,
      gradientSamples: 0,
      skip: { differences: 'the assignments depend on the clustering, but carry no gradient' },
    },
  ),
  row('data2vec, one mask, what the linear layers say', data2vec({ ...teacher, masking: fixedMasking, part: 'feed-forward' }), {
    batchAt: images,
    gradientSamples: 0,
  }),
  row('data2vec-text', data2vecText({ backbone: tinierBert, head: square, masking: tinyMasking, topBlocks: 1 }), {
    batchAt: (step) => tinyBatch(step, 4),
    gradientSamples: 0,
  }),
  row('maskfeat, one mask', maskFeat({ ...hog, masking: fixedMasking }), { batchAt: images, gradientSamples: 0 }),
  row('beit, one mask', beit({ ...tokens, masking: fixedMasking }), { batchAt: images, gradientSamples: 0 }),
  row(
    'vq-tokenizer',
    vqTokenizer({
      backbone: vit(size),
      decoder: patchDecoder({ width: 8, gridSize: 2, outputDim: 4 * channels, numLayers: 1, numHeads: 2 }),
      width: 8,
      vocabularySize: 5,
      restartUsage: 0,
    }),
    {
      batchAt: images,
      gradientSamples: 0,
      skip: { differences: 'the gradient passes the choice of codes' },
    },
  ),
  row('aim', aim({ ...causal, head: residualMlp({ inputDim: 8, outputDim: 4 * channels, numLayers: 1 }) }), {
    batchAt: images,
    gradientSamples: 0,
  }),
  row('aim without a prefix, raw pixels', aim({ ...causal, prefix: false, normalizePixels: false }), {
    batchAt: images,
    gradientSamples: 0,
  }),
  row('inpainting by a linear layer', inpainting({ ...painting, decoder: linearDecoder }), { batchAt: images }),
  row('inpainting from a map', inpainting({ ...painting, backbone: mapped, decodes: 'map', decoder: mapDecoder }), { batchAt: images }),
]);
