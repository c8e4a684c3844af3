import { drawPermutation, type PretextTask, type Targets } from '@selfsup/core';
import { wMseLoss, type WMseLossOptions } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import type { NetworkFactories } from './projection-networks.ts';
import { viewsTask, type ManyViewsBatch, type ProjectedCrops } from './views-networks.ts';

/** Options of {@link wMse}; those of the loss have its defaults. */
export interface WMseOptions extends NetworkFactories, Pick<WMseLossOptions, 'epsilon' | 'shrinkTo' | 'groupSize'> {}

/**
 * W-MSE: views of one image agree after the projections of each view were whitened, which alone keeps them from collapsing.
 *
 * @param options see {@link WMseOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `wMseLoss` of all views of the whole update; the metric `zStd` is the mean
 * deviation per dimension of the unit projections before whitening
 * @throws SelfsupError from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes; from `loss` `SELFSUP_SHAPE` when fewer rows than
 * columns are whitened together, `SELFSUP_OPTION` on an option out of range
 * @see Ermolov et al.: "Whitening for Self-Supervised Representation Learning", https://arxiv.org/abs/2007.06346
 * @remarks Groups are drawn once in a step, from a stream of it; the paper repeats this up to 4 times. Take at least twice as many rows in a group as the head has columns:
 * the paper has 64 columns for CIFAR-10, and groups of 128.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { wMse } from '@selfsup/pretext-tasks/w-mse';
 * const backbone = convNet({ channels: 3 });
 * const task = wMse({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 64, batchNorm: true }) });
 * console.log(task.name);
 * ```
 */
export function wMse(options: WMseOptions): PretextTask<ManyViewsBatch, Targets, ProjectedCrops> {
  const { backbone, projectionHead, epsilon = 0, shrinkTo = 'unit', groupSize } = options;
  return viewsTask({
    name: 'w-mse',
    backbone,
    projectionHead,
    together: false,
    loss(projections, { stream }) {
      const n = projections[0]!.shape[0];
      if (groupSize === undefined || groupSize === n) return wMseLoss(projections, { epsilon, shrinkTo });
      return wMseLoss(projections, {
        epsilon,
        shrinkTo,
        groupSize,
        order: tf.tensor1d(Int32Array.from(drawPermutation(stream('groups'), n)), 'int32'),
      });
    },
  });
}
