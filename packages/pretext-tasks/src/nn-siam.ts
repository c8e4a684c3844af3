import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, type ModuleFactory, type PretextTask, type Targets } from '@selfsup/core';
import { embeddingStd, negativeCosineSimilarity } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCounts, optionError } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';
import type { NnclrKept } from './nnclr.ts';
import { createProjectionNetworks, project, type NetworkFactories, type PredictedViews } from './projection-networks.ts';

/** Options of {@link nnSiam}. */
export interface NnSiamOptions extends NetworkFactories {
  /** Makes the predictor of the neighbor of one view's projection from the other's projection: from and to `[n, outputDim]`. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Columns of the projection head's output; default 2048. */
  outputDim?: number;
  /** Projections among which neighbors are looked up, ≥ 1; default 65,536. Need not be a multiple of the batch. */
  queueSize?: number;
}

/**
 * NNSiam: SimSiam in which a view predicts the nearest neighbor, among earlier projections, of the other view's projection.
 *
 * @param options see {@link NnSiamOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `predictionHead/`, its queue is the buffer `queue` `[queueSize, outputDim]`,
 * newest first. The loss is `negativeCosineSimilarity` in both directions; the metrics are `zStd`, the mean deviation per dimension of the unit projections (0:
 * collapsed), `neighborSimilarity`, the mean cosine of a projection and its neighbor, and `queueAge`, the mean number of steps since a row of the queue was
 * computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `embed` when the head's output does not have `outputDim` columns; `SELFSUP_BATCH`
 * without two views, and from `loss` with more images than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see Chen, He: "Exploring Simple Siamese Representation Learning", https://arxiv.org/abs/2011.10566
 * @see Dwibedi et al.: "With a Little Help from My Friends", https://arxiv.org/abs/2104.14548, for the neighbors
 * @remarks The method is solo-learn's. Neighbors come from the queue as it was before this batch, and no gradient reaches them; the first view's projections are
 * enqueued. The queue starts as noise.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { nnSiam } from '@selfsup/pretext-tasks/nn-siam';
 * const backbone = convNet({ channels: 3 });
 * const task = nnSiam({
 *   backbone,
 *   projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 256, numLayers: 3, batchNorm: true, batchNormLast: 'affine-free' }),
 *   predictionHead: projectionHead({ inputDim: 256, hiddenDim: 64, outputDim: 256, batchNorm: true }),
 *   outputDim: 256,
 *   queueSize: 4096,
 * });
 * console.log(task.name);
 * ```
 */
export function nnSiam(options: NnSiamOptions): PretextTask<ViewPairBatch, Targets, PredictedViews, NnclrKept> {
  const { outputDim = 2048, queueSize = 65536 } = options;
  checkCounts('nn-siam', { outputDim, queueSize });
  return {
    api: 1,
    name: 'nn-siam',
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      const predictionHead = options.predictionHead(rng.fold('predictionHead'));
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: rng.fold('queue') });
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks({ ...networks, predictionHead }, { queue: queue.keys }),
        embed({ views }, _, context) {
          const apply = [0, 1].map((i) => applyOptions(context, `view ${i}`));
          const raw = checkViewPair('nn-siam', views).map((images, i) => project(networks, images, apply[i]!)); // each [n, outputDim]
          const columns = raw[0]!.shape[1];
          if (columns !== outputDim)
            throw optionError('nn-siam', { name: 'outputDim', expected: `${columns}, the head's columns`, got: outputDim });
          const predictions = raw.map((projection, i) => predictionHead.apply(projection, apply[i]!));
          return { projections: raw.map((projection) => l2Normalize(projection)), predictions };
        },
        loss({ projections, predictions }, _, { step, training }) {
          const first = projections[0]!;
          const rows = first.shape[0];
          if (training) queue.check('nn-siam', rows);
          const [neighbor, other] = projections.map((z) => nearestNeighbors(z, queue.keys));
          return {
            loss: negativeCosineSimilarity(predictions, [other!, neighbor!]), // each view predicts the other's neighbor
            metrics: {
              zStd: embeddingStd(first, { normalized: true }),
              neighborSimilarity: tf.mean<tf.Scalar>(tf.sum(tf.mul(first, neighbor!), 1)),
              queueAge: tf.scalar(queue.meanAge(rows, step)),
            },
            keep: { projections: first },
          };
        },
        afterStep({ kept }) {
          queue.enqueue(kept.projections);
        },
      };
    },
  };
}
