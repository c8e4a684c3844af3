import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, type ModuleFactory, type PretextTask, type Targets } from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkPositive, optionError } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';
import { createProjectionNetworks, project, type NetworkFactories, type PredictedViews } from './projection-networks.ts';

/** What {@link nnclr} trains on: `views`, two float32 tensors `[n, height, width, channels]` of one shape, row i of both from image i. */
export type NnclrBatch = ViewPairBatch;

/** What the loss of {@link nnclr} keeps for the queue: `projections`, unit rows `[n, outputDim]` of the first view. */
export type NnclrKept = Readonly<Record<'projections', tf.Tensor2D>>;

/** Options of {@link nnclr}. */
export interface NnclrOptions extends NetworkFactories {
  /** Makes the network from a projection to the prediction of the other view's neighbor, of the same columns. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Columns of the projection head's output; default 256. */
  outputDim?: number;
  /** The similarities are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** Projections in the support set, ≥ 1; default 98,304 as in the paper. Need not be a multiple of the batch. */
  queueSize?: number;
}

/**
 * NNCLR: the prediction of a view must find the nearest neighbor, among earlier projections, of the image's other view.
 *
 * @param options see {@link NnclrOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `predictionHead/`, its support set is the buffer `queue`
 * `[queueSize, outputDim]`, newest first. The loss is the mean of both directions of `infoNce` from neighbors to the predictions of the whole update; the metrics
 * are `accuracy`, how often a neighbor is nearer to its own image's prediction than to the others, `zStd`, the mean deviation per dimension of the
 * unit projections (0: collapsed), `neighborSimilarity`, the mean cosine of a projection and its neighbor, and `queueAge`, the mean number of steps since
 * a row of the queue was computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `embed` when the head's output does not have `outputDim` columns; `SELFSUP_BATCH`
 * without two views, and from `loss` with more images than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see Dwibedi et al.: "With a Little Help from My Friends: Nearest-Neighbor Contrastive Learning of Visual Representations", https://arxiv.org/abs/2104.14548
 * @remarks Neighbors come from the queue as it was before this batch, and no gradient reaches them; the first view's projections are enqueued, as in the
 * paper's pseudocode and in solo-learn. The queue starts as noise. The projections of all micro-batches and ranks are enqueued.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { nnclr } from '@selfsup/pretext-tasks/nnclr';
 * const backbone = convNet({ channels: 3 });
 * const task = nnclr({
 *   backbone,
 *   projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 64, numLayers: 3, batchNorm: true, batchNormLast: true }),
 *   predictionHead: projectionHead({ inputDim: 64, hiddenDim: 256, outputDim: 64, batchNorm: true }),
 *   outputDim: 64,
 *   queueSize: 4096,
 * });
 * console.log(task.name);
 * ```
 */
export function nnclr(options: NnclrOptions): PretextTask<NnclrBatch, Targets, PredictedViews, NnclrKept> {
  const { outputDim = 256, temperature = 0.1, queueSize = 98304 } = options;
  checkPositive('nnclr', { temperature });
  checkCounts('nnclr', { outputDim, queueSize });
  return {
    api: 1,
    name: 'nnclr',
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      const predictionHead = options.predictionHead(rng.fold('predictionHead'));
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: rng.fold('queue') });
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks({ ...networks, predictionHead }, { queue: queue.keys }),
        embed({ views }, _, context) {
          const sides = checkViewPair('nnclr', views).map((images, i) => {
            const apply = applyOptions(context, `view ${i}`);
            const projection = project(networks, images, apply); // [n, outputDim]
            const columns = projection.shape[1];
            if (columns !== outputDim)
              throw optionError('nnclr', { name: 'outputDim', expected: `${columns}, the head's columns`, got: outputDim });
            return { projection: l2Normalize(projection), prediction: l2Normalize(predictionHead.apply(projection, apply)) };
          });
          return { projections: sides.map(({ projection }) => projection), predictions: sides.map(({ prediction }) => prediction) };
        },
        loss({ projections, predictions }, _, { step, training }) {
          const [first, second] = [projections[0]!, projections[1]!];
          const rows = first.shape[0];
          if (training) queue.check('nnclr', rows);
          const [neighbor, other] = [nearestNeighbors(first, queue.keys), nearestNeighbors(second, queue.keys)];
          const contrast = { temperature, normalized: true };
          const sum = tf.add(infoNce(neighbor, predictions[1]!, contrast), infoNce(other, predictions[0]!, contrast));
          return {
            loss: tf.div<tf.Scalar>(sum, 2),
            metrics: {
              accuracy: keyAccuracy(neighbor, predictions[1]!, { normalized: true }),
              zStd: embeddingStd(first, { normalized: true }),
              neighborSimilarity: tf.mean<tf.Scalar>(tf.sum(tf.mul(first, neighbor), 1)),
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
