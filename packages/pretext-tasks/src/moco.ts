import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, valueAt, type ApplyOptions, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkChoice, checkCounts, checkMomenta, checkPositive, optionError } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { encodeShuffled } from './encode-shuffled.ts';
import { joinNetworks } from './join-networks.ts';
import { createKeyQueue } from './key-queue.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { project, type NetworkFactories } from './projection-networks.ts';

/** What {@link moco} trains on: `views`, two float32 tensors `[n, height, width, channels]`: the queries' images and the keys'. */
export type MocoBatch = ViewPairBatch;

/** What {@link moco} computes without a tape: `keys`, unit rows `[n, outputDim]` of the second view, with `symmetric` also those of the first. */
export type MocoTargets = Readonly<Record<'keys', readonly tf.Tensor2D[]>>;

/** What {@link moco} says about each image: `queries`, unit rows `[n, outputDim]` of the first view, with `symmetric` also those of the second. */
export type MocoEmbeddings = Readonly<Record<'queries', readonly tf.Tensor2D[]>>;

/** Options of {@link moco}. */
export interface MocoOptions extends NetworkFactories {
  /** Columns of the projection head's output; default 128. */
  outputDim?: number;
  /** `'v1'`: temperature 0.07. `'v2'` (default): 0.2. They differ otherwise in the head, linear or an MLP, and in the augmentation. */
  preset?: 'v1' | 'v2';
  /** The similarities are divided by it; > 0, default that of the preset. */
  temperature?: number;
  /** Weight of the old target weights, in [0, 1]; default 0.999. A schedule is asked for the step whose keys the new weights will compute. */
  momentum?: ScalarOrSchedule;
  /** Keys in the queue, ≥ 1; default 65,536. Need not be a multiple of the batch. */
  queueSize?: number;
  /** Whether each view is also the other's query; default false. The keys of both are enqueued together, after both losses. */
  symmetric?: boolean;
  /** With `symmetric`: `'sum-of-views'` (default) of the two losses as in the authors' code, or their `'mean'` as in lightly and solo-learn. */
  convention?: 'mean' | 'sum-of-views';
  /** Random groups in which keys are encoded, each with batch statistics of its own; default 8, the paper's devices. 1: no shuffling. */
  shuffleGroups?: number;
}

/**
 * MoCo: a query must find the key of its image among the keys of earlier batches, which a slowly moving copy of the networks computed.
 *
 * @param options see {@link MocoOptions}
 * @returns the task with the encoders `backbone` and `target`; its variables lie under `backbone/` and `projectionHead/`, its buffers under `target/` and in
 * `queue` `[queueSize, outputDim]`, newest keys first. The metrics are `accuracy`, how often a query is nearer to its key than to the whole queue, `zStd`, the
 * mean deviation per dimension of the unit queries (0: collapsed), and `queueAge`, the mean number of steps since a key of the queue was computed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, and from `targets` when the head's output does not have `outputDim` columns; `SELFSUP_BATCH`
 * without two views, on too few images for the groups or more keys than the queue holds; `SELFSUP_SHAPE` on views of different shapes
 * @see He et al.: "Momentum Contrast for Unsupervised Visual Representation Learning", https://arxiv.org/abs/1911.05722
 * @see Chen et al.: "Improved Baselines with Momentum Contrastive Learning", https://arxiv.org/abs/2003.04297
 * @remarks The loss sees the queue as it was before this batch. The authors move the target at the start of a step; here it moves at the end of the step
 * before, which gives the same keys. The queue shifts instead of having a pointer: nothing is lost where the authors' wraps around. Groups are shuffled
 * within a micro-batch of a rank, and keep their statistics to themselves where others are synchronized over ranks; without batch normalization, or with `norm: 'split-batch'`, use `shuffleGroups: 1`. The keys of all micro-batches and ranks are
 * enqueued.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { moco } from '@selfsup/pretext-tasks/moco';
 * const backbone = convNet({ channels: 3 });
 * const task = moco({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 128 }), queueSize: 4096 });
 * console.log(task.name);
 * ```
 */
export function moco(options: MocoOptions): PretextTask<MocoBatch, MocoTargets, MocoEmbeddings> {
  const { outputDim = 128, preset = 'v2', temperature = preset === 'v1' ? 0.07 : 0.2, momentum = 0.999 } = options;
  const { queueSize = 65536, symmetric = false, convention = 'sum-of-views', shuffleGroups = 8 } = options;
  checkCounts('moco', { outputDim, queueSize, shuffleGroups });
  checkChoice('moco', { preset }, ['v1', 'v2']);
  checkChoice('moco', { convention }, ['mean', 'sum-of-views']);
  checkPositive('moco', { temperature });
  checkMomenta('moco', { momentum });
  return {
    api: 1,
    name: 'moco',
    create({ rng }) {
      const { online, target, copies, update } = createMomentumNetworks(options, rng);
      const queue = createKeyQueue({ size: queueSize, dim: outputDim, rng: rng.fold('queue') });
      return {
        encoders: { backbone: online.backbone, target: target.backbone },
        ...joinNetworks({ ...online, ...copies }, { queue: queue.keys }),
        targets({ views }, context) {
          const [first, second] = checkViewPair('moco', views);
          const groups = context.training ? shuffleGroups : 1;
          const keys = (symmetric ? [second, first] : [second]).map((images, i) => {
            const encode = (group: tf.Tensor4D, apply: ApplyOptions) => [l2Normalize(project(target, group, apply))] as const;
            return encodeShuffled(images, encode, { who: 'moco', groups, apply: applyOptions(context, `keys of query ${i}`) })[0];
          }); // each [n, outputDim]
          const columns = keys[0]!.shape[1];
          if (columns !== outputDim)
            throw optionError('moco', { name: 'outputDim', expected: `${columns}, the head's columns`, got: outputDim });
          return { keys };
        },
        embed({ views }, _, context) {
          const [first, second] = checkViewPair('moco', views);
          const queries = (symmetric ? [first, second] : [first]).map((images, i) =>
            l2Normalize(project(online, images, applyOptions(context, `query ${i}`))),
          ); // each [n, outputDim]
          return { queries };
        },
        loss({ queries }, { keys }, { step, training }) {
          const rows = keys.length * keys[0]!.shape[0];
          if (training) queue.check('moco', rows);
          const contrast = { queue: queue.keys, normalized: true };
          const sum = tf.addN<tf.Scalar>(queries.map((query, i) => infoNce(query, keys[i]!, { ...contrast, temperature })));
          return {
            loss: convention === 'mean' ? tf.div<tf.Scalar>(sum, queries.length) : sum,
            metrics: {
              accuracy: keyAccuracy(queries[0]!, keys[0]!, contrast),
              zStd: embeddingStd(queries[0]!, { normalized: true }),
              queueAge: tf.scalar(queue.meanAge(rows, step)),
            },
          };
        },
        afterStep({ targets: { keys } }, { step }) {
          update(valueAt(momentum, step + 1)); // the authors' update at the start of the next step
          queue.enqueue(tf.concat([...keys], 0));
        },
      };
    },
  };
}
