import type { PretextTask, Targets } from '@selfsup/core';
import { visregLoss, type VisregLossOptions } from '@selfsup/losses';
import { checkCrops } from './check-crops.ts';
import { checkCounts } from './check-options.ts';
import { drawDirections } from './draw-directions.ts';
import type { NetworkFactories } from './projection-networks.ts';
import { viewsTask, type ManyViewsBatch, type ProjectedCrops } from './views-networks.ts';

/** Options of {@link visreg}; those of the loss have its defaults, but for `numGlobal`. */
export interface VisregOptions
  extends NetworkFactories, Pick<VisregLossOptions, 'regularizationWeight' | 'scaleWeight' | 'shapeWeight' | 'centerWeight'> {
  /** Random directions of a step, ≥ 1; default 4096 as in the paper. */
  numSlices?: number;
  /** How many of the crops, the first ones, make the center that all are drawn to; default as many as have the size of the first. */
  numGlobal?: number;
}

/**
 * VISReg: all crops of an image are drawn to the mean of its large ones, while means, deviations and the shape of the distribution are each kept those of a Gaussian.
 *
 * @param options see {@link VisregOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `visregLoss` of all crops of the whole update; the metric `zStd` is the mean
 * deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, at the latest from `loss`; from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on shapes
 * that do not fit
 * @see Wu et al.: "VISReg", algorithm 1, https://arxiv.org/abs/2606.02572
 * @remarks Directions are drawn anew in each step, the same on all ranks, where the paper has each device draw its own. Crops of one size pass the networks as one batch.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { visreg } from '@selfsup/pretext-tasks/visreg';
 * const backbone = convNet({ channels: 3 });
 * const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 64, numLayers: 3, batchNorm: true });
 * const task = visreg({ backbone, projectionHead: head, regularizationWeight: 0.6 });
 * console.log(task.name);
 * ```
 */
export function visreg(options: VisregOptions): PretextTask<ManyViewsBatch, Targets, ProjectedCrops> {
  const { backbone, projectionHead, numSlices = 4096, ...lossOptions } = options;
  checkCounts('visreg', { numSlices });
  return viewsTask({
    name: 'visreg',
    backbone,
    projectionHead,
    together: true,
    check: checkCrops,
    loss(projections, { stream, numGlobal }) {
      const directions = drawDirections(stream('directions'), projections[0]!.shape[1], numSlices);
      return visregLoss(projections, { numGlobal, ...lossOptions, directions });
    },
  });
}
