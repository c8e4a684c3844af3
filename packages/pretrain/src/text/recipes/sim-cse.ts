import { linear, sequential, stateless } from '@selfsup/encoders';
import { simCse } from '@selfsup/pretext-tasks/sim-cse';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineTextTask } from '../text-task.ts';

/** BERT's pooler: a linear layer with tanh. */
const tanhHead = (width: number) =>
  sequential<tf.Tensor2D, tf.Tensor2D>({
    linear: linear({ inputDim: width, outputDim: width }),
    tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
  });

/** Unsupervised SimCSE: two dropout masks of one sentence, told from other sentences. */
export const simCseTask = defineTextTask({
  name: 'sim-cse',
  aliases: ['simcse', 'unsup-simcse'],
  title: 'Contrastive sentences by dropout (SimCSE)',
  paper: 'https://arxiv.org/abs/2104.08821',
  summary: 'The encoder sees each text twice under two dropout masks, and tells which two belong together; it trains what `pooling` reads.',
  advice: {
    take: 'Texts are to be compared as wholes, and the encoder knows language already: the pretraining of others, or a start from PPMI embeddings.',
    leave:
      'The encoder starts from nothing: two dropout masks of a text agree on its words from the first steps, and little more is learned.',
  },
  options: z.strictObject({
    head: z
      .enum(['mlp', 'none'])
      .default('mlp')
      .describe('what is put on the pooled states in training: a linear layer with tanh, or nothing'),
    temperature: z.number().gt(0).default(0.05).describe('softmax scale: the similarities are divided by it'),
  }),
  defaults: ({ epochs = 10 }) => ({
    epochs,
    batchSize: 64,
    learningRate: 1e-4,
    weightDecay: 0,
    epsilon: 1e-8,
    biasCorrection: true,
    warmupEpochs: 0.05 * epochs,
  }),
  predictsTokens: false,
  create: ({ backbone, pooling }, { head, temperature }) =>
    simCse({ backbone, pooling, temperature, ...(head === 'mlp' && { projectionHead: tanhHead(backbone.outputDim) }) }),
});
