import type * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '@selfsup/core';
import { batchNorm } from './batch-norm.ts';
import { checkOneOf } from './check-option.ts';
import { groupNorm } from './group-norm.ts';
import type { NormActivation, NormModule } from './norm-module.ts';
import { splitBatchNorm } from './split-batch-norm.ts';

/** The normalization of an encoder and its constants. */
export interface NormOptions {
  /**
   * `batch` (default): statistics of the batch, running ones at inference. `split-batch`: of each part of the batch, as on several devices.
   * `group`: statistics of each image, no buffers.
   */
  norm?: 'batch' | 'split-batch' | 'group';
  /** Parts of the batch of `split-batch`; default 8. */
  numSplits?: number;
  /** Groups of channels of `group`; must divide every width; default 32. */
  numGroups?: number;
  /** Weight of the old running statistics of `batch` and `split-batch`, in [0, 1]; default 0.9. */
  momentum?: number;
  /** Added to the variance, > 0; default 1e-5. */
  epsilon?: number;
}

/** Makes the encoder's kind of normalization for that many channels, by default with initial scale 1 and no activation. */
export type NormLayer = (
  channels: number,
  options?: { initialScale?: number; activation?: NormActivation },
) => (rng: Rng) => NormModule<tf.Tensor4D>;

/** Chooses the layer that {@link NormOptions} names; `who` is the encoder that an error names. */
export function normLayer(who: string, options: NormOptions): NormLayer {
  const { norm = 'batch', numGroups = 32, numSplits = 8, momentum = 0.9, epsilon = 1e-5 } = options;
  checkOneOf(who, 'norm', norm, ['batch', 'split-batch', 'group']);
  return (channels, layer = {}) => {
    if (norm === 'group') return groupNorm({ channels, numGroups, epsilon, ...layer });
    const batch = { channels, momentum, epsilon, ...layer };
    return norm === 'batch' ? batchNorm<tf.Tensor4D>(batch) : splitBatchNorm<tf.Tensor4D>({ ...batch, numSplits });
  };
}
