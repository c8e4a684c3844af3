import type * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkCounts, checkPositive } from './check-options.ts';
import type { NetworkFactories } from './projection-networks.ts';

/** Options of `nnclr`. */
export interface NnclrOptions extends NetworkFactories {
  /** Makes the network from a projection to the prediction of the other view's neighbor, of the same columns. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Columns of the projection head's output; default 256. */
  outputDim?: number;
  /** The similarities are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** Projections in the support set, ≥ 1; default 98,304 as in the paper. Need not be a multiple of the batch. */
  queueSize?: number;
}

/** The options with their defaults. Internal. */
export function checkNnclrOptions(options: NnclrOptions): Required<Omit<NnclrOptions, keyof NetworkFactories | 'predictionHead'>> {
  const { outputDim = 256, temperature = 0.1, queueSize = 98304 } = options;
  checkPositive('nnclr', { temperature });
  checkCounts('nnclr', { outputDim, queueSize });
  return { outputDim, temperature, queueSize };
}
