// DeCLUTR: which second half of a text belongs to which first half?
// In this repository: node --conditions=@selfsup/source examples/tasks/declutr.ts [steps]
import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform } from '@selfsup/core';
import { createLoader } from '@selfsup/data';
import { arrayTexts, toTokens, wordPieceTokenizer } from '@selfsup/data/text';
import { bert, ppmiEmbeddings, startFromTokens, tokenReadout } from '@selfsup/encoders';
import { declutr } from '@selfsup/pretext-tasks/declutr';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, length, width] = [16, 12, 32];
const { name } = await selectBackend();
console.log(`declutr on ${name}`);

// made-up texts, each of one of three topics
const topics = [
  ['cow', 'barn', 'hay', 'plough', 'milk', 'horse', 'field', 'fence'],
  ['ship', 'wave', 'sail', 'anchor', 'salt', 'harbor', 'storm', 'rope'],
  ['judge', 'law', 'court', 'trial', 'jury', 'crime', 'oath', 'appeal'],
];
const numWords = 8;
const count = steps * batchSize;
const draws = drawUniform(createRng(0).fold('words'), count * numWords);
const sentences = Array.from({ length: count }, (_, row) => {
  const words = topics[row % topics.length]!;
  return Array.from({ length: numWords }, (_, i) => words[Math.floor(draws[row * numWords + i]! * words.length)]!).join(' ');
});
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...topics.flat()];
const vocabularySize = vocabulary.length;
const texts = arrayTexts(sentences, { tokenizer: wordPieceTokenizer(vocabulary), length });

const specialIds = [0, 1, 2, 3, 4];

// word embeddings that start from what stands with what, and are trained on
const { tokenIds } = await texts.read(Array.from({ length: count }, (_, i) => i));
const documents = Array.from({ length: count }, (_, row) => tokenIds.subarray(row * length, (row + 1) * length));
const start = await ppmiEmbeddings(documents, { vocabularySize, dim: width, ignoredIds: specialIds });
const task = declutr({
  backbone: (rng) => {
    const backbone = bert({ numLayers: 2, width, numHeads: 2, vocabularySize, maxPositions: length })(rng);
    startFromTokens(backbone, start);
    return backbone;
  },
  reader: (backbone) => tokenReadout(backbone, { parts: ['embedding/weighted'], ...start, specialIds }),
  isTrained: (path) => path === 'embeddings/word/weight',
  specialIds,
});
const trainer = createTrainer({ task, optimizer: adamW({ learningRate: 1e-3 }), totalSteps: steps, seed: 0 });

await fit(trainer, {
  source: createLoader(texts, { batchSize, rng: createRng(0).fold('loader') }),
  prepare: toTokens,
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}`);
    },
  },
});
trainer.dispose();
