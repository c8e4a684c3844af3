import * as tf from '@tensorflow/tfjs-core';
import { drawNormal, l2Normalize, SelfsupError, type PretextTask } from '@selfsup/core';
import { embeddingStd, maskedCrossEntropy, prototypeEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCrops } from './check-crops.ts';
import { checkCounts, checkPositive, optionError } from './check-options.ts';
import { encodeCrops } from './encode-crops.ts';
import { joinNetworks } from './join-networks.ts';
import { createProjectionNetworks, type NetworkFactories, type ProjectedViews } from './projection-networks.ts';
import { sphericalKMeans } from './spherical-k-means.ts';

/**
 * What {@link deepClusterV2} trains on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of each from image i, the first two, the large
 * crops, of one size; and `indices` int32 `[n]`, the numbers of the images in the data set.
 */
export type DeepClusterV2Batch = Readonly<Record<'views', readonly tf.Tensor4D[]> & Record<'indices', tf.Tensor1D>>;

/** What {@link deepClusterV2} looks up: `indices` int32 `[n]`, and `labels` int32 `[n]` of each clustering, -1 for an image that has none yet. */
export type DeepClusterV2Targets = Readonly<Record<'indices', tf.Tensor1D> & Record<'labels', readonly tf.Tensor1D[]>>;

/** What the loss of {@link deepClusterV2} keeps for the memory: `projections`, unit rows `[n, 2 · projectionDim]`, those of the first two crops side by side. */
export type DeepClusterV2Kept = Readonly<Record<'projections', tf.Tensor2D>>;

/** Options of {@link deepClusterV2}. */
export interface DeepClusterV2Options extends NetworkFactories {
  /** Columns of the projection head's output; default 128. */
  projectionDim?: number;
  /** Images of the data set, ≥ 1: the rows of the memory. */
  numSamples: number;
  /** After how many steps the memory is clustered anew; an integer ≥ 1, the steps of an epoch. */
  clusterEverySteps: number;
  /** How many clusters, for each clustering; integers from 1 to `numSamples`, default three of 3,000. */
  numPrototypes?: readonly number[];
  /** The scores are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** Iterations of k-means; an integer ≥ 1, default 10. */
  iterations?: number;
}

/**
 * DeepCluster-v2: all crops of an image must predict its cluster among the projections of an epoch ago.
 *
 * @param options see {@link DeepClusterV2Options}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. Its buffers are `memory` `[numSamples, 2 · projectionDim]`, the last unit projections
 * of each image's large crops, `assignments` `[numSamples, clusterings]`, and the centroids, `prototypes/1` `[projectionDim, numPrototypes]` and so on. The loss is
 * the mean over the clusterings of the cross entropy of all crops; the metrics are `prototypeEntropy`, how evenly the first crops' predictions use the first
 * clustering (0: one takes all), and `zStd`, the mean deviation per dimension of their unit projections (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `embed` when the head's output does not have `projectionDim` columns;
 * `SELFSUP_BATCH` without two crops or without `indices`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` on tensors that do not fit
 * @see Caron et al.: "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", section 4.1 and appendix, https://arxiv.org/abs/2006.09882
 * @see Caron et al.: "Deep Clustering for Unsupervised Learning of Visual Features", https://arxiv.org/abs/1807.05520
 * @remarks The first `clusterEverySteps` steps fill the memory and learn nothing, all variables being frozen: the authors make a pass over the data for it. Then
 * spherical k-means runs in `afterStep`, from rows drawn by chance, clustering k on the memory of crop k mod 2, and its centroids are the prototypes, which no
 * gradient moves. An image that the memory does not have yet has no label and does not count.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { deepClusterV2 } from '@selfsup/pretext-tasks/deep-cluster-v2';
 * const backbone = convNet({ channels: 3 });
 * const task = deepClusterV2({
 *   backbone,
 *   projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 64, batchNorm: true }),
 *   projectionDim: 64,
 *   numSamples: 10000,
 *   clusterEverySteps: 78,
 *   numPrototypes: [300, 300, 300],
 * });
 * console.log(task.name);
 * ```
 */
export function deepClusterV2(
  options: DeepClusterV2Options,
): PretextTask<DeepClusterV2Batch, DeepClusterV2Targets, ProjectedViews, DeepClusterV2Kept> {
  const {
    projectionDim = 128,
    numSamples,
    clusterEverySteps,
    numPrototypes = [3000, 3000, 3000],
    temperature = 0.1,
    iterations = 10,
  } = options;
  checkCounts('deep-cluster-v2', { projectionDim, numSamples, clusterEverySteps, iterations });
  checkPositive('deep-cluster-v2', { temperature });
  if (numPrototypes.length === 0 || !numPrototypes.every((count) => Number.isInteger(count) && count >= 1 && count <= numSamples))
    throw optionError('deep-cluster-v2', {
      name: 'numPrototypes',
      expected: `a list of integers from 1 to numSamples ${numSamples}`,
      got: `[${numPrototypes.join(', ')}]`,
    });
  return {
    api: 1,
    name: 'deep-cluster-v2',
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      const make = (values: tf.Tensor2D) => tf.variable<tf.Rank.R2>(values, false);
      const start = (count: number, k: number) => {
        const noise = tf.tensor2d(drawNormal(rng.fold('prototypes').fold(k), count * projectionDim), [count, projectionDim]);
        return make(tf.transpose(l2Normalize(noise)));
      };
      const numbers = Float32Array.from({ length: numSamples * numPrototypes.length }, (_, i) => {
        const count = numPrototypes[i % numPrototypes.length]!;
        return Math.floor(i / numPrototypes.length) % count; // until the first clustering, when nothing is learned
      });
      const [memory, assignments, prototypes] = tf.tidy(() => [
        make(tf.zeros<tf.Rank.R2>([numSamples, 2 * projectionDim])),
        make(tf.tensor2d(numbers, [numSamples, numPrototypes.length])),
        numPrototypes.map(start),
      ]);
      const cluster = (draw: (k: number) => typeof rng) => {
        const found = prototypes.map((kernel, k) => {
          const rows = tf.slice(memory, [0, (k % 2) * projectionDim], [numSamples, projectionDim]);
          const clusters = sphericalKMeans(rows, { numClusters: numPrototypes[k]!, iterations, rng: draw(k) });
          kernel.assign(tf.transpose(clusters.centroids));
          return clusters.assignments;
        });
        assignments.assign(tf.stack(found, 1) as tf.Tensor2D);
      };
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks(networks, {
          memory,
          assignments,
          ...Object.fromEntries(prototypes.map((kernel, k) => [`prototypes/${k + 1}`, kernel])),
        }),
        targets({ views, indices }) {
          const rows = checkCrops('deep-cluster-v2', views)[0]!.shape[0];
          const labels = tf.cast(tf.gather(assignments, checkIndices(indices, rows)), 'int32'); // [n, clusterings]
          return { indices, labels: numPrototypes.map((_, k) => tf.reshape<tf.Rank.R1>(tf.slice(labels, [0, k], [rows, 1]), [rows])) };
        },
        embed({ views }, _, context) {
          const crops = checkCrops('deep-cluster-v2', views);
          const z = l2Normalize(encodeCrops(networks, crops, applyOptions(context, 'crops'))); // [crops · n, projectionDim]
          const columns = z.shape[1];
          if (columns !== projectionDim)
            throw optionError('deep-cluster-v2', { name: 'projectionDim', expected: `${columns}, the head's columns`, got: projectionDim });
          return { projections: tf.split<tf.Tensor2D>(z, crops.length) };
        },
        loss({ projections }, { labels }) {
          const all = tf.concat([...projections], 0); // [crops · n, projectionDim]
          const losses = prototypes.map((kernel, k) => {
            const logits = tf.div<tf.Tensor2D>(tf.matMul(all, kernel), temperature);
            return maskedCrossEntropy(logits, tf.tile(labels[k]!, [projections.length]));
          });
          const [first, second] = [projections[0]!, projections[1]!];
          return {
            loss: tf.div<tf.Scalar>(tf.addN(losses), losses.length),
            metrics: {
              prototypeEntropy: prototypeEntropy(tf.matMul(first, prototypes[0]!), { temperature }),
              zStd: embeddingStd(first, { normalized: true }),
            },
            keep: { projections: tf.concat([first, second], 1) }, // [n, 2 · projectionDim]
          };
        },
        transformGradients: (gradients, { step }) =>
          step >= clusterEverySteps ? gradients : Object.fromEntries(Object.keys(gradients).map((path) => [path, null])),
        afterStep({ targets: { indices }, kept: { projections } }, { step, stream }) {
          const at = tf.expandDims<tf.Tensor2D>(indices, 1);
          const count = tf.scatterND(at, tf.ones([indices.shape[0], 1]), [numSamples, 1]); // an image may come twice
          const sum = tf.scatterND(at, projections, memory.shape);
          memory.assign(tf.where<tf.Tensor2D>(tf.greater(count, 0), tf.div(sum, tf.maximum(count, 1)), memory));
          if ((step + 1) % clusterEverySteps === 0) cluster((k) => stream('clusters').fold(k));
        },
      };
    },
  };
}

/** Throws unless a batch has `indices` int32 `[rows]`. */
function checkIndices(indices: tf.Tensor1D | undefined, rows: number): tf.Tensor1D {
  if (typeof indices?.rank !== 'number')
    throw new SelfsupError('SELFSUP_BATCH', `deep-cluster-v2: the batch must have \`indices\`, a tensor, got ${typeof indices}`);
  if (indices.rank !== 1 || indices.shape[0] !== rows)
    throw new SelfsupError('SELFSUP_SHAPE', `deep-cluster-v2: \`indices\` must have shape [${rows}], got [${indices.shape.join(', ')}]`);
  if (indices.dtype !== 'int32')
    throw new SelfsupError('SELFSUP_DTYPE', `deep-cluster-v2: \`indices\` must be int32, got ${indices.dtype}`);
  return indices;
}
