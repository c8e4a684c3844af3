import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, type PretextTask } from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';
import { checkNnclrOptions, type NnclrOptions } from './nnclr-options.ts';
import { preserveStatistics } from './preserve-statistics.ts';
import { createProjectionNetworks } from './projection-networks.ts';
import { applyOptions } from './step-stream.ts';

/** What {@link nnclr} trains on: `views`, two float32 tensors `[n, height, width, channels]` of one shape, row i of both from image i. */
export type NnclrBatch = ViewPairBatch;

/** What {@link nnclr} computes without a tape: in training `projections`, unit rows `[n, outputDim]` of the first view, to be enqueued; otherwise nothing. */
export type NnclrTargets = Readonly<Record<string, tf.Tensor2D>>;

export type { NnclrOptions } from './nnclr-options.ts';

/**
 * NNCLR: the prediction of a view must find the nearest neighbor, among earlier projections, of the image's other view.
 *
 * @param options see {@link NnclrOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `predictionHead/`, its support set is the buffer `queue`
 * `[queueSize, outputDim]`, newest first. The loss is the mean of both directions of `infoNce` from neighbors to the predictions of all ranks; the metrics are
 * `accuracy`, how often a neighbor is nearer to its own image's prediction than to this rank's others, `zStd`, the mean deviation per dimension of the
 * unit projections (0: collapsed), `neighborSimilarity`, the mean cosine of a projection and its neighbor, and `queueAge`, the mean number of steps since
 * a row of the queue was computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `targets` or `loss` when the head's output has not `outputDim` columns; `SELFSUP_BATCH` without
 * two views or with more images than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see Dwibedi et al.: "With a Little Help from My Friends: Nearest-Neighbor Contrastive Learning of Visual Representations", https://arxiv.org/abs/2104.14548
 * @remarks Neighbors come from the queue as it was before this batch, and no gradient reaches them; the first view's projections are enqueued, as in the
 * paper's pseudocode and in solo-learn. The queue starts as noise. It costs one pass of the first view without a tape. Of several micro-batches only the
 * last one's projections are enqueued.
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
export function nnclr(options: NnclrOptions): PretextTask<NnclrBatch, NnclrTargets> {
  const { outputDim, temperature, queueSize } = checkNnclrOptions(options);
  return {
    api: 1,
    name: 'nnclr',
    create({ rng: root }) {
      const networks = createProjectionNetworks(options, root);
      const predictionHead = options.predictionHead(root.fold('predictionHead'));
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: root.fold('queue') });
      return {
        backbone: networks.backbone,
        ...joinNetworks({ predictionHead }, networks, queue),
        // Neighbors are looked up in the loss, from the projections that it computes anyway. Only what is enqueued must leave the step, and the loss can hand
        // nothing on: hence a second pass, of the one view that is enqueued, on the same stream.
        targets({ views }: NnclrBatch, ctx) {
          const [first] = checkViewPair('nnclr', views);
          if (!ctx.training) return {};
          const z = preserveStatistics(networks.buffers, () => l2Normalize(networks.encode(first, applyOptions('nnclr', ctx)(0))));
          queue.check('nnclr', z, ctx.collective);
          return { projections: z }; // [n, outputDim]
        },
        loss({ views }: NnclrBatch, _: NnclrTargets, ctx) {
          const apply = applyOptions('nnclr', ctx);
          const sides = checkViewPair('nnclr', views).map((images, i) => {
            const projection = networks.encode(images, apply(i)); // [n, outputDim]
            const z = l2Normalize(projection);
            return { z, neighbor: nearestNeighbors(z, queue.keys), prediction: l2Normalize(predictionHead.apply(projection, apply(i))) };
          });
          const [a, b] = sides as [(typeof sides)[0], (typeof sides)[0]];
          const contrast = { temperature, normalized: true, collective: ctx.collective };
          const losses = [infoNce(a.neighbor, b.prediction, contrast), infoNce(b.neighbor, a.prediction, contrast)];
          return {
            loss: tf.div<tf.Scalar>(tf.addN(losses), 2),
            metrics: {
              accuracy: keyAccuracy(a.neighbor, b.prediction, { normalized: true }),
              zStd: embeddingStd(a.z, { normalized: true }),
              neighborSimilarity: tf.mean<tf.Scalar>(tf.sum(tf.mul(a.z, a.neighbor), 1)),
              queueAge: tf.scalar(queue.meanAge(a.z.shape[0] * ctx.collective.worldSize, ctx.step)),
            },
          };
        },
        afterStep({ projections }: NnclrTargets, { collective }) {
          if (projections) queue.enqueue(collective.allGather(projections));
        },
      };
    },
  };
}
