import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError, type PretextTask } from '@selfsup/core';
import { contrastiveAccuracy, embeddingStd, supConLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkChoice, checkPositive } from './check-options.ts';
import { checkViews } from './check-views.ts';
import { joinNetworks } from './join-networks.ts';
import { createProjectionNetworks, project, type NetworkFactories, type ProjectedViews } from './projection-networks.ts';

/** What {@link supCon} trains on. */
export interface SupConBatch {
  /** Two or more float32 tensors `[n, height, width, channels]` of one shape, row i of each from image i. */
  readonly views: readonly tf.Tensor4D[];
  /** int32 `[n]`: the class of each image, or a negative number where it is unknown. */
  readonly labels: tf.Tensor1D;
  readonly [name: string]: tf.Tensor | readonly tf.Tensor[];
}

/** What {@link supCon} takes over from the batch, so that the loss sees the `labels` int32 `[n]` of the whole update. */
export type SupConTargets = Readonly<Record<'labels', tf.Tensor1D>>;

/** Options of {@link supCon}. */
export interface SupConOptions extends NetworkFactories {
  /** The similarities are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** `'average'` (default) of the log-probabilities of an anchor's positives, or solo-learn's `'sum-in-log'`; see `supConLoss`. */
  positives?: 'average' | 'sum-in-log';
}

/** The labels of a batch of so many images. */
function checkLabels(labels: tf.Tensor1D | undefined, images: number): tf.Tensor1D {
  if (!labels)
    throw new SelfsupError('SELFSUP_BATCH', 'sup-con: the batch must have `labels`, int32 [n] with -1 for unknown, got undefined');
  if (labels.dtype !== 'int32') throw new SelfsupError('SELFSUP_DTYPE', `sup-con: \`labels\` must be int32, got ${labels.dtype}`);
  if (labels.shape.join() !== `${images}`)
    throw new SelfsupError('SELFSUP_SHAPE', `sup-con: \`labels\` must have shape [${images}], got [${labels.shape.join(', ')}]`);
  return labels;
}

/**
 * SupCon: SimCLR with labels: the backbone learns to tell which views come from images of one class.
 *
 * @param options see {@link SupConOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `supConLoss` of the projected views of the whole update; the
 * metrics are `accuracy`, how often a projection's nearest neighbor is of its class, and `zStd`, the mean deviation per dimension of the unit
 * projections (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `targets` and `embed` `SELFSUP_BATCH` without two views or without labels,
 * `SELFSUP_SHAPE` on views of different shapes or another number of labels, `SELFSUP_DTYPE` unless labels are int32
 * @see Khosla et al.: "Supervised Contrastive Learning", https://arxiv.org/abs/2004.11362
 * @remarks It is not self-supervised: what it reaches tells how far views and a contrastive loss go with labels. An image of unknown class has its own views
 * as positives only, so that without any label the loss is SimCLR's. Each view passes the networks on its own, as in `simclr`.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { supCon } from '@selfsup/pretext-tasks/sup-con';
 * const backbone = convNet({ channels: 3 });
 * const task = supCon({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 128 }) });
 * console.log(task.name);
 * ```
 */
export function supCon(options: SupConOptions): PretextTask<SupConBatch, SupConTargets, ProjectedViews> {
  const { temperature = 0.1, positives = 'average' } = options;
  checkPositive('sup-con', { temperature });
  checkChoice('sup-con', { positives }, ['average', 'sum-in-log']);
  return {
    api: 1,
    name: 'sup-con',
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks(networks),
        targets({ views, labels }) {
          return { labels: tf.clone(checkLabels(labels, checkViews('sup-con', views)[0]!.shape[0])) };
        },
        embed({ views }, _, context) {
          const projections = checkViews('sup-con', views).map((images, i) =>
            l2Normalize(project(networks, images, applyOptions(context, `view ${i}`))),
          ); // each [n, projectionDim]
          return { projections };
        },
        loss({ projections }, { labels }) {
          return {
            loss: supConLoss(projections, { labels, temperature, positives, normalized: true }),
            metrics: {
              accuracy: contrastiveAccuracy(projections, { labels, normalized: true }),
              zStd: embeddingStd(projections[0]!, { normalized: true }),
            },
          };
        },
      };
    },
  };
}
