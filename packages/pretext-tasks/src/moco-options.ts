import type { ScalarOrSchedule } from '@selfsup/core';
import { checkChoice, checkCounts, checkMomenta, checkPositive } from './check-options.ts';
import type { NetworkFactories } from './projection-networks.ts';

/** Options of `moco`. */
export interface MocoOptions extends NetworkFactories {
  /** Columns of the projection head's output; default 128. */
  outputDim?: number;
  /** `'v1'`: temperature 0.07. `'v2'` (default): 0.2. They differ otherwise in the head, linear or an MLP, and in the augmentation. */
  preset?: 'v1' | 'v2';
  /** The similarities are divided by it; > 0, default that of the preset. */
  temperature?: number;
  /** Weight of the old target weights, in [0, 1]; default 0.999. A schedule is asked for the step whose keys the new weights will compute. */
  momentum?: ScalarOrSchedule;
  /** Keys in the queue, ≥ 1; default 65,536. Need not be a multiple of the batch. */
  queueSize?: number;
  /** Whether each view is also the other's query; default false. The keys of both are enqueued together, after both losses. */
  symmetric?: boolean;
  /** With `symmetric`: `'sum-of-views'` (default) of the two losses as in the authors' code, or their `'mean'` as in lightly and solo-learn. */
  convention?: 'mean' | 'sum-of-views';
  /** Random groups in which keys are encoded, each with batch statistics of its own; default 8, the paper's devices. 1: no shuffling. */
  shuffleGroups?: number;
}

/** The options with their defaults. Internal. */
export function checkMocoOptions(options: MocoOptions): Required<Omit<MocoOptions, keyof NetworkFactories | 'preset'>> {
  const { outputDim = 128, preset = 'v2', momentum = 0.999, queueSize = 65536, symmetric = false } = options;
  const { convention = 'sum-of-views', shuffleGroups = 8, temperature = preset === 'v1' ? 0.07 : 0.2 } = options;
  checkCounts('moco', { outputDim, queueSize, shuffleGroups });
  checkChoice('moco', { preset }, ['v1', 'v2']);
  checkChoice('moco', { convention }, ['mean', 'sum-of-views']);
  checkPositive('moco', { temperature });
  checkMomenta('moco', { momentum });
  return { outputDim, temperature, momentum, queueSize, symmetric, convention, shuffleGroups };
}
