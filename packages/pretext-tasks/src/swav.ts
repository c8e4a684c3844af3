import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, type PretextTask, type StepContext } from '@selfsup/core';
import { embeddingStd, prototypeEntropy, sinkhorn, swavLoss } from '@selfsup/losses';
import { checkCrops } from './check-crops.ts';
import { encodeCrops } from './encode-crops.ts';
import { freezeGradients } from './freeze-gradients.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { preserveStatistics } from './preserve-statistics.ts';
import { createPrototypes } from './prototype-network.ts';
import { createProjectionNetworks } from './projection-networks.ts';
import { applyOptions } from './step-stream.ts';
import { checkSwavOptions, type SwavOptions } from './swav-options.ts';

/**
 * What {@link swav} trains on: `views`, two or more float32 tensors `[n, height, width, channels]`, row i of each from image i. The first two, the large crops,
 * get codes; the others may have other heights and widths.
 */
export type SwavBatch = Readonly<Record<'views', readonly tf.Tensor4D[]>>;

/** What {@link swav} computes without a tape: with a queue `projections`, unit rows `[n, 2 · projectionDim]`, those of the first two crops side by side; otherwise nothing. */
export type SwavTargets = Readonly<Record<string, tf.Tensor2D>>;

export type { SwavOptions } from './swav-options.ts';

/**
 * SwAV: crops of one image must predict each other's assignment to prototypes, which are used equally often.
 *
 * @param options see {@link SwavOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `prototypes/`, its buffer, with a queue, is `queue`
 * `[queueSize, 2 · projectionDim]`, newest first. The loss is `swavLoss` with the codes of `sinkhorn` over all ranks and the queue as it was; the metrics are
 * `prototypeEntropy`, how evenly the first crops' predictions use the prototypes (0: one takes all), and `zStd`, the mean deviation per dimension of their
 * unit projections (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, from `create` when the prototypes have no `kernel`, later when they are for projections of
 * other columns; `SELFSUP_BATCH` without two crops or with more of them than the queue holds, `SELFSUP_SHAPE` on crops that do not fit
 * @see Caron et al.: "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", https://arxiv.org/abs/2006.09882
 * @remarks As in the authors' code, crops of one size pass the backbone as one batch and all pass the head as one, with common batch statistics; lightly and
 * solo-learn pass each crop on its own. The prototypes get unit length after each update, which is the authors' normalization before the next one. With a queue
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
  const { temperature, epsilon, iterations, queueSize, queueStartStep, freezePrototypesSteps } = checkSwavOptions(options);
  return {
    api: 1,
    name: 'swav',
    create({ rng: root }) {
      const prototypes = createPrototypes('swav', options.prototypes, root.fold('prototypes'));
      const networks = createProjectionNetworks(options, root);
      const queue = queueSize > 0 ? createKeyQueue({ size: queueSize, dim: 2 * prototypes.projectionDim }) : undefined; // both crops of an image in a row
      const encode = (views: readonly tf.Tensor4D[], context: StepContext) =>
        prototypes.check('swav', l2Normalize(encodeCrops(networks, checkCrops('swav', views), applyOptions('swav', context)('crops'))));
      return {
        backbone: networks.backbone,
        ...joinNetworks({ prototypes }, networks, ...(queue ? [queue] : [])),
        // The codes come from the scores of the loss itself. Only what is enqueued must leave the step, and the loss can hand nothing on: hence a second pass.
        targets({ views }: SwavBatch, ctx) {
          if (!queue || !ctx.training || ctx.step < queueStartStep) return {};
          const z = preserveStatistics(networks.buffers, () => encode(views, ctx));
          const projections = tf.concat(tf.split<tf.Tensor2D>(z, views.length).slice(0, 2), 1); // [n, 2 · projectionDim]
          queue.check('swav', projections, ctx.collective);
          return { projections };
        },
        loss({ views }: SwavBatch, _: SwavTargets, ctx) {
          const { step, training, collective } = ctx;
          const z = encode(views, ctx); // [crops * n, projectionDim]
          const rows = z.shape[0] / views.length;
          const scores = tf.split<tf.Tensor2D>(prototypes.apply(z, { training }), views.length); // each [n, numPrototypes]
          const full = queue && (step - queueStartStep) * rows * collective.worldSize >= queueSize;
          const earlier = full ? tf.split<tf.Tensor2D>(queue.keys, 2, 1).map((x) => prototypes.apply(x, { training })) : [];
          const balance = { epsilon, iterations, collective };
          const codes = [0, 1].map((i) => sinkhorn(scores[i]!, earlier[i] ? { ...balance, queue: earlier[i] } : balance));
          const zStd = embeddingStd(tf.slice(z, [0, 0], [rows, z.shape[1]]), { normalized: true });
          const metrics = { prototypeEntropy: prototypeEntropy(scores[0]!, { temperature }), zStd };
          return { loss: swavLoss(scores, codes, { temperature }), metrics };
        },
        transformGradients: freezeGradients('prototypes/', freezePrototypesSteps),
        afterStep({ projections }: SwavTargets, { collective }) {
          prototypes.normalize();
          if (projections) queue?.enqueue(collective.allGather(projections));
        },
      };
    },
  };
}
