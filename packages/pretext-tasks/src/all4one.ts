import * as tf from '@tensorflow/tfjs-core';
import { cosine, l2Normalize, valueAt, type ModuleFactory, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, featureContrastLoss, infoNce } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkMomenta, checkPositive, checkWeights, optionError } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { nearestNeighbors, severalNeighbors } from './nearest-neighbors.ts';
import { project, type NetworkFactories } from './projection-networks.ts';

/** What {@link all4One} computes without a tape: `targetProjections`, unit rows `[n, outputDim]` of both views by the target network. */
export type All4OneTargets = Readonly<Record<'targetProjections', readonly tf.Tensor2D[]>>;

/** What {@link all4One} says about each image, `[n, outputDim]` for each view. */
export interface All4OneEmbeddings {
  /** Of the projection head. */
  readonly projections: readonly tf.Tensor2D[];
  /** Of the prediction head, which is to find the nearest neighbor of the other view. */
  readonly predictions: readonly tf.Tensor2D[];
  /** What the attention makes of the neighbors alone. */
  readonly centroids: readonly tf.Tensor2D[];
  /** What it makes of a second prediction with the neighbors behind it. */
  readonly guesses: readonly tf.Tensor2D[];
  readonly [name: string]: readonly tf.Tensor2D[];
}

/** Options of {@link all4One}. */
export interface All4OneOptions extends NetworkFactories {
  /** Makes the network from a projection to the prediction of the other view's neighbor: from and to `[n, outputDim]`. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Makes the second prediction head, whose output stands before the neighbors: from and to `[n, outputDim]`. */
  centroidHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Makes the self-attention over neighbors, `[n, numNeighbors, outputDim]` to `[n, outputDim]`; `neighborEncoder` of `@selfsup/encoders`. */
  neighborEncoder: ModuleFactory<tf.Tensor3D, tf.Tensor2D>;
  /** Columns of the projection head's output; default 256. */
  outputDim?: number;
  /** Neighbors that the attention sees, ≥ 2; default 5. */
  numNeighbors?: number;
  /** Similarities to the nearest neighbors are divided by it; > 0, default 0.2. */
  temperature?: number;
  /** Similarities to the attended neighbors are divided by it; > 0, default 0.1. */
  centroidTemperature?: number;
  /** Weight of the contrast with nearest neighbors, ≥ 0; default 0.5. */
  neighborWeight?: number;
  /** Weight of the contrast with attended neighbors, ≥ 0; default 0.5. */
  centroidWeight?: number;
  /** Weight of the contrast of features, ≥ 0; default 0.5. */
  featureWeight?: number;
  /** The weight of the target network's old weights, in [0, 1], or a schedule over updates done; default a cosine from 0.99 to 1 over the run. */
  momentum?: ScalarOrSchedule;
  /** The target network's projections among which neighbors are looked up, ≥ `numNeighbors`; default 98,304. */
  queueSize?: number;
}

/** The mean over both directions of finding, among all images, the second of its image in the other view. */
function contrast(found: readonly tf.Tensor2D[], sought: readonly tf.Tensor2D[], temperature: number): tf.Scalar {
  const sum = tf.add(infoNce(found[0]!, sought[1]!, { temperature }), infoNce(found[1]!, sought[0]!, { temperature }));
  return tf.div<tf.Scalar>(sum, 2);
}

/**
 * All4One: a view is contrasted with the nearest neighbor of the other view, with what self-attention makes of several neighbors, and column by column.
 *
 * @param options see {@link All4OneOptions}
 * @returns the task with the encoders `backbone` and `target`; its variables lie under `backbone/`, `projectionHead/`, `predictionHead/`, `centroidHead/` and
 * `neighborEncoder/`, its buffers under `target/` and in `queue` `[queueSize, outputDim]`, newest first. The loss is the weighted sum of `neighborLoss`,
 * `centroidLoss` and `featureLoss`, which are metrics, as are `zStd`, the mean deviation per dimension of the unit projections (0: collapsed), and `queueAge`,
 * the mean number of steps since a row of the queue was computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `targets` when the head's output does not have `outputDim` columns; `SELFSUP_BATCH`
 * without two views, or with more images than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see Estepa et al.: "All4One: Symbiotic Neighbour Contrastive Learning via Self-Attention and Redundancy Reduction", https://arxiv.org/abs/2303.09417
 * @remarks Weights and temperatures are those of the authors' code in solo-learn. Neighbors come from the queue as it was before this batch; the target
 * projections of the first view are enqueued. The attention is trained; the authors give it a learning rate of its own.
 * @example
 * ```ts
 * import { convNet, neighborEncoder, projectionHead } from '@selfsup/encoders';
 * import { all4One } from '@selfsup/pretext-tasks/all4one';
 * const backbone = convNet({ channels: 3 });
 * const outputDim = 64;
 * const head = { hiddenDim: 256, outputDim, batchNorm: true };
 * const task = all4One({
 *   backbone,
 *   projectionHead: projectionHead({ ...head, inputDim: backbone.outputDim, numLayers: 3, batchNormLast: true }),
 *   predictionHead: projectionHead({ ...head, inputDim: outputDim }),
 *   centroidHead: projectionHead({ ...head, inputDim: outputDim }),
 *   neighborEncoder: neighborEncoder({ width: outputDim }),
 *   outputDim,
 *   queueSize: 4096,
 * });
 * console.log(task.name);
 * ```
 */
export function all4One(options: All4OneOptions): PretextTask<ViewPairBatch, All4OneTargets, All4OneEmbeddings> {
  const { outputDim = 256, numNeighbors = 5, temperature = 0.2, centroidTemperature = 0.1, queueSize = 98304 } = options;
  const { neighborWeight = 0.5, centroidWeight = 0.5, featureWeight = 0.5 } = options;
  checkCounts('all4one', { outputDim });
  checkCounts('all4one', { numNeighbors }, 2);
  checkCounts('all4one', { queueSize }, numNeighbors);
  checkPositive('all4one', { temperature, centroidTemperature });
  checkWeights('all4one', { neighborWeight, centroidWeight, featureWeight });
  checkMomenta('all4one', { momentum: options.momentum });
  return {
    api: 1,
    name: 'all4one',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.99, final: 1, steps: totalSteps });
      const { online, target, copies, update } = createMomentumNetworks(options, rng);
      const predictionHead = options.predictionHead(rng.fold('predictionHead'));
      const centroidHead = options.centroidHead(rng.fold('centroidHead'));
      const neighborEncoder = options.neighborEncoder(rng.fold('neighborEncoder'));
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: rng.fold('queue') });
      return {
        encoders: { backbone: online.backbone, target: target.backbone },
        ...joinNetworks({ ...online, predictionHead, centroidHead, neighborEncoder, ...copies }, { queue: queue.keys }),
        targets({ views }, context) {
          const targetProjections = checkViewPair('all4one', views).map((images, i) =>
            l2Normalize(project(target, images, applyOptions(context, `target of view ${i}`))),
          ); // each [n, outputDim]
          const columns = targetProjections[0]!.shape[1];
          if (columns !== outputDim)
            throw optionError('all4one', { name: 'outputDim', expected: `${columns}, the head's columns`, got: outputDim });
          return { targetProjections };
        },
        embed({ views }, { targetProjections }, context) {
          const sides = checkViewPair('all4one', views).map((images, i) => {
            const apply = applyOptions(context, `view ${i}`);
            const projection = project(online, images, apply); // [n, outputDim]
            const neighbors = severalNeighbors(targetProjections[i]!, queue.keys, numNeighbors); // [n, numNeighbors, outputDim]
            const nearer = tf.slice(neighbors, [0, 0, 0], [-1, numNeighbors - 1, -1]);
            const shifted = tf.concat<tf.Tensor3D>([tf.expandDims(centroidHead.apply(projection, apply), 1), nearer], 1);
            return {
              projection,
              prediction: predictionHead.apply(projection, apply),
              centroid: neighborEncoder.apply(neighbors, applyOptions(context, `neighbors of view ${i}`)),
              guess: neighborEncoder.apply(shifted, applyOptions(context, `shifted neighbors of view ${i}`)),
            };
          });
          return {
            projections: sides.map(({ projection }) => projection),
            predictions: sides.map(({ prediction }) => prediction),
            centroids: sides.map(({ centroid }) => centroid),
            guesses: sides.map(({ guess }) => guess),
          };
        },
        loss({ projections, predictions, centroids, guesses }, { targetProjections }, { step, training }) {
          const rows = projections[0]!.shape[0];
          if (training) queue.check('all4one', rows);
          const nearest = targetProjections.map((z) => nearestNeighbors(z, queue.keys));
          const neighborLoss = contrast(nearest, predictions, temperature);
          const centroidLoss = contrast(centroids, guesses, centroidTemperature);
          const featureLoss = featureContrastLoss(projections, [targetProjections[1]!, targetProjections[0]!]);
          const terms = [tf.mul(neighborLoss, neighborWeight), tf.mul(centroidLoss, centroidWeight), tf.mul(featureLoss, featureWeight)];
          return {
            loss: tf.addN<tf.Scalar>(terms as tf.Scalar[]),
            metrics: {
              neighborLoss,
              centroidLoss,
              featureLoss,
              zStd: embeddingStd(projections[0]!),
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
