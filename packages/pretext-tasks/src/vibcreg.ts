import type { PretextTask, Targets } from '@selfsup/core';
import { vibcregLoss, type VibcregLossOptions } from '@selfsup/losses';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import type { NetworkFactories } from './projection-networks.ts';
import { viewsTask, type ProjectedCrops } from './views-networks.ts';

/** Options of {@link vibcreg}; those of the loss have its defaults. */
export interface VibcregOptions extends NetworkFactories, VibcregLossOptions {}

/**
 * VIbCReg: VICReg with correlations in the place of covariances, whose weight then does not depend on the columns' scale.
 *
 * @param options see {@link VibcregOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `vibcregLoss` of the two projected views of the whole update; the metric
 * `zStd` is the mean deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes; from `loss` `SELFSUP_OPTION` on a bad weight
 * @see Lee, Aune: "VIbCReg", https://arxiv.org/abs/2109.00783
 * @remarks The paper whitens the projections by iterative normalization at the end of the head; ours are as the head gives them, as with solo-learn's `iternorm: false`.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { vibcreg } from '@selfsup/pretext-tasks/vibcreg';
 * const backbone = convNet({ channels: 3 });
 * const head = { inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 512, numLayers: 3, batchNorm: true, biasLast: false };
 * const task = vibcreg({ backbone, projectionHead: projectionHead(head) });
 * console.log(task.name);
 * ```
 */
export function vibcreg(options: VibcregOptions): PretextTask<ViewPairBatch, Targets, ProjectedCrops> {
  const { backbone, projectionHead, ...lossOptions } = options;
  return viewsTask({
    name: 'vibcreg',
    backbone,
    projectionHead,
    together: false,
    check: checkViewPair,
    loss: ([a, b]) => vibcregLoss(a!, b!, lossOptions),
  });
}
