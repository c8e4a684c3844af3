import type { PretextTask } from '@selfsup/core';
import { checkChoice, checkWeights } from './check-options.ts';
import { maskedSiamese, type MsnBatch, type MsnOptions, type MsnTargets } from './masked-siamese.ts';
import type { ProjectedViews } from './projection-networks.ts';

/** Options of {@link pmsn}. */
export interface PmsnOptions extends MsnOptions {
  /** The k-th prototype should be used as k to the power of minus this, ≥ 0; default 0.25. */
  powerLawExponent?: number;
  /** `'mean-from-prior'` (default): KL(mean prediction ‖ prior), as in the paper; `'prior-from-mean'`: the other direction, as in lightly. */
  convention?: 'mean-from-prior' | 'prior-from-mean';
}

/**
 * PMSN: MSN for data whose classes are not equally frequent; the prototypes' use should follow a power law.
 *
 * @param options see {@link PmsnOptions}
 * @returns the task, as `msn` makes it; the loss is `msnLoss` with the prior `'power-law'`
 * @throws SelfsupError as `msn`
 * @see Assran et al.: "The Hidden Uniform Cluster Prior in Self-Supervised Learning", https://arxiv.org/abs/2210.07277
 * @remarks The balance of the targets by Sinkhorn and Knopp is towards uniform use, against the prior; `iterations: 0` does without it.
 * @example
 * ```ts
 * import { maskPatches } from '@selfsup/augment';
 * import { projectionHead, prototypes, vit } from '@selfsup/encoders';
 * import { pmsn } from '@selfsup/pretext-tasks/pmsn';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3 });
 * const { outputDim: inputDim, gridSize } = backbone;
 * const task = pmsn({
 *   backbone,
 *   projectionHead: projectionHead({ inputDim, hiddenDim: 256, outputDim: 64, numLayers: 3, batchNorm: true }),
 *   prototypes: prototypes({ inputDim: 64, numPrototypes: 128 }),
 *   masking: maskPatches({ gridSize, maskRatio: 0.15 }),
 *   iterations: 0,
 * });
 * console.log(task.name);
 * ```
 */
export function pmsn(options: PmsnOptions): PretextTask<MsnBatch, MsnTargets, ProjectedViews> {
  const { powerLawExponent = 0.25, convention = 'mean-from-prior' } = options;
  checkWeights('pmsn', { powerLawExponent });
  checkChoice('pmsn', { convention }, ['mean-from-prior', 'prior-from-mean']);
  return maskedSiamese('pmsn', options, { prior: 'power-law', powerLawExponent, convention });
}
