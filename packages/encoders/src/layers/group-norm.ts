import type * as tf from '@tensorflow/tfjs-core';
import { groupNorm as normalize, SelfsupError, type Rng } from '@selfsup/core';
import { checkInput } from './check-input.ts';
import { checkIntegers, checkOneOf } from './check-option.ts';
import { createVariable } from './create-variable.ts';
import { leafModule } from './leaf-module.ts';
import { finishNorm, type NormActivation, type NormApplyOptions, type NormModule } from './norm-module.ts';

/** Options of {@link groupNorm}. */
export interface GroupNormOptions {
  /** Channels of the input, a multiple of `numGroups`. */
  channels: number;
  /** Groups of neighboring channels, ≥ 1; default 32. */
  numGroups?: number;
  /** Added to the variance, > 0; default 1e-5. */
  epsilon?: number;
  /** Initial value of `scale`; default 1. Zero makes a residual branch start as nothing. */
  initialScale?: number;
  /** What is applied last; default `linear`: nothing. */
  activation?: NormActivation;
}

/**
 * Group normalization: every image and group of channels has its own mean and biased variance; then a scale and an offset per channel.
 *
 * @param options see {@link GroupNormOptions}
 * @returns a factory of modules from and to `[batch, height, width, channels]` float32, with the variables `scale` and `offset` `[channels]` and no buffer:
 * training and inference are the same function; `apply` also takes a `residual` of the input's shape, added before the activation
 * @throws SelfsupError `SELFSUP_OPTION` when `numGroups` does not divide `channels`; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Wu, He: "Group Normalization", https://arxiv.org/abs/1803.08494
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { groupNorm } from '@selfsup/encoders';
 * const norm = groupNorm({ channels: 64 })(createRng(0));
 * norm.dispose();
 * ```
 */
export function groupNorm(options: GroupNormOptions): (rng: Rng) => NormModule<tf.Tensor4D> {
  const { channels, numGroups = 32, epsilon = 1e-5, initialScale = 1, activation = 'linear' } = options;
  checkIntegers('groupNorm', { channels, numGroups });
  checkOneOf('groupNorm', 'activation', activation, ['linear', 'relu']);
  if (channels % numGroups !== 0)
    throw new SelfsupError('SELFSUP_OPTION', `groupNorm: \`numGroups\` must divide the ${channels} channels, got ${numGroups}`);
  if (!(epsilon > 0)) throw new SelfsupError('SELFSUP_OPTION', `groupNorm: \`epsilon\` must be > 0, got ${epsilon}`);
  return () => {
    const scale = createVariable<tf.Rank.R1>(new Float32Array(channels).fill(initialScale), [channels], true);
    const offset = createVariable<tf.Rank.R1>(new Float32Array(channels), [channels], true);
    return leafModule({ trainable: { scale, offset } }, (input: tf.Tensor4D, { residual }: NormApplyOptions<tf.Tensor4D>) => {
      checkInput('groupNorm', input, { rank: 4, channels });
      return finishNorm(normalize(input, { scale, offset, numGroups, epsilon }), { activation, residual });
    });
  };
}
