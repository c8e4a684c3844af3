import type { PretextTask } from '@selfsup/core';
import { maskedSiamese, type MsnBatch, type MsnOptions, type MsnTargets } from './masked-siamese.ts';
import type { ProjectedViews } from './projection-networks.ts';

export type { MsnBatch, MsnOptions, MsnTargets } from './masked-siamese.ts';

/**
 * MSN: a view of which patches are left out, and small views, are assigned to the same prototypes as a whole view by a slowly moving copy of the networks.
 *
 * @param options see {@link MsnOptions}
 * @returns the task with the encoders `backbone` and `target`; its variables lie under `backbone/`, `projectionHead/` and `prototypes/`, its buffers under
 * `target/`. The loss is `msnLoss` with the uniform prior; the metrics are `prototypeEntropy`, how evenly the masked views' predictions use the prototypes (0: one
 * takes all), and `zStd`, the mean deviation per dimension of their unit projections (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, from `create` when the prototypes have no `kernel`, later when they are for projections of other
 * columns, the backbone has no class token or the masking is for another number of patches; `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views that do
 * not fit
 * @see Assran et al.: "Masked Siamese Networks for Label-Efficient Learning", https://arxiv.org/abs/2204.07141
 * @remarks The prototypes learn from the anchors alone and are brought to unit length within the loss. All anchors' class tokens pass the head together. The
 * paper has one masked view and ten small ones, and evaluates the target encoder: `run.encoders.target`.
 * @example
 * ```ts
 * import { maskPatches } from '@selfsup/augment';
 * import { projectionHead, prototypes, vit } from '@selfsup/encoders';
 * import { msn } from '@selfsup/pretext-tasks/msn';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3 });
 * const { outputDim: inputDim, gridSize } = backbone;
 * const task = msn({
 *   backbone,
 *   projectionHead: projectionHead({ inputDim, hiddenDim: 256, outputDim: 64, numLayers: 3, batchNorm: true }),
 *   prototypes: prototypes({ inputDim: 64, numPrototypes: 128 }),
 *   masking: maskPatches({ gridSize, maskRatio: 0.15 }),
 * });
 * console.log(task.name);
 * ```
 */
export function msn(options: MsnOptions): PretextTask<MsnBatch, MsnTargets, ProjectedViews> {
  return maskedSiamese('msn', options, { prior: 'uniform' });
}
