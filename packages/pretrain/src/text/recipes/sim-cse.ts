import { SelfsupError, type Rng } from '@selfsup/core';
import { linear, sequential, stateless, type BertFactory } from '@selfsup/encoders';
import { simCse } from '@selfsup/pretext-tasks/sim-cse';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { comparisonCauses } from '../collapse-causes.ts';
import { defineTextTask } from '../text-task.ts';

/** BERT's pooler: a linear layer with tanh. */
const tanhHead = (width: number) =>
  sequential<tf.Tensor2D, tf.Tensor2D>({
    linear: linear({ inputDim: width, outputDim: width }),
    tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
  });

/** The same encoder, refused where it draws no dropout masks: both passes would be one. */
const withDropout = (backbone: BertFactory) => (rng: Rng) => {
  const encoder = backbone(rng);
  if (encoder.options.dropoutRate > 0 || encoder.options.attentionDropoutRate > 0) return encoder;
  encoder.dispose();
  throw new SelfsupError(
    'SELFSUP_OPTION',
    'sim-cse: the encoder must have dropout, which alone tells the two passes of a text apart; set its `dropoutRate` or `attentionDropoutRate` above 0, such as 0.1',
  );
};

/** Unsupervised SimCSE: two dropout masks of one sentence, told from other sentences. */
export const simCseTask = defineTextTask({
  name: 'sim-cse',
  aliases: ['simcse', 'unsup-simcse'],
  title: 'Contrastive sentences by dropout (SimCSE)',
  paper: 'https://arxiv.org/abs/2104.08821',
  summary: 'The encoder sees each text twice under two dropout masks, and tells which two belong together; it trains what `pooling` reads.',
  advice: {
    take: 'You want to compare whole texts, and the encoder already knows language: it was pretrained before, or starts from PPMI embeddings.',
    leave:
      'The encoder starts from random weights: two dropout masks of a text agree on its words from the first steps, and little more is learned.',
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
  collapse: () => ({ causes: comparisonCauses }),
  create: ({ backbone, pooling }, { head, temperature }) =>
    simCse({
      backbone: withDropout(backbone),
      pooling,
      temperature,
      ...(head === 'mlp' && { projectionHead: tanhHead(backbone.outputDim) }),
    }),
});
