import * as tf from '@tensorflow/tfjs-core';
import { drawNormal, l2Normalize, valueAt, type ModuleFactory, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, maskedAccuracy, momentumGroups, prototypeEntropy, smogLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkMomenta, checkPositive, optionError } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { project, type NetworkFactories } from './projection-networks.ts';
import { sphericalKMeans } from './spherical-k-means.ts';

/** What {@link smog} computes without a tape: `targetProjections`, unit rows `[n, outputDim]` of the second view by the target network. */
export type SmogTargets = Readonly<Record<'targetProjections', tf.Tensor2D>>;

/** What {@link smog} says about each image, of the first view: `projections`, unit rows, and `predictions`, both `[n, outputDim]`. */
export type SmogEmbeddings = Readonly<Record<'projections' | 'predictions', tf.Tensor2D>>;

/** What the loss of {@link smog} keeps: the moved `groups` `[numGroups, outputDim]`, and the `projections` `[n, outputDim]` for the queue. */
export type SmogKept = Readonly<Record<'groups' | 'projections', tf.Tensor2D>>;

/** Options of {@link smog}. */
export interface SmogOptions extends NetworkFactories {
  /** Makes the network from a projection to the prediction of the image's group: from and to `[n, outputDim]`. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Columns of the projection head's output; default 128. */
  outputDim?: number;
  /** Groups, ≥ 1; default 3000, for ImageNet. */
  numGroups?: number;
  /** The similarities to groups are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** The weight of a group's old vector, in [0, 1]; default 0.99. */
  groupMomentum?: number;
  /** The weight of the target network's old weights, in [0, 1], or a schedule over updates done; default 0.999. */
  momentum?: ScalarOrSchedule;
  /** After how many updates groups are found anew in the queue and the target network becomes a copy again, an integer ≥ 0; default 300, 0: never. */
  resetSteps?: number;
  /** Projections in which groups are found anew, ≥ 1; default 65,536. Need not be a multiple of the batch. */
  queueSize?: number;
}

/** How often rows are assigned and centers moved when groups are found anew. */
const ITERATIONS = 10;

/**
 * SMoG: a view predicts to which group its image belongs, and groups move with each batch before the loss, so that the gradient reaches images through them, too.
 *
 * @param options see {@link SmogOptions}
 * @returns the task with the encoders `backbone` and `target`; its variables lie under `backbone/`, `projectionHead/` and `predictionHead/`, its buffers under
 * `target/` and in `groups` `[numGroups, outputDim]` and `queue` `[queueSize, outputDim]`, newest first. The loss is `smogLoss` with the groups of
 * `momentumGroups`; the metrics are `accuracy`, how often a prediction is nearest to its image's group, `groupEntropy`, how evenly the batch uses the groups, 0
 * to 1, and `zStd`, the mean deviation per dimension of the unit projections (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `targets` when the head's output does not have `outputDim` columns; `SELFSUP_BATCH`
 * without two views, or with more images than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see Pang et al.: "Unsupervised Visual Representation Learning by Synchronous Momentum Grouping", https://arxiv.org/abs/2207.06167
 * @remarks The group of an image is that of the target network's projection of the second view, among the groups before they move; the first view's projection
 * moves them. Groups start as noise. They are found anew by k-means on unit rows that starts from projections at equal distances in the queue, without a draw; not
 * before the queue has `numGroups` projections. lightly averages projections as they are and swaps the views in every second step.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { smog } from '@selfsup/pretext-tasks/smog';
 * const backbone = convNet({ channels: 3 });
 * const head = { hiddenDim: 256, outputDim: 128, batchNorm: true };
 * const task = smog({
 *   backbone,
 *   projectionHead: projectionHead({ ...head, inputDim: backbone.outputDim, batchNormLast: 'affine-free' }),
 *   predictionHead: projectionHead({ ...head, inputDim: 128 }),
 *   numGroups: 300,
 *   queueSize: 4096,
 * });
 * console.log(task.name);
 * ```
 */
export function smog(options: SmogOptions): PretextTask<ViewPairBatch, SmogTargets, SmogEmbeddings, SmogKept> {
  const { outputDim = 128, numGroups = 3000, temperature = 0.1, groupMomentum = 0.99, momentum = 0.999 } = options;
  const { resetSteps = 300, queueSize = 65536 } = options;
  checkCounts('smog', { outputDim, numGroups, queueSize });
  checkCounts('smog', { resetSteps }, 0);
  checkPositive('smog', { temperature });
  checkMomenta('smog', { groupMomentum, momentum });
  return {
    api: 1,
    name: 'smog',
    create({ rng }) {
      const { online, target, copies, update } = createMomentumNetworks(options, rng);
      const predictionHead = options.predictionHead(rng.fold('predictionHead'));
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: rng.fold('queue') });
      const groups = tf.tidy(() => {
        const noise = tf.tensor2d(drawNormal(rng.fold('groups'), numGroups * outputDim), [numGroups, outputDim]);
        return tf.variable<tf.Rank.R2>(l2Normalize(noise), false);
      });
      return {
        encoders: { backbone: online.backbone, target: target.backbone },
        ...joinNetworks({ ...online, predictionHead, ...copies }, { groups, queue: queue.keys }),
        targets({ views }, context) {
          const [, second] = checkViewPair('smog', views);
          const targetProjections = l2Normalize(project(target, second, applyOptions(context, 'target'))); // [n, outputDim]
          const columns = targetProjections.shape[1];
          if (columns !== outputDim)
            throw optionError('smog', { name: 'outputDim', expected: `${columns}, the head's columns`, got: outputDim });
          return { targetProjections };
        },
        embed({ views }, _, context) {
          const [first] = checkViewPair('smog', views);
          const apply = applyOptions(context, 'online');
          const projection = project(online, first, apply); // [n, outputDim]
          return { projections: l2Normalize(projection), predictions: predictionHead.apply(projection, apply) };
        },
        loss({ projections, predictions }, { targetProjections }, { training }) {
          if (training) queue.check('smog', projections.shape[0]);
          const similarities: tf.Tensor2D = tf.matMul(targetProjections, l2Normalize<tf.Tensor2D>(groups), false, true); // [n, numGroups]
          const assignments = tf.argMax<tf.Tensor1D>(similarities, 1);
          const moved = momentumGroups(projections, groups, { momentum: groupMomentum });
          const found: tf.Tensor2D = tf.matMul(l2Normalize(predictions), l2Normalize(moved), false, true);
          return {
            loss: smogLoss(predictions, moved, { assignments, temperature }),
            metrics: {
              accuracy: maskedAccuracy(found, assignments),
              groupEntropy: prototypeEntropy(similarities, { temperature }),
              zStd: embeddingStd(projections, { normalized: true }),
            },
            keep: { groups: moved, projections },
          };
        },
        afterStep({ kept }, { step }) {
          queue.enqueue(kept.projections);
          const filled = Math.min(queueSize, (step + 1) * kept.projections.shape[0]);
          if (resetSteps === 0 || (step + 1) % resetSteps !== 0 || filled < numGroups) {
            groups.assign(kept.groups);
            update(valueAt(momentum, step));
            return;
          }
          const found = tf.slice(queue.keys, 0, filled);
          groups.assign(sphericalKMeans(found, { numClusters: numGroups, iterations: ITERATIONS }).centroids);
          update(0);
        },
      };
    },
  };
}
