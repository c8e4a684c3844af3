import type { PretextTask, Targets } from '@selfsup/core';
import { mmcrLoss, type MmcrLossOptions } from '@selfsup/losses';
import type { NetworkFactories } from './projection-networks.ts';
import { viewsTask, type ManyViewsBatch, type ProjectedCrops } from './views-networks.ts';

/** Options of {@link mmcr}; those of the loss have its defaults. */
export interface MmcrOptions extends NetworkFactories, MmcrLossOptions {}

/**
 * MMCR: the mean projections of the images, over their views, fill the space as evenly as they can.
 *
 * @param options see {@link MmcrOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `mmcrLoss` of all views of the whole update; the metric `zStd` is the mean
 * deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes; from `loss` `SELFSUP_OPTION` on a bad weight
 * @see Yerxa et al.: "Learning Efficient Coding of Natural Images with Maximum Manifold Capacity Representations", https://arxiv.org/abs/2303.03307
 * @remarks No moving copy, which the paper adds for ImageNet alone. It gains from more than two views: the paper has 40 for CIFAR-10.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { mmcr } from '@selfsup/pretext-tasks/mmcr';
 * const backbone = convNet({ channels: 3 });
 * const task = mmcr({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 128, batchNorm: true }) });
 * console.log(task.name);
 * ```
 */
export function mmcr(options: MmcrOptions): PretextTask<ManyViewsBatch, Targets, ProjectedCrops> {
  const { backbone, projectionHead, ...lossOptions } = options;
  return viewsTask({ name: 'mmcr', backbone, projectionHead, together: false, loss: (projections) => mmcrLoss(projections, lossOptions) });
}
