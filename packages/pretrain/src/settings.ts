import { z } from 'zod';

/** The optimizers by name. */
export const optimizerNames = ['sgd', 'adamw', 'lars'] as const;

/** One of {@link optimizerNames}. */
export type OptimizerName = (typeof optimizerNames)[number];

const fraction = z.number().min(0).lt(1);
const record = z.record(z.string(), z.unknown());

/** The settings that every run has, whatever it learns from; kept in run.json. */
export const settingsSchema = z.strictObject({
  task: z.string().min(1).describe('the pretext task'),
  encoder: z.string().min(1).describe('the encoder'),
  taskOptions: record.default({}).describe('options of the task'),
  encoderOptions: record.default({}).describe('options of the encoder'),
  start: z
    .string()
    .min(1)
    .default('random')
    .describe('the weights that the encoder starts with: random, or computed from the data, such as patches for conv-net'),
  readout: z
    .string()
    .min(1)
    .default('global')
    .describe("what the features are: global, the encoder's own output, or another readout of the encoder, such as pyramid"),
  readoutOptions: record.default({}).describe('options of the readout'),
  epochs: z.int().min(0).default(10).describe('passes over the data; 0 keeps the start as it is, such as one computed from the data'),
  batchSize: z.int().min(1).describe('samples per forward pass'),
  accumulate: z.int().min(1).default(1).describe('forward passes per update; contrastive tasks see the negatives of all of them'),
  seed: z.int().min(0).default(0).describe('the seed of everything random'),
  limit: z.int().min(1).optional().describe('at most so many training samples'),
  testLimit: z.int().min(1).optional().describe('at most so many test samples'),
  testFraction: fraction.default(0.2).describe('share held out where the data has no test part of its own'),
  optimizer: z.enum(optimizerNames).default('sgd').describe('the optimizer'),
  learningRate: z.number().gt(0).describe('the highest learning rate'),
  schedule: z.enum(['cosine', 'linear', 'constant']).default('cosine').describe('how the learning rate falls after the warm-up'),
  warmupEpochs: z.number().min(0).default(2).describe('epochs of rising learning rate, at most half of the run'),
  momentum: fraction.default(0.9).describe('momentum of sgd and lars, first beta of adamw'),
  beta2: fraction.default(0.999).describe('second beta of adamw'),
  epsilon: z.number().gt(0).default(1e-8).describe('epsilon of adamw'),
  biasCorrection: z.boolean().default(true).describe('whether adamw corrects its moments for their start at 0'),
  trustCoefficient: z
    .number()
    .gt(0)
    .default(0.001)
    .describe('trust coefficient of lars: how large a step a layer takes in relation to its weights'),
  trustClip: z
    .boolean()
    .default(false)
    .describe(
      'whether lars takes the smaller of trust ratio and learning rate for a layer in place of their product, as LARC and solo-learn do',
    ),
  weightDecay: z.number().min(0).describe('weight decay; adamw and lars spare biases and norms'),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      'learning rate of each layer of the encoder in relation to the layer above it, such as 0.75 for an encoder that is trained already; 1: one rate for all',
    ),
  frozenLayers: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "first layers of the encoder that stand still, weights and statistics: 1 is what comes before the blocks of a transformer, or a ResNet's stem",
    ),
  loraRank: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "columns of LoRA's adapters, of a Transformer that starts from an encoder (init): they learn, its weights stand still; 0: all weights learn",
    ),
  loraAlpha: z.number().gt(0).optional().describe("an adapter's output is multiplied by loraAlpha / loraRank; default loraRank"),
  loraTargets: z
    .enum(['query-value', 'attention', 'all'])
    .default('query-value')
    .describe('which linear layers have adapters: query and value, all of the attention, or those of the MLPs, too'),
  loraNorms: z.boolean().default(false).describe('whether biases and norms learn beside the adapters'),
  clipNorm: z.number().gt(0).optional().describe('norm to which the gradients are clipped'),
  syncBatchNorm: z
    .boolean()
    .default(true)
    .describe('whether batch normalization takes its statistics over all ranks that share a batch; one rank is not concerned'),
  knnK: z.int().min(1).default(200).describe('neighbors that vote in the kNN probe'),
  knnTemperature: z.number().gt(0).default(0.1).describe('softmax scale of their votes'),
  knnWhitening: z
    .boolean()
    .default(false)
    .describe(
      'whether the kNN probe compares principal directions of the bank, the strong ones made weaker; serves features of many columns',
    ),
  knnBank: z.int().min(1).default(10_000).describe('at most so many training samples vote'),
});

/** Everything that decides what a run computes, beside its data and the options of its modality. */
export type Settings = z.output<typeof settingsSchema>;

/** What the user, a task or a modality gives: any part of the settings. */
export type GivenSettings = { readonly [K in keyof Settings]?: Settings[K] | undefined };

/** The names of all common settings. */
export const settingNames = Object.keys(settingsSchema.shape) as (keyof Settings)[];
