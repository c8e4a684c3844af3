// Span corruption: what stood where the sentinels are?
// In this repository: node --conditions=@selfsup/source examples/tasks/span-corruption.ts [steps]
import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform } from '@selfsup/core';
import { createLoader } from '@selfsup/data';
import { arrayTexts, sentinelTokens, toTokens, wordPieceTokenizer } from '@selfsup/data/text';
import { corruptSpans } from '@selfsup/augment';
import { bert, bertDecoder, maskedLanguageHead } from '@selfsup/encoders';
import { spanCorruption } from '@selfsup/pretext-tasks/span-corruption';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, length, width] = [16, 12, 32];
const { name } = await selectBackend();
console.log(`span-corruption on ${name}`);

// made-up sentences: `the old dog sees a cat`
const words = {
  article: ['the', 'a'],
  adjective: ['old', 'small', 'red', 'quiet'],
  noun: ['dog', 'cat', 'bird', 'horse', 'fish'],
  verb: ['sees', 'likes', 'follows', 'hears'],
};
const order = ['article', 'adjective', 'noun', 'verb', 'article', 'noun'] as const;
const count = steps * batchSize;
const draws = drawUniform(createRng(0).fold('sentences'), count * order.length);
const sentences = Array.from({ length: count }, (_, row) =>
  order.map((kind, i) => words[kind][Math.floor(draws[row * order.length + i]! * words[kind].length)]!).join(' '),
);
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...sentinelTokens(2), ...Object.values(words).flat()];
const vocabularySize = vocabulary.length;
const texts = arrayTexts(sentences, { tokenizer: wordPieceTokenizer(vocabulary), length });

const task = spanCorruption({
  backbone: bert({ numLayers: 2, width, numHeads: 2, vocabularySize, maxPositions: length }),
  decoder: bertDecoder(),
  head: maskedLanguageHead({ width, vocabularySize }),
  corruption: corruptSpans({ sentinelIds: [5, 6], startId: 2, endId: 3, specialIds: [0, 1, 2, 3, 4], noiseDensity: 0.3 }),
});
const trainer = createTrainer({ task, optimizer: adamW({ learningRate: 2e-3 }), totalSteps: steps, seed: 0 });

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
