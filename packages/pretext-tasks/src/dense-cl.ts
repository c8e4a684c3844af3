import * as tf from '@tensorflow/tfjs-core';
import {
  createMomentumPair,
  l2Normalize,
  takeRows,
  valueAt,
  type ModuleFactory,
  type PretextTask,
  type ScalarOrSchedule,
} from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkMomenta, checkPositive, optionError } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { encodeShuffled } from './encode-shuffled.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { hasMaps, lastMap, type Mapped } from './last-map.ts';
import { asBuffers } from './as-buffers.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import type { NetworkFactories } from './projection-networks.ts';

/** What {@link denseCl} computes without a tape, of the second view. */
export interface DenseClTargets {
  /** Unit rows `[n, outputDim]`. */
  readonly keys: tf.Tensor2D;
  /** Unit vectors of each place `[n, places, outputDim]`. */
  readonly denseKeys: tf.Tensor3D;
  /** The backbone's unit vectors of each place `[n, places, channels]`, by which places are matched. */
  readonly features: tf.Tensor3D;
  readonly [name: string]: tf.Tensor;
}

/** What {@link denseCl} says about each image, of the first view. */
export interface DenseClEmbeddings {
  /** Unit rows `[n, outputDim]`. */
  readonly queries: tf.Tensor2D;
  /** Unit vectors of each place `[n, places, outputDim]`. */
  readonly denseQueries: tf.Tensor3D;
  /** For each place the key of the second view's place that looks most like it, `[n, places, outputDim]`; constant. */
  readonly matchedKeys: tf.Tensor3D;
  readonly [name: string]: tf.Tensor;
}

/** Options of {@link denseCl}. */
export interface DenseClOptions extends NetworkFactories {
  /** Makes the projection of each place of the last map, `[rows, channels]` to `[rows, outputDim]`, thrown away afterwards. */
  denseHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Columns of the output of both heads; default 128. */
  outputDim?: number;
  /** The weight of the loss of places, in [0, 1]; that of images has the rest. Default 0.5. */
  denseWeight?: number;
  /** The similarities are divided by it; > 0, default 0.2. */
  temperature?: number;
  /** Weight of the old target weights, in [0, 1]; default 0.999. A schedule is asked for the step whose keys the new weights will compute. */
  momentum?: ScalarOrSchedule;
  /** Keys in each of the two queues, ≥ 1; default 65,536. Need not be a multiple of the batch. */
  queueSize?: number;
  /** Random groups in which keys are encoded, each with batch statistics of its own; default 8, the paper's devices. 1: no shuffling. */
  shuffleGroups?: number;
}

/** A backbone with both heads. */
interface DenseNetworks {
  readonly backbone: Mapped;
  readonly projectionHead: { apply: (features: tf.Tensor2D, options: Parameters<Mapped['apply']>[1]) => tf.Tensor2D };
  readonly denseHead: DenseNetworks['projectionHead'];
}

/** Images to unit rows `[n, outputDim]`, unit vectors of places `[n, places, outputDim]`, and the map that both came from `[n, places, channels]`. */
function projectDensely(
  { backbone, projectionHead, denseHead }: DenseNetworks,
  images: tf.Tensor4D,
  options: Parameters<Mapped['apply']>[1],
) {
  const map = lastMap(backbone, images, options);
  const [n, rows, columns, channels] = map.shape;
  const places = tf.reshape<tf.Rank.R3>(map, [n, rows * columns, channels]);
  const image = projectionHead.apply(tf.mean<tf.Tensor2D>(places, 1), options); // [n, outputDim]
  const dense = denseHead.apply(tf.reshape(places, [n * rows * columns, channels]), options);
  return { image: l2Normalize(image), dense: tf.reshape<tf.Rank.R3>(l2Normalize(dense), [n, rows * columns, -1]), places };
}

/** For each place `[n, places, channels]` the key of the place whose features are nearest; without gradient. */
function matchPlaces(places: tf.Tensor3D, { denseKeys, features }: DenseClTargets): tf.Tensor3D {
  const match = () => {
    const similarity = tf.matMul(l2Normalize(places), features, false, true); // [n, places, places]
    return takeRows(denseKeys, tf.argMax(similarity, 2), { batchDims: 1 });
  };
  // inside a custom gradient nothing is taped
  return tf.customGrad(() => ({ value: match(), gradFunc: () => tf.zerosLike(places) }))(places) as tf.Tensor3D;
}

const toRows = (vectors: tf.Tensor3D): tf.Tensor2D => tf.reshape(vectors, [-1, vectors.shape[2]]);

/**
 * DenseCL: MoCo, and beside it the same for each place of the feature map: its positive is the place of the other view whose features are most alike.
 *
 * @param options see {@link DenseClOptions}
 * @returns the task with the encoders `backbone` and `target`; its variables lie under `backbone/`, `projectionHead/` and `denseHead/`, its buffers under
 * `target/` and in `queue` and `denseQueue` `[queueSize, outputDim]`, newest first. The loss is (1 − denseWeight) · `imageLoss` + denseWeight · `denseLoss`, which
 * are metrics, as are `accuracy`, how often a query is nearer to its key than to the whole queue, `zStd`, the mean deviation per dimension of the unit queries (0:
 * collapsed), and `queueAge`, the mean number of steps since a key of the queue was computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, from `create` on a backbone without maps, and from `targets` when a head's output does not
 * have `outputDim` columns; `SELFSUP_BATCH` without two views, on too few images for the groups or more images than the queue holds; `SELFSUP_SHAPE` on views
 * of different shapes
 * @see Wang et al.: "Dense Contrastive Learning for Self-Supervised Visual Pre-Training", https://arxiv.org/abs/2011.09157
 * @remarks The image's features are the mean of the last map, as ConvNet's and ResNets' own are. Places are matched by the backbone's features; the negatives of a
 * place are the normalized means of the dense keys of earlier images, as in the authors' code, where lightly enqueues every place. Both losses see the queues as
 * they were before this batch. Groups are shuffled as in `moco`, and the target moves as there.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { denseCl } from '@selfsup/pretext-tasks/dense-cl';
 * const backbone = convNet({ channels: 3 });
 * const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 128 });
 * const task = denseCl({ backbone, projectionHead: head, denseHead: head, queueSize: 4096 });
 * console.log(task.name);
 * ```
 */
export function denseCl(options: DenseClOptions): PretextTask<ViewPairBatch, DenseClTargets, DenseClEmbeddings> {
  const { outputDim = 128, denseWeight = 0.5, temperature = 0.2, momentum = 0.999, queueSize = 65536, shuffleGroups = 8 } = options;
  checkCounts('dense-cl', { outputDim, queueSize, shuffleGroups });
  checkPositive('dense-cl', { temperature });
  checkMomenta('dense-cl', { denseWeight, momentum });
  return {
    api: 1,
    name: 'dense-cl',
    create({ rng }) {
      const { online, target, copies, update } = createMomentumNetworks(options, rng);
      const denseHead = createMomentumPair(options.denseHead, rng.fold('denseHead'));
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: rng.fold('queue') });
      const denseQueue = createKeyQueue({ size: queueSize, dim: outputDim, rng: rng.fold('denseQueue') });
      const networks = { ...online, denseHead: denseHead.online, ...copies, 'target/denseHead': asBuffers(denseHead.target) };
      const joined = joinNetworks(networks, { queue: queue.keys, denseQueue: denseQueue.keys });
      const [mine, theirs] = [online.backbone, target.backbone];
      if (!hasMaps(mine) || !hasMaps(theirs)) {
        joined.dispose();
        throw optionError('dense-cl', { name: 'backbone', expected: 'an encoder with maps, such as convNet', got: 'one without' });
      }
      const queryNetworks = { ...online, backbone: mine, denseHead: denseHead.online };
      const keyNetworks = { ...target, backbone: theirs, denseHead: denseHead.target };
      return {
        encoders: { backbone: online.backbone, target: target.backbone },
        ...joined,
        targets({ views }, context) {
          const [, second] = checkViewPair('dense-cl', views);
          const shuffling = { who: 'dense-cl', groups: context.training ? shuffleGroups : 1, apply: applyOptions(context, 'keys') };
          const [keys, denseKeys, features] = encodeShuffled(
            second,
            (group, apply) => {
              const { image, dense, places } = projectDensely(keyNetworks, group, apply);
              return [image, dense, l2Normalize(places)] as const;
            },
            shuffling,
          );
          for (const columns of [keys.shape[1], denseKeys.shape[2]])
            if (columns !== outputDim)
              throw optionError('dense-cl', { name: 'outputDim', expected: `${columns}, the columns of a head`, got: outputDim });
          return { keys, denseKeys, features };
        },
        embed({ views }, targets, context) {
          const [first] = checkViewPair('dense-cl', views);
          const { image, dense, places } = projectDensely(queryNetworks, first, applyOptions(context, 'queries'));
          return { queries: image, denseQueries: dense, matchedKeys: matchPlaces(places, targets) };
        },
        loss({ queries, denseQueries, matchedKeys }, { keys }, { step, training }) {
          const rows = queries.shape[0];
          if (training) queue.check('dense-cl', rows);
          const contrast = { normalized: true, temperature };
          const imageLoss = infoNce(queries, keys, { ...contrast, queue: queue.keys });
          const denseLoss = infoNce(toRows(denseQueries), toRows(matchedKeys), { ...contrast, queue: denseQueue.keys });
          return {
            loss: tf.add<tf.Scalar>(tf.mul(imageLoss, 1 - denseWeight), tf.mul(denseLoss, denseWeight)),
            metrics: {
              imageLoss,
              denseLoss,
              accuracy: keyAccuracy(queries, keys, { queue: queue.keys, normalized: true }),
              zStd: embeddingStd(queries, { normalized: true }),
              queueAge: tf.scalar(queue.meanAge(rows, step)),
            },
          };
        },
        afterStep({ targets: { keys, denseKeys } }, { step }) {
          const weight = valueAt(momentum, step + 1); // as in moco: for the next step's keys
          update(weight);
          denseHead.update(weight);
          queue.enqueue(keys);
          denseQueue.enqueue(l2Normalize(tf.mean<tf.Tensor2D>(denseKeys, 1)));
        },
      };
    },
  };
}
