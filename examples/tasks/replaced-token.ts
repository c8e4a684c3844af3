// Replaced tokens: a small generator fills hidden words in, the encoder tells which words were replaced.
// In this repository: node --conditions=@selfsup/source examples/tasks/replaced-token.ts [steps]
import { maskTokens } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform, gelu } from '@selfsup/core';
import { createLoader } from '@selfsup/data';
import { arrayTexts, toTokens, wordPieceTokenizer } from '@selfsup/data/text';
import { bert, linear, maskedLanguageHead, sequential, stateless } from '@selfsup/encoders';
import { replacedToken } from '@selfsup/pretext-tasks/replaced-token';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';
import type * as tf from '@tensorflow/tfjs-core';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, length, width] = [16, 12, 32];
const { name } = await selectBackend();
console.log(`replaced-token on ${name}`);

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
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Object.values(words).flat()];
const vocabularySize = vocabulary.length;
const texts = arrayTexts(sentences, { tokenizer: wordPieceTokenizer(vocabulary), length });

const size = { numHeads: 2, vocabularySize, maxPositions: length };
const task = replacedToken({
  backbone: bert({ ...size, numLayers: 2, width }),
  generator: bert({ ...size, numLayers: 1, width: 16, embeddingDim: width }), // shares the backbone's embeddings
  generatorHead: maskedLanguageHead({ width: 16, vocabularySize, embeddingDim: width }),
  discriminatorHead: sequential({
    dense: linear({ inputDim: width, outputDim: width }),
    gelu: stateless((x: tf.Tensor2D) => gelu(x)),
    output: linear({ inputDim: width, outputDim: 1 }),
  }),
  masking: maskTokens({ vocabularySize, maskId: 4, paddingId: 0, specialIds: [1, 2, 3], maskFraction: 0.85, randomFraction: 0 }),
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
