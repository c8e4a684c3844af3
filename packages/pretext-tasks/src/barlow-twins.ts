import type { PretextTask, Targets } from '@selfsup/core';
import { barlowTwinsLoss, embeddingStd, type BarlowTwinsLossOptions } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createProjectionNetworks, project, type NetworkFactories, type ProjectedViews } from './projection-networks.ts';

/** Options of {@link barlowTwins}; those of the loss have its defaults. */
export interface BarlowTwinsOptions extends NetworkFactories, Pick<BarlowTwinsLossOptions, 'lambda' | 'scale'> {}

/**
 * Barlow Twins: the dimensions of two views' projections correlate one to one and not with each other.
 *
 * @param options see {@link BarlowTwinsOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `barlowTwinsLoss` of the two projected views of the whole update;
 * the metric `zStd` is the mean deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes; from `loss` `SELFSUP_OPTION` on a bad
 * lambda or scale
 * @see Zbontar et al.: "Barlow Twins", algorithm 1, https://arxiv.org/abs/2103.03230
 * @remarks Each view passes the networks on its own, so batch normalization within them takes its statistics per view, micro-batch and rank (the authors
 * synchronize it over ranks); the loss's own standardization spans them all. solo-learn multiplies the loss by 0.025 (on CIFAR 0.1): `scale`.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { barlowTwins } from '@selfsup/pretext-tasks/barlow-twins';
 * const backbone = convNet({ channels: 3 });
 * const head = { inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 512, numLayers: 3, batchNorm: true, biasLast: false };
 * const task = barlowTwins({ backbone, projectionHead: projectionHead(head) });
 * console.log(task.name);
 * ```
 */
export function barlowTwins(options: BarlowTwinsOptions): PretextTask<ViewPairBatch, Targets, ProjectedViews> {
  const { backbone, projectionHead, ...lossOptions } = options;
  return {
    api: 1,
    name: 'barlow-twins',
    create({ rng }) {
      const networks = createProjectionNetworks({ backbone, projectionHead }, rng);
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks(networks),
        embed({ views }, _, context) {
          const pair = checkViewPair('barlow-twins', views);
          return { projections: pair.map((images, i) => project(networks, images, applyOptions(context, `view ${i}`))) };
        },
        loss({ projections }) {
          const [a, b] = [projections[0]!, projections[1]!]; // [n, projectionDim]
          return { loss: barlowTwinsLoss(a, b, lossOptions), metrics: { zStd: embeddingStd(a) } };
        },
      };
    },
  };
}
