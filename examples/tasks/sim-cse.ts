// SimCSE: which two dropout masks are of one sentence?
// In this repository: node --conditions=@selfsup/source examples/tasks/sim-cse.ts [steps]
import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform } from '@selfsup/core';
import { createLoader } from '@selfsup/data';
import { arrayTexts, toTokens, wordPieceTokenizer } from '@selfsup/data/text';
import { bert, linear, sequential, stateless } from '@selfsup/encoders';
import { simCse } from '@selfsup/pretext-tasks/sim-cse';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, length, width] = [16, 12, 32];
const { name } = await selectBackend();
console.log(`sim-cse on ${name}`);

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

const task = simCse({
  backbone: bert({ numLayers: 2, width, numHeads: 2, vocabularySize, maxPositions: length }), // with dropout of 0.1
  projectionHead: sequential<tf.Tensor2D, tf.Tensor2D>({
    linear: linear({ inputDim: width, outputDim: width }),
    tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
  }),
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
