import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, valueAt, type PretextTask, type Rng } from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { encodeShuffled } from './encode-shuffled.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { checkMocoOptions, type MocoOptions } from './moco-options.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { stepStream, applyOptions } from './step-stream.ts';

export type { MocoOptions } from './moco-options.ts';

/** What {@link moco} trains on: `views`, two float32 tensors `[n, height, width, channels]`: the queries' images and the keys'. */
export type MocoBatch = ViewPairBatch;

/** What {@link moco} computes without a tape: `keys`, unit rows `[n, outputDim]` of the second view, with `symmetric` followed by those of the first. */
export type MocoTargets = Readonly<Record<'keys', tf.Tensor2D>>;

/**
 * MoCo: a query must find the key of its image among the keys of earlier batches, which a slowly moving copy of the encoder computed.
 *
 * @param options see {@link MocoOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`, its buffers under `target/` and in `queue` `[queueSize, outputDim]`, newest
 * keys first. The metrics are `accuracy`, how often a query is nearer to its key than to the whole queue, `zStd`, the mean deviation per dimension of the unit
 * queries (0: collapsed), and `queueAge`, the mean number of steps since a key of the queue was computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `targets` when the head's output has not `outputDim` columns; `SELFSUP_BATCH`
 * without two views, on too few images for the groups or more keys than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see He et al.: "Momentum Contrast for Unsupervised Visual Representation Learning", https://arxiv.org/abs/1911.05722
 * @see Chen et al.: "Improved Baselines with Momentum Contrastive Learning", https://arxiv.org/abs/2003.04297
 * @remarks The loss sees the queue as it was before this batch. The authors move the target at the start of a step; here it moves at the end of the step
 * before, which gives the same keys. The queue shifts instead of having a pointer: nothing is lost where the authors' wraps around. Groups are shuffled
 * within a rank; without batch normalization, or with `norm: 'split-batch'`, use `shuffleGroups: 1`. Of several micro-batches only the last one's keys
 * are enqueued.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { moco } from '@selfsup/pretext-tasks/moco';
 * const backbone = convNet({ channels: 3 });
 * const task = moco({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 128 }), queueSize: 4096 });
 * console.log(task.name);
 * ```
 */
export function moco(options: MocoOptions): PretextTask<MocoBatch, MocoTargets> {
  const { outputDim, temperature, momentum, queueSize, symmetric, convention, shuffleGroups } = checkMocoOptions(options);
  return {
    api: 1,
    name: 'moco',
    create({ rng: root }) {
      const networks = createMomentumNetworks(options, root);
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: root.fold('queue') });
      return {
        backbone: networks.backbone,
        ...joinNetworks({}, networks, queue),
        targets({ views }: MocoBatch, context) {
          const [first, second] = checkViewPair('moco', views);
          const { training, collective } = context;
          const [stream, groups] = [stepStream('moco keys', context), training ? shuffleGroups : 1];
          const encode = (group: tf.Tensor4D, rng: Rng) => l2Normalize(networks.encodeTarget(group, { training, rng }));
          const encoded = (symmetric ? [second, first] : [second]).map((images, i) =>
            encodeShuffled(images, encode, { who: 'moco', groups, rng: stream.fold(i) }),
          );
          const keys = tf.concat(encoded, 0); // [n or 2n, outputDim]
          queue.check('moco', keys, collective);
          return { keys };
        },
        loss({ views }: MocoBatch, targets: MocoTargets, context) {
          const [first, second] = checkViewPair('moco', views);
          const apply = applyOptions('moco', context);
          const queries = (symmetric ? [first, second] : [first]).map((images, i) => l2Normalize(networks.encode(images, apply(i)))); // each [n, outputDim]
          const keys = tf.split<tf.Tensor2D>(targets.keys, queries.length);
          const contrast = { queue: queue.keys, normalized: true };
          const sum = tf.addN<tf.Scalar>(queries.map((query, i) => infoNce(query, keys[i]!, { ...contrast, temperature })));
          return {
            loss: convention === 'mean' ? tf.div<tf.Scalar>(sum, queries.length) : sum,
            metrics: {
              accuracy: keyAccuracy(queries[0]!, keys[0]!, contrast),
              zStd: embeddingStd(queries[0]!, { normalized: true }),
              queueAge: tf.scalar(queue.meanAge(targets.keys.shape[0] * context.collective.worldSize, context.step)),
            },
          };
        },
        afterStep({ keys }: MocoTargets, { step, collective }) {
          networks.update(valueAt(momentum, step + 1)); // the authors' update at the start of the next step
          queue.enqueue(collective.allGather(keys));
        },
      };
    },
  };
}
