import type { PretextTask, Targets } from '@selfsup/core';
import { lejepaLoss, type LejepaLossOptions } from '@selfsup/losses';
import { checkCrops } from './check-crops.ts';
import { checkCounts } from './check-options.ts';
import { drawDirections } from './draw-directions.ts';
import type { NetworkFactories } from './projection-networks.ts';
import { viewsTask, type ManyViewsBatch, type ProjectedCrops } from './views-networks.ts';

/** Options of {@link lejepa}; those of the loss have its defaults, but for `numGlobal`. */
export interface LejepaOptions extends NetworkFactories, Pick<LejepaLossOptions, 'regularizationWeight' | 'tMax' | 'numPoints'> {
  /** Random directions of a step, ≥ 1; default 1024 as in the paper; 256 in the authors' short program. */
  numSlices?: number;
  /** How many of the crops, the first ones, make the center that all are drawn to; default as many as have the size of the first. */
  numGlobal?: number;
}

/**
 * LeJEPA: all crops of an image are drawn to the mean of its large ones, while the projections are kept an isotropic Gaussian, looked at along random directions.
 *
 * @param options see {@link LejepaOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `lejepaLoss` of all crops of the whole update; the metric `zStd` is the mean
 * deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, at the latest from `loss`; from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on shapes
 * that do not fit
 * @see Balestriero, LeCun: "LeJEPA: Provable and Scalable Self-Supervised Learning Without the Heuristics", https://arxiv.org/abs/2511.08544
 * @remarks Nothing is a constant, nothing moves slowly, nothing has a schedule. Directions are drawn anew in each step, the same on all ranks. Crops of one size pass the
 * networks as one batch, as in the authors' code, whose batch normalization spans them.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { lejepa } from '@selfsup/pretext-tasks/lejepa';
 * const backbone = convNet({ channels: 3 });
 * const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 16, numLayers: 3, batchNorm: true });
 * const task = lejepa({ backbone, projectionHead: head });
 * console.log(task.name);
 * ```
 */
export function lejepa(options: LejepaOptions): PretextTask<ManyViewsBatch, Targets, ProjectedCrops> {
  const { backbone, projectionHead, numSlices = 1024, ...lossOptions } = options;
  checkCounts('lejepa', { numSlices });
  return viewsTask({
    name: 'lejepa',
    backbone,
    projectionHead,
    together: true,
    check: checkCrops,
    loss(projections, { stream, numGlobal }) {
      const directions = drawDirections(stream('directions'), projections[0]!.shape[1], numSlices);
      return lejepaLoss(projections, { numGlobal, ...lossOptions, directions });
    },
  });
}
