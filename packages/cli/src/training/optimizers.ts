import type { Schedule } from '@selfsup/core';
import { adamW, lars, noDecayOnNorms, sgd, type GradientTransform } from '@selfsup/optim';

/** The names of `--optimizer`. */
export const optimizerNames = ['sgd', 'adamw', 'lars'] as const;

/** One of {@link optimizerNames}. */
export type OptimizerName = (typeof optimizerNames)[number];

/** An optimizer with its defaults. */
interface OptimizerEntry {
  /** The highest rate for a batch of so many images. */
  rateFor(batchSize: number): number;
  readonly weightDecay: number;
  create(options: { learningRate: Schedule; momentum: number; weightDecay: number; beta2?: number | undefined }): GradientTransform;
}

/** The optimizers by name; AdamW and LARS spare biases and norms from the decay. */
export const optimizers: Readonly<Record<OptimizerName, OptimizerEntry>> = {
  sgd: {
    rateFor: (batchSize) => (0.06 * batchSize) / 128,
    weightDecay: 5e-4,
    create: ({ learningRate, momentum, weightDecay }) => sgd({ learningRate, momentum, weightDecay }),
  },
  adamw: {
    rateFor: (batchSize) => (1e-3 * batchSize) / 256, // papers have 1.5e-4 / 256, for hundreds of epochs and batches in the thousands
    weightDecay: 0.05,
    create: ({ learningRate, momentum: beta1, weightDecay, beta2 = 0.999 }) =>
      adamW({ learningRate, weightDecay, beta1, beta2, mask: noDecayOnNorms }),
  },
  lars: {
    rateFor: (batchSize) => 0.075 * Math.sqrt(batchSize), // SimCLR's for small batches and few epochs
    weightDecay: 1e-6,
    create: ({ learningRate, momentum, weightDecay }) => lars({ learningRate, momentum, weightDecay }),
  },
};
