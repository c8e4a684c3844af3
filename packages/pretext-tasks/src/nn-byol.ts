import * as tf from '@tensorflow/tfjs-core';
import { cosine, l2Normalize, valueAt, type PretextTask } from '@selfsup/core';
import { embeddingStd, negativeCosineSimilarity } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import type { ByolOptions, ByolTargets } from './byol.ts';
import { checkChoice, checkCounts, checkMomenta, optionError } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';
import { project, type PredictedViews } from './projection-networks.ts';

/** Options of {@link nnByol}. */
export interface NnByolOptions extends ByolOptions {
  /** Columns of the projection head's output; default 256. */
  outputDim?: number;
  /** The target network's projections among which neighbors are looked up, ≥ 1; default 65,536. Need not be a multiple of the batch. */
  queueSize?: number;
}

/**
 * NNBYOL: BYOL in which a view predicts the nearest neighbor, among earlier images, of what the slowly moving copy makes of the other view.
 *
 * @param options see {@link NnByolOptions}
 * @returns the task with the encoders `backbone` and `target`; its variables and buffers are those of `byol` and `queue` `[queueSize, outputDim]`, newest first.
 * The loss is `negativeCosineSimilarity` in both directions; the metrics are `zStd`, the mean deviation per dimension of the unit online projections (0:
 * collapsed), `neighborSimilarity`, the mean cosine of a target projection and its neighbor, and `queueAge`, the mean number of steps since a row of the queue
 * was computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `targets` when the head's output does not have `outputDim` columns; `SELFSUP_BATCH`
 * without two views, or with more images than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see Grill et al.: "Bootstrap Your Own Latent", https://arxiv.org/abs/2006.07733
 * @see Dwibedi et al.: "With a Little Help from My Friends", https://arxiv.org/abs/2104.14548, for the neighbors
 * @remarks The method is solo-learn's. Neighbors come from the queue as it was before this batch; the target projections of the first view are enqueued. The queue
 * starts as noise.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { nnByol } from '@selfsup/pretext-tasks/nn-byol';
 * const backbone = convNet({ channels: 3 });
 * const task = nnByol({
 *   backbone,
 *   projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 64, batchNorm: true }),
 *   predictionHead: projectionHead({ inputDim: 64, hiddenDim: 256, outputDim: 64, batchNorm: true }),
 *   outputDim: 64,
 *   queueSize: 4096,
 * });
 * console.log(task.name);
 * ```
 */
export function nnByol(options: NnByolOptions): PretextTask<ViewPairBatch, ByolTargets, PredictedViews> {
  const { convention = 'byol', outputDim = 256, queueSize = 65536 } = options;
  checkChoice('nn-byol', { convention }, ['byol', 'mean']);
  checkCounts('nn-byol', { outputDim, queueSize });
  checkMomenta('nn-byol', { momentum: options.momentum });
  return {
    api: 1,
    name: 'nn-byol',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.99, final: 1, steps: totalSteps });
      const { online, target, copies, update } = createMomentumNetworks(options, rng);
      const predictionHead = options.predictionHead(rng.fold('predictionHead'));
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: rng.fold('queue') });
      return {
        encoders: { backbone: online.backbone, target: target.backbone },
        ...joinNetworks({ ...online, predictionHead, ...copies }, { queue: queue.keys }),
        targets({ views }, context) {
          const targetProjections = checkViewPair('nn-byol', views).map((images, i) =>
            l2Normalize(project(target, images, applyOptions(context, `target of view ${i}`))),
          ); // each [n, outputDim]
          const columns = targetProjections[0]!.shape[1];
          if (columns !== outputDim)
            throw optionError('nn-byol', { name: 'outputDim', expected: `${columns}, the head's columns`, got: outputDim });
          return { targetProjections };
        },
        embed({ views }, _, context) {
          const apply = [0, 1].map((i) => applyOptions(context, `view ${i}`));
          const projections = checkViewPair('nn-byol', views).map((images, i) => project(online, images, apply[i]!)); // each [n, outputDim]
          return { projections, predictions: projections.map((projection, i) => predictionHead.apply(projection, apply[i]!)) };
        },
        loss({ projections, predictions }, { targetProjections }, { step, training }) {
          const first = targetProjections[0]!;
          const rows = first.shape[0];
          if (training) queue.check('nn-byol', rows);
          const [neighbor, other] = targetProjections.map((z) => nearestNeighbors(z, queue.keys));
          return {
            loss: negativeCosineSimilarity(predictions, [other!, neighbor!], { convention }), // each view predicts the other's neighbor
            metrics: {
              zStd: embeddingStd(projections[0]!),
              neighborSimilarity: tf.mean<tf.Scalar>(tf.sum(tf.mul(first, neighbor!), 1)),
              queueAge: tf.scalar(queue.meanAge(rows, step)),
            },
          };
        },
        afterStep({ targets: { targetProjections } }, { step }) {
          update(valueAt(momentum, step));
          queue.enqueue(targetProjections[0]!);
        },
      };
    },
  };
}
