import type * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkCounts, checkPositive } from './check-options.ts';
import type { NetworkFactories } from './projection-networks.ts';

/** Options of `swav`. */
export interface SwavOptions extends NetworkFactories {
  /** Makes the network from unit projections to scores `[n, numPrototypes]`; its variable `kernel` is `[projectionDim, numPrototypes]`. */
  prototypes: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** The scores are divided by it where they predict; > 0, default 0.1. */
  temperature?: number;
  /** The scores are divided by it where they become codes; > 0, default 0.05. */
  epsilon?: number;
  /** Iterations of Sinkhorn and Knopp; an integer ≥ 1, default 3. */
  iterations?: number;
  /** Projections of earlier batches, per large crop, that take part in the assignment; an integer ≥ 0, default 0. The paper has 3,840 for small batches. */
  queueSize?: number;
  /** The step from which the queue is filled; it is used once it is full. Default 0; the paper has that of epoch 15. */
  queueStartStep?: number;
  /** For how many steps the prototypes stay as they are; an integer ≥ 0, default 313 as in the authors' code, about an epoch of theirs. */
  freezePrototypesSteps?: number;
}

/** The options with their defaults. Internal. */
export function checkSwavOptions(options: SwavOptions): Required<Omit<SwavOptions, keyof NetworkFactories | 'prototypes'>> {
  const { temperature = 0.1, epsilon = 0.05, iterations = 3, queueSize = 0, queueStartStep = 0, freezePrototypesSteps = 313 } = options;
  checkPositive('swav', { temperature, epsilon });
  checkCounts('swav', { iterations });
  checkCounts('swav', { queueSize, queueStartStep, freezePrototypesSteps }, 0);
  return { temperature, epsilon, iterations, queueSize, queueStartStep, freezePrototypesSteps };
}
