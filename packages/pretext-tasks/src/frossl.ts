import type { PretextTask, Targets } from '@selfsup/core';
import { frosslLoss, type FrosslLossOptions } from '@selfsup/losses';
import type { NetworkFactories } from './projection-networks.ts';
import { viewsTask, type ManyViewsBatch, type ProjectedCrops } from './views-networks.ts';

/** Options of {@link frossl}; those of the loss have its defaults. */
export interface FrosslOptions extends NetworkFactories, FrosslLossOptions {}

/**
 * FroSSL: views agree, and the spectrum of the projections of each view is flat, by the logarithm of a Frobenius norm.
 *
 * @param options see {@link FrosslOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `frosslLoss` of all views of the whole update; the metric `zStd` is the mean
 * deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes; from `loss` `SELFSUP_OPTION` on a bad weight
 * @see Skean et al.: "FroSSL: Frobenius Norm Minimization for Efficient Multiview Self-Supervised Learning", https://arxiv.org/abs/2310.02903
 * @remarks Each view passes the networks on its own, so batch normalization takes its statistics per view, micro-batch and rank.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { frossl } from '@selfsup/pretext-tasks/frossl';
 * const backbone = convNet({ channels: 3 });
 * const task = frossl({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 256, batchNorm: true }) });
 * console.log(task.name);
 * ```
 */
export function frossl(options: FrosslOptions): PretextTask<ManyViewsBatch, Targets, ProjectedCrops> {
  const { backbone, projectionHead, ...lossOptions } = options;
  return viewsTask({
    name: 'frossl',
    backbone,
    projectionHead,
    together: false,
    loss: (projections) => frosslLoss(projections, lossOptions),
  });
}
