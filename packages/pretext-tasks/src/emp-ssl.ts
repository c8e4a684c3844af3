import type { PretextTask, Targets } from '@selfsup/core';
import { empSslLoss, type EmpSslLossOptions } from '@selfsup/losses';
import type { NetworkFactories } from './projection-networks.ts';
import { viewsTask, type ManyViewsBatch, type ProjectedCrops } from './views-networks.ts';

/** Options of {@link empSsl}; those of the loss have its defaults. */
export interface EmpSslOptions extends NetworkFactories, EmpSslLossOptions {}

/**
 * EMP-SSL: many patches of each image agree with their mean, and the projections of each set of patches fill as much of the space as they can.
 *
 * @param options see {@link EmpSslOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `empSslLoss` of all patches of the whole update; the metric `zStd` is the mean
 * deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes; from `loss` `SELFSUP_OPTION` on an option out of range
 * @see Tong et al.: "EMP-SSL: Towards Self-Supervised Learning in One Training Epoch", https://arxiv.org/abs/2304.03977
 * @remarks The paper takes 20 to 200 patches of an image, each a quarter of its area, and batches of 100 images; few epochs are enough then. All patches pass the networks
 * as one batch, as in the authors' code. Their program evaluates the mean over 128 patches of a test image, of the first hidden layer of the projection head (4096 columns),
 * not of the backbone; the readout `patches` of @selfsup/pretrain takes the mean of the backbone's features.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { empSsl } from '@selfsup/pretext-tasks/emp-ssl';
 * const backbone = convNet({ channels: 3 });
 * const task = empSsl({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 128, batchNorm: true }) });
 * console.log(task.name);
 * ```
 */
export function empSsl(options: EmpSslOptions): PretextTask<ManyViewsBatch, Targets, ProjectedCrops> {
  const { backbone, projectionHead, ...lossOptions } = options;
  return viewsTask({
    name: 'emp-ssl',
    backbone,
    projectionHead,
    together: true,
    loss: (projections) => empSslLoss(projections, lossOptions),
  });
}
