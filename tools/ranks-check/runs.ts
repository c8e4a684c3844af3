// Short runs whose losses and weights must not depend on how many ranks share their batches. Ten updates each.
import type { RunConfig } from '@selfsup/pretrain';

const images: RunConfig = {
  data: 'shapes',
  limit: 160,
  testLimit: 16,
  imageSize: 16,
  batchSize: 16,
  epochs: 1,
  probeEvery: 0,
  backend: 'wasm',
};
const convNet = { encoder: 'conv-net', encoderOptions: { widths: [8, 16] } };
const vit = { encoder: 'vit-tiny', encoderOptions: { width: 16, numLayers: 1, numHeads: 2 } };

/** Lines in which each word is followed by one of few. */
const texts = Array.from({ length: 400 }, (_, i) => {
  const words = ['the cat', 'a dog', 'some bird', 'one fish', 'lives in', 'likes', 'the house', 'the garden', 'a tree', 'water'];
  return `${words[(i * 7 + (i >> 2)) % 4]!} ${words[4 + (i % 2)]!} ${words[6 + ((i * 3) % 4)]!} and ${words[(i >> 1) % 4]!} ${words[4 + ((i >> 2) % 2)]!} ${words[6 + (i % 4)]!}`;
});

/** The runs by name. */
export const runs: Readonly<Record<string, RunConfig>> = {
  simclr: { ...images, ...convNet, task: 'simclr' },
  // shuffling within a rank is another shuffling for each number of ranks: synchronized statistics do its work
  moco: { ...images, ...convNet, task: 'moco', taskOptions: { shuffleGroups: 1, queueSize: 64 } },
  byol: { ...images, ...convNet, task: 'byol' },
  swav: { ...images, ...convNet, task: 'swav' },
  // as the paper's head for a transformer: batch normalization would take away what the offset of the last layer norm adds, and AdamW makes steps of rounding errors
  dino: { ...images, ...vit, task: 'dino', taskOptions: { headBatchNorm: false } },
  vicreg: { ...images, ...convNet, task: 'vicreg' },
  mae: { ...images, ...vit, task: 'mae' },
  'masked-language': {
    ...{ task: 'masked-language', data: { texts }, encoder: 'bert-tiny', encoderOptions: { width: 32, numLayers: 1, numHeads: 2 } },
    ...{ vocabularySize: 120, length: 16, batchSize: 16, limit: 160, testLimit: 16, epochs: 1, probeEvery: 0, backend: 'wasm' },
  },
  // the same batch in two forward passes on each rank
  'simclr-accumulated': {
    ...images,
    ...convNet,
    encoderOptions: { widths: [8, 16], norm: 'group', numGroups: 4 },
    task: 'simclr',
    batchSize: 8,
    accumulate: 2,
  },
};
