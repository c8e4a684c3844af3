import type { PretextTask, Targets } from '@selfsup/core';
import { vicregLoss, embeddingStd, type VicregLossOptions } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createProjectionNetworks, project, type NetworkFactories, type ProjectedViews } from './projection-networks.ts';

/** Options of {@link vicreg}; those of the loss have its defaults. */
export interface VicregOptions
  extends NetworkFactories, Pick<VicregLossOptions, 'invarianceWeight' | 'varianceWeight' | 'covarianceWeight' | 'convention'> {}

/**
 * VICReg: two views' projections agree while every dimension keeps its variance and none covaries with another.
 *
 * @param options see {@link VicregOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `vicregLoss` of the two projected views of the whole update; the metric
 * `zStd` is the mean deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes; from `loss` `SELFSUP_OPTION` on a bad
 * weight or convention
 * @see Bardes, Ponce, LeCun: "VICReg", algorithm 1, https://arxiv.org/abs/2105.04906
 * @remarks Each view passes the networks on its own, so batch normalization takes its statistics per view, micro-batch and rank; variance and covariance span
 * them all. Both branches share their weights; the paper's variants with different branches are not here.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { vicreg } from '@selfsup/pretext-tasks/vicreg';
 * const backbone = convNet({ channels: 3 });
 * const head = { inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 512, numLayers: 3, batchNorm: true, biasLast: false };
 * const task = vicreg({ backbone, projectionHead: projectionHead(head) });
 * console.log(task.name);
 * ```
 */
export function vicreg(options: VicregOptions): PretextTask<ViewPairBatch, Targets, ProjectedViews> {
  const { backbone, projectionHead, ...lossOptions } = options;
  return {
    api: 1,
    name: 'vicreg',
    create({ rng }) {
      const networks = createProjectionNetworks({ backbone, projectionHead }, rng);
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks(networks),
        embed({ views }, _, context) {
          const pair = checkViewPair('vicreg', views);
          return { projections: pair.map((images, i) => project(networks, images, applyOptions(context, `view ${i}`))) };
        },
        loss({ projections }) {
          const [a, b] = [projections[0]!, projections[1]!]; // [n, projectionDim]
          return { loss: vicregLoss(a, b, lossOptions), metrics: { zStd: embeddingStd(a) } };
        },
      };
    },
  };
}
