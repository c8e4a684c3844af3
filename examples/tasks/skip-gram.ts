// Skip-gram with negative sampling (word2vec): which words stand around a word?
// In this repository: node --conditions=@selfsup/source examples/tasks/skip-gram.ts [steps]
import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform } from '@selfsup/core';
import { createLoader } from '@selfsup/data';
import { arrayTexts, toTokens, wordPieceTokenizer } from '@selfsup/data/text';
import { bert, tokenStatistics } from '@selfsup/encoders';
import { skipGram } from '@selfsup/pretext-tasks/skip-gram';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, length, width] = [16, 12, 32];
const { name } = await selectBackend();
console.log(`skip-gram on ${name}`);

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

// how frequent each word is
const { tokenIds } = await texts.read(Array.from({ length: count }, (_, i) => i));
const documents = Array.from({ length: count }, (_, row) => tokenIds.subarray(row * length, (row + 1) * length));
const { unigram } = await tokenStatistics(documents, { vocabularySize, ignoredIds: specialIds });
const task = skipGram({
  backbone: bert({ numLayers: 2, width, numHeads: 2, vocabularySize, maxPositions: length }),
  unigram,
  subsample: Infinity, // with so few words all are frequent
});
const trainer = createTrainer({ task, optimizer: adamW({ learningRate: 1e-2 }), totalSteps: steps, seed: 0 });

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
