import type * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, type PretextTask, type Targets } from '@selfsup/core';
import { contrastiveAccuracy, embeddingStd, ntXent } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkPositive } from './check-options.ts';
import { checkViews } from './check-views.ts';
import { joinNetworks } from './join-networks.ts';
import { createProjectionNetworks, project, type NetworkFactories, type ProjectedViews } from './projection-networks.ts';

/** What {@link simclr} trains on: `views`, two or more float32 tensors `[n, height, width, channels]` of one shape, row i of each from image i. */
export type SimclrBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** Options of {@link simclr}. */
export interface SimclrOptions extends NetworkFactories {
  /** The similarities are divided by it; > 0, default 0.5. */
  temperature?: number;
  /** `'mean'` (default) over the anchors, or Google's `'sum-of-views'`; see `ntXent`. */
  convention?: 'mean' | 'sum-of-views';
}

/**
 * SimCLR: the backbone learns to tell which views come from one image.
 *
 * @param options see {@link SimclrOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `ntXent` of the projected views of the whole update; the
 * metrics are `accuracy`, how often a projection's nearest neighbor is another view of its image, and `zStd`, the mean deviation per dimension
 * of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on a bad temperature; from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes
 * @see Chen et al.: "A Simple Framework for Contrastive Learning of Visual Representations", https://arxiv.org/abs/2002.05709
 * @remarks Each view passes the networks on its own, so batch normalization takes its statistics per view (and per micro-batch and rank), as lightly does;
 * Google's code passes all views and all devices together.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { simclr } from '@selfsup/pretext-tasks/simclr';
 * const backbone = convNet({ channels: 3 });
 * const task = simclr({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 64 }), temperature: 0.2 });
 * console.log(task.name);
 * ```
 */
export function simclr(options: SimclrOptions): PretextTask<SimclrBatch, Targets, ProjectedViews> {
  const { temperature = 0.5, convention = 'mean' } = options;
  checkPositive('simclr', { temperature });
  return {
    api: 1,
    name: 'simclr',
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks(networks),
        embed({ views }, _, context) {
          const projections = checkViews('simclr', views).map((images, i) =>
            l2Normalize(project(networks, images, applyOptions(context, `view ${i}`))),
          ); // each [n, projectionDim]
          return { projections };
        },
        loss({ projections }) {
          return {
            loss: ntXent(projections, { temperature, convention, normalized: true }),
            metrics: {
              accuracy: contrastiveAccuracy(projections, { normalized: true }),
              zStd: embeddingStd(projections[0]!, { normalized: true }),
            },
          };
        },
      };
    },
  };
}
