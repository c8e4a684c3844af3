import { l2Normalize, type PretextTask, type Targets } from '@selfsup/core';
import { contrastiveAccuracy, decoupledContrastiveLoss, embeddingStd } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkPositive } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createProjectionNetworks, project, type NetworkFactories, type ProjectedViews } from './projection-networks.ts';

/** What {@link dcl} trains on: `views`, two float32 tensors `[n, height, width, channels]` of one shape, row i of both from image i. */
export type DclBatch = ViewPairBatch;

/** Options of {@link dcl}. */
export interface DclOptions extends NetworkFactories {
  /** The similarities are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** True: DCLW, which weighs positives that lie far apart more. Default false: DCL. */
  weighted?: boolean;
  /** Width of the weights of `weighted`; > 0, default 0.5. */
  sigma?: number;
}

/**
 * DCL: SimCLR with the positive taken out of the denominator, for small batches.
 *
 * @param options see {@link DclOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `decoupledContrastiveLoss` of the projections of the whole update;
 * the metrics are `accuracy` and `zStd` as `simclr` has them
 * @throws SelfsupError `SELFSUP_OPTION` on a bad temperature or sigma; from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes
 * @see Yeh et al.: "Decoupled Contrastive Learning", https://arxiv.org/abs/2110.06848
 * @remarks Each view passes the networks on its own, so batch normalization takes its statistics per view.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { dcl } from '@selfsup/pretext-tasks/dcl';
 * const backbone = convNet({ channels: 3 });
 * const task = dcl({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 64 }), weighted: true });
 * console.log(task.name);
 * ```
 */
export function dcl(options: DclOptions): PretextTask<DclBatch, Targets, ProjectedViews> {
  const { temperature = 0.1, weighted = false, sigma = 0.5 } = options;
  checkPositive('dcl', { temperature, sigma });
  return {
    api: 1,
    name: 'dcl',
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks(networks),
        embed({ views }, _, context) {
          const projections = checkViewPair('dcl', views).map((images, i) =>
            l2Normalize(project(networks, images, applyOptions(context, `view ${i}`))),
          ); // each [n, projectionDim]
          return { projections };
        },
        loss({ projections }) {
          const [first, second] = [projections[0]!, projections[1]!];
          return {
            loss: decoupledContrastiveLoss(first, second, { temperature, weighted, sigma, normalized: true }),
            metrics: {
              accuracy: contrastiveAccuracy(projections, { normalized: true }),
              zStd: embeddingStd(first, { normalized: true }),
            },
          };
        },
      };
    },
  };
}
