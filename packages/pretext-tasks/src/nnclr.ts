import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, l2Normalize, type ModuleFactory, type PretextTask, type StepContext } from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { checkNumbers } from './check-numbers.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { createEmbeddingQueue } from './embedding-queue.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';
import { preserveStatistics } from './preserve-statistics.ts';
import { createProjectionNetworks, type NetworkFactories } from './projection-networks.ts';

/** What {@link nnclr} trains on: `views`, two float32 tensors `[n, height, width, channels]` of one shape, row i of both from image i. */
export type NnclrBatch = ViewPairBatch;

/** What {@link nnclr} computes without a tape: in training `projections`, unit rows `[n, outputDim]` of the first view, to be enqueued; otherwise nothing. */
export type NnclrTargets = Readonly<Record<string, tf.Tensor2D>>;

/** Options of {@link nnclr}. */
export interface NnclrOptions extends NetworkFactories {
  /** Makes the network from a projection to the prediction of the other view's neighbour, of the same columns. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Columns of the projection head's output; default 256. */
  outputDim?: number;
  /** The similarities are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** Projections in the support set, ≥ 1; default 98,304 as in the paper. Need not be a multiple of the batch. */
  queueSize?: number;
}

/**
 * NNCLR: the prediction of a view must find the nearest neighbour, among earlier projections, of the image's other view.
 *
 * @param options see {@link NnclrOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `predictionHead/`, its support set is the buffer `queue`
 * `[queueSize, outputDim]`, newest first. The loss is the mean of both directions of `infoNce` from neighbours to the predictions of all ranks; the metrics are
 * `accuracy`, how often a neighbour is nearer to its own image's prediction than to this rank's others, `zStd`, the mean deviation per dimension of the
 * unit projections (0: collapsed), `neighborSimilarity`, the mean cosine of a projection and its neighbour, and `queueAge`, the mean number of steps since
 * a row of the queue was computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `loss` when the head's output has not `outputDim` columns; `SELFSUP_BATCH` without
 * two views or with more images than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see Dwibedi et al.: "With a Little Help from My Friends: Nearest-Neighbor Contrastive Learning of Visual Representations", https://arxiv.org/abs/2104.14548
 * @remarks Neighbours come from the queue as it was before this batch, and no gradient reaches them; the first view's projections are enqueued, as in the
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
  const { outputDim = 256, temperature = 0.1, queueSize = 98304 } = options;
  checkNumbers('nnclr', { positive: { temperature }, count: { outputDim, queueSize } });
  return {
    api: 1,
    name: 'nnclr',
    create({ rng: root }) {
      const networks = createProjectionNetworks(options, root);
      const predictionHead = options.predictionHead(root.fold('predictionHead'));
      const queue = createEmbeddingQueue('nnclr', [queueSize, outputDim], root.fold('queue'));
      const streamOf = ({ rng, step, collective }: StepContext) => rng.fold('nnclr').fold(step).fold(collective.rank);
      return {
        backbone: networks.backbone,
        trainable: { ...networks.trainable, ...joinVariables({ predictionHead: predictionHead.trainable }) },
        buffers: { ...networks.buffers, ...joinVariables({ predictionHead: predictionHead.buffers }), queue: queue.variable },
        // Neighbours are looked up in the loss, from the projections that it computes anyway. Only what is enqueued must leave the step, and the loss can hand
        // nothing on: hence a second pass, of the one view that is enqueued, on the same stream.
        targets({ views }: NnclrBatch, ctx) {
          const [first] = checkViewPair('nnclr', views);
          if (!ctx.training) return {};
          queue.check(first.shape[0] * ctx.collective.worldSize);
          const apply = { training: true, rng: streamOf(ctx).fold(0) };
          return { projections: preserveStatistics(networks.buffers, () => l2Normalize(networks.encode(first, apply))) }; // [n, outputDim]
        },
        loss({ views }: NnclrBatch, _: NnclrTargets, ctx) {
          const { training, step, collective } = ctx;
          const sides = checkViewPair('nnclr', views).map((images, i) => {
            const apply = { training, rng: streamOf(ctx).fold(i) };
            const projection = networks.encode(images, apply);
            const z = l2Normalize(projection); // [n, outputDim]
            const neighbor = nearestNeighbors(z, queue.variable as tf.Tensor as tf.Tensor2D);
            return { z, neighbor, prediction: l2Normalize(predictionHead.apply(projection, apply)) };
          });
          const [a, b] = sides as [(typeof sides)[0], (typeof sides)[0]];
          const contrast = { temperature, normalized: true, collective };
          const losses = [infoNce(a.neighbor, b.prediction, contrast), infoNce(b.neighbor, a.prediction, contrast)];
          return {
            loss: tf.div<tf.Scalar>(tf.addN(losses), 2),
            metrics: {
              accuracy: keyAccuracy(a.neighbor, b.prediction, { normalized: true }),
              zStd: embeddingStd(a.z, { normalized: true }),
              neighborSimilarity: tf.mean<tf.Scalar>(tf.sum(tf.mul(a.z, a.neighbor), 1)),
              queueAge: tf.scalar(queue.meanAge(a.z.shape[0] * collective.worldSize, step)),
            },
          };
        },
        afterStep({ projections }: NnclrTargets, { collective }) {
          if (projections) queue.enqueue(projections, collective);
        },
        dispose() {
          for (const part of [networks, predictionHead, queue.variable]) part.dispose();
        },
      };
    },
  };
}
