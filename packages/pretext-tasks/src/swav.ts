import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, type ModuleFactory, type PretextTask, type StepContext } from '@selfsup/core';
import { embeddingStd, prototypeEntropy, sinkhorn, swavLoss } from '@selfsup/losses';
import { checkCrops } from './check-crops.ts';
import { checkNumbers } from './check-numbers.ts';
import { createEmbeddingQueue } from './embedding-queue.ts';
import { encodeCrops } from './encode-crops.ts';
import { preserveStatistics } from './preserve-statistics.ts';
import { createPrototypes } from './prototype-network.ts';
import { createProjectionNetworks, type NetworkFactories } from './projection-networks.ts';

/**
 * What {@link swav} trains on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of each from image i. The first two, the large crops,
 * get codes; the others may have other heights and widths.
 */
export type SwavBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** What {@link swav} computes without a tape: with a queue `projections`, unit rows `[n, 2, projectionDim]` of the first two crops; otherwise nothing. */
export type SwavTargets = Readonly<Record<string, tf.Tensor3D>>;

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
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `prototypes/`, its buffer, with a queue, is `queue`
 * `[queueSize, 2, projectionDim]`, newest first. The loss is `swavLoss` with the codes of `sinkhorn` over all ranks and the queue as it was; the metrics are
 * `prototypeEntropy`, how evenly the first crops' predictions use the prototypes (0: one takes all), and `zStd`, the mean deviation per dimension of their
 * unit projections (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, from `create` when the prototypes have no `kernel`; `SELFSUP_BATCH` without two crops or
 * with more of them than the queue holds, `SELFSUP_SHAPE` on crops that do not fit
 * @see Caron et al.: "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", https://arxiv.org/abs/2006.09882
 * @remarks As in the authors' code, crops of one size pass the backbone as one batch and all pass the head as one, with common batch statistics; lightly and
 * solo-learn pass each crop on its own. The prototypes get unit length after each update, which is the authors' normalisation before the next one. With a queue
 * the crops are encoded once more, without a tape, while it is filled; one that starts while the network still moves fast does harm. Of several
 * micro-batches only the last one's projections are enqueued.
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
export function swav(options: SwavOptions): PretextTask<SwavBatch, SwavTargets> {
  const { temperature = 0.1, epsilon = 0.05, iterations = 3, queueSize = 0, queueStartStep = 0, freezePrototypesSteps = 313 } = options;
  const fromZero = { queueSize, queueStartStep, freezePrototypesSteps };
  checkNumbers('swav', { positive: { temperature, epsilon }, count: { iterations }, fromZero });
  return {
    api: 1,
    name: 'swav',
    create({ rng: root }) {
      const prototypes = createPrototypes('swav', options.prototypes, root.fold('prototypes'));
      const networks = createProjectionNetworks(options, root);
      const queue = queueSize > 0 ? createEmbeddingQueue('swav', [queueSize, 2, prototypes.projectionDim]) : undefined;
      const encode = (views: readonly tf.Tensor4D[], { rng, step, training, collective }: StepContext) =>
        encodeCrops(networks, checkCrops('swav', views), { training, rng: rng.fold('swav').fold(step).fold(collective.rank) });
      return {
        backbone: networks.backbone,
        trainable: { ...networks.trainable, ...joinVariables({ prototypes: prototypes.trainable }) },
        buffers: { ...networks.buffers, ...joinVariables({ prototypes: prototypes.buffers }), ...(queue && { queue: queue.variable }) },
        // The codes come from the scores of the loss itself. Only what is enqueued must leave the step, and the loss can hand nothing on: hence a second pass.
        targets({ views }: SwavBatch, ctx) {
          if (!queue || !ctx.training || ctx.step < queueStartStep) return {};
          queue.check(checkCrops('swav', views)[0]!.shape[0] * ctx.collective.worldSize);
          const z = preserveStatistics(networks.buffers, () => encode(views, ctx));
          return { projections: tf.stack(tf.split(z, views.length).slice(0, 2), 1) as tf.Tensor3D }; // [n, 2, projectionDim]
        },
        loss({ views }: SwavBatch, _: SwavTargets, ctx) {
          const { step, training, collective } = ctx;
          const z = encode(views, ctx); // [crops * n, projectionDim]
          const [scoresOfAll, rows] = [prototypes.apply(z, { training }), z.shape[0] / views.length];
          const scores = tf.split<tf.Tensor2D>(scoresOfAll, views.length); // each [n, numPrototypes]
          const full = queue && (step - queueStartStep) * rows * collective.worldSize >= queueSize;
          const earlier = full ? tf.unstack(queue.variable, 1).map((x) => prototypes.apply(x as tf.Tensor2D, { training })) : [];
          const balance = { epsilon, iterations, collective };
          const codes = [0, 1].map((i) => sinkhorn(scores[i]!, earlier[i] ? { ...balance, queue: earlier[i] } : balance));
          const zStd = embeddingStd(tf.slice(z, [0, 0], [rows, z.shape[1]]), { normalized: true });
          return {
            loss: swavLoss(scores, codes, { temperature }),
            metrics: { prototypeEntropy: prototypeEntropy(scores[0]!, { temperature }), zStd },
          };
        },
        transformGradients(grads, { step }) {
          const frozen = (path: string) => step < freezePrototypesSteps && path.startsWith('prototypes/');
          return Object.fromEntries(Object.entries(grads).map(([path, grad]) => [path, frozen(path) ? null : grad]));
        },
        afterStep({ projections }: SwavTargets, { collective }) {
          prototypes.normalize();
          if (projections) queue?.enqueue(projections, collective);
        },
        dispose() {
          for (const part of [networks, prototypes, queue?.variable]) part?.dispose();
        },
      };
    },
  };
}
