import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, type ModuleFactory, type PretextTask, type Targets } from '@selfsup/core';
import { embeddingStd, prototypeEntropy, sinkhorn, swavLoss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkCrops } from './check-crops.ts';
import { checkCounts, checkPositive, optionError } from './check-options.ts';
import { encodeCrops } from './encode-crops.ts';
import { freezeGradients } from './freeze-gradients.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { createProjectionNetworks, type NetworkFactories, type ProjectedViews } from './projection-networks.ts';
import { prototypeKernel } from './prototype-kernel.ts';

/**
 * What {@link swav} trains on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of each from image i. The first two, the large crops,
 * get codes; the others may have other heights and widths.
 */
export type SwavBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** What the loss of {@link swav} keeps for the queue: `projections`, unit rows `[n, 2 · projectionDim]`, those of the first two crops side by side; without a queue nothing. */
export type SwavKept = Readonly<Partial<Record<'projections', tf.Tensor2D>>>;

/** Options of {@link swav}. */
export interface SwavOptions extends NetworkFactories {
  /** Makes the network from unit projections to scores `[n, numPrototypes]`; its variable `kernel` is `[projectionDim, numPrototypes]`. */
  prototypes: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** The scores are divided by it where they predict; > 0, default 0.1. */
  temperature?: number;
  /** The scores are divided by it where they become codes; > 0, default 0.05. */
  epsilon?: number;
  /** Iterations of Sinkhorn and Knopp; an integer ≥ 1, default 3. */
  iterations?: number;
  /** Projections of earlier batches, per large crop, that take part in the assignment; an integer ≥ 0, default 0. The paper has 3,840 for small batches. */
  queueSize?: number;
  /** The step from which the queue is filled; it is used once it is full. Default 0; the paper has that of epoch 15. */
  queueStartStep?: number;
  /** For how many steps the prototypes stay as they are; an integer ≥ 0, default 313 as in the authors' code, about an epoch of theirs. */
  freezePrototypesSteps?: number;
}

/**
 * SwAV: crops of one image must predict each other's assignment to prototypes, which are used equally often.
 *
 * @param options see {@link SwavOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `prototypes/`, its buffer, with a queue, is `queue` `[queueSize, 2 ·
 * projectionDim]`, newest first. The loss is `swavLoss` with the codes of `sinkhorn` over the whole update and the queue as it was; the metrics are
 * `prototypeEntropy`, how evenly the first crops' predictions use the prototypes (0: one takes all), and `zStd`, the mean deviation per dimension of their unit
 * projections (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, from `create` when the prototypes have no `kernel`, later when they are for projections of
 * other columns; `SELFSUP_BATCH` without two crops or with more of them than the queue holds, `SELFSUP_SHAPE` on crops that do not fit
 * @see Caron et al.: "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", https://arxiv.org/abs/2006.09882
 * @remarks As in the authors' code, crops of one size pass the backbone as one batch and all pass the head as one, with common batch statistics; lightly and
 * solo-learn pass each crop on its own. The prototypes get unit length after each update, which is the authors' normalization before the next one. A queue
 * that starts while the network still moves fast does harm. The projections of all micro-batches and ranks are enqueued.
 * @example
 * ```ts
 * import { convNet, projectionHead, prototypes } from '@selfsup/encoders';
 * import { swav } from '@selfsup/pretext-tasks/swav';
 * const backbone = convNet({ channels: 3 });
 * const task = swav({
 *   backbone,
 *   projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 64, batchNorm: true }),
 *   prototypes: prototypes({ inputDim: 64, numPrototypes: 300 }),
 *   freezePrototypesSteps: 40,
 * });
 * console.log(task.name);
 * ```
 */
export function swav(options: SwavOptions): PretextTask<SwavBatch, Targets, ProjectedViews, SwavKept> {
  const { temperature = 0.1, epsilon = 0.05, iterations = 3, queueSize = 0, queueStartStep = 0, freezePrototypesSteps = 313 } = options;
  checkPositive('swav', { temperature, epsilon });
  checkCounts('swav', { iterations });
  checkCounts('swav', { queueSize, queueStartStep, freezePrototypesSteps }, 0);
  return {
    api: 1,
    name: 'swav',
    create({ rng }) {
      const prototypes = options.prototypes(rng.fold('prototypes'));
      const kernel = prototypeKernel('swav', prototypes);
      const projectionDim = kernel.shape[0];
      const normalizePrototypes = () => {
        tf.tidy(() => {
          kernel.assign(tf.transpose(l2Normalize(tf.transpose(kernel))));
        });
      };
      normalizePrototypes();
      const networks = createProjectionNetworks(options, rng);
      const queue = queueSize > 0 ? createKeyQueue({ size: queueSize, dim: 2 * projectionDim }) : undefined; // both large crops of an image in a row
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks({ ...networks, prototypes }, queue && { queue: queue.keys }),
        embed({ views }, _, context) {
          const crops = checkCrops('swav', views);
          const z = l2Normalize(encodeCrops(networks, crops, applyOptions(context, 'crops'))); // [crops · n, projectionDim]
          const columns = z.shape[1];
          if (columns !== projectionDim)
            throw optionError('swav', {
              name: 'prototypes',
              expected: `for ${columns} columns, the head's`,
              got: `some for ${projectionDim}`,
            });
          return { projections: tf.split<tf.Tensor2D>(z, crops.length) };
        },
        loss({ projections }, _, { step, training }) {
          const score = (z: tf.Tensor2D) => prototypes.apply(z, { training }); // [n, numPrototypes]
          const [first, second] = [projections[0]!, projections[1]!];
          const rows = first.shape[0];
          const filling = queue && training && step >= queueStartStep;
          if (filling) queue.check('swav', rows);
          const full = queue && (step - queueStartStep) * rows >= queueSize;
          const earlier = full ? tf.split<tf.Tensor2D>(queue.keys, 2, 1).map(score) : [];
          const scores = projections.map(score);
          const codes = [0, 1].map((i) => sinkhorn(scores[i]!, { epsilon, iterations, ...(earlier[i] && { queue: earlier[i] }) }));
          return {
            loss: swavLoss(scores, codes, { temperature }),
            metrics: {
              prototypeEntropy: prototypeEntropy(scores[0]!, { temperature }),
              zStd: embeddingStd(first, { normalized: true }),
            },
            keep: filling ? { projections: tf.concat([first, second], 1) } : {}, // [n, 2 · projectionDim]
          };
        },
        transformGradients: freezeGradients('prototypes/', freezePrototypesSteps),
        afterStep({ kept: { projections } }) {
          normalizePrototypes();
          if (projections) queue?.enqueue(projections);
        },
      };
    },
  };
}
