import * as tf from '@tensorflow/tfjs-core';
import { drawNormal, l2Normalize, SelfsupError, valueAt, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { encodeShuffled } from './encode-shuffled.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import type { NetworkFactories } from './projection-networks.ts';

/** What {@link moco} trains on: `views`, two float32 tensors `[n, height, width, channels]`: the queries' images and the keys'. */
export type MocoBatch = ViewPairBatch;

/** What {@link moco} computes without a tape: `keys`, unit rows `[n, outputDim]` of the second view, with `symmetric` followed by those of the first. */
export type MocoTargets = Readonly<Record<'keys', tf.Tensor2D>>;

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

/** Mean over the queue of the steps since a key was enqueued, where each step brought `rows` keys; noise of the start counts as old as the run. */
function meanQueueAge(queueSize: number, rows: number, step: number): number {
  let sum = 0;
  for (let row = 0; row < queueSize; row += rows) sum += Math.min(rows, queueSize - row) * Math.min(row / rows + 1, step);
  return sum / queueSize;
}

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
 * within a rank; without batch normalisation, or with `norm: 'split-batch'`, use `shuffleGroups: 1`. Of several micro-batches only the last one's keys
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
  const { outputDim = 128, preset = 'v2', momentum = 0.999, queueSize = 65536, symmetric = false } = options;
  const { convention = 'sum-of-views', shuffleGroups = 8, temperature = preset === 'v1' ? 0.07 : 0.2 } = options;
  const refuse = (name: string, expected: string, got: unknown) =>
    new SelfsupError('SELFSUP_OPTION', `moco: \`${name}\` must be ${expected}, got ${String(got)}`);
  for (const [name, value] of Object.entries({ outputDim, queueSize, shuffleGroups }))
    if (!Number.isInteger(value) || value < 1) throw refuse(name, 'an integer >= 1', value);
  if (!['v1', 'v2'].includes(preset)) throw refuse('preset', "'v1' or 'v2'", preset);
  if (!['mean', 'sum-of-views'].includes(convention)) throw refuse('convention', "'mean' or 'sum-of-views'", convention);
  if (!(temperature > 0)) throw refuse('temperature', '> 0', temperature);
  if (typeof momentum === 'number' && !(momentum >= 0 && momentum <= 1)) throw refuse('momentum', 'in [0, 1]', momentum);
  return {
    api: 1,
    name: 'moco',
    create({ rng: root }) {
      const networks = createMomentumNetworks(options, root);
      const noise = drawNormal(root.fold('queue'), queueSize * outputDim);
      const queue = tf.tidy(() => tf.variable(l2Normalize(tf.tensor2d(noise, [queueSize, outputDim])), false));
      return {
        backbone: networks.backbone,
        trainable: networks.trainable,
        buffers: { ...networks.buffers, queue },
        targets({ views }: MocoBatch, { rng, step, training, collective }) {
          const [first, second] = checkViewPair('moco', views);
          const rows = first.shape[0] * (symmetric ? 2 : 1) * collective.worldSize;
          if (rows > queueSize)
            throw new SelfsupError('SELFSUP_BATCH', `moco: the ${rows} keys of a step must fit into \`queueSize\` ${queueSize}`);
          const stream = rng.fold('moco keys').fold(step).fold(collective.rank);
          const keys = (symmetric ? [second, first] : [second]).map((images, i) =>
            encodeShuffled(images, (group, groupRng) => l2Normalize(networks.encodeTarget(group, { training, rng: groupRng })), {
              who: 'moco',
              groups: training ? shuffleGroups : 1,
              rng: stream.fold(i),
            }),
          );
          if (keys[0]!.shape[1] !== outputDim) throw refuse('outputDim', `${keys[0]!.shape[1]}, the head's columns`, outputDim);
          return { keys: tf.concat(keys, 0) }; // [n or 2n, outputDim]
        },
        loss({ views }: MocoBatch, targets: MocoTargets, { rng, step, training, collective }) {
          const [first, second] = checkViewPair('moco', views);
          const stream = rng.fold('moco').fold(step).fold(collective.rank);
          const queries = (symmetric ? [first, second] : [first]).map((images, i) =>
            l2Normalize(networks.encode(images, { training, rng: stream.fold(i) })),
          ); // each [n, outputDim]
          const keys = tf.split<tf.Tensor2D>(targets.keys, queries.length);
          const contrast = { queue, normalized: true };
          const sum = tf.addN<tf.Scalar>(queries.map((query, i) => infoNce(query, keys[i]!, { ...contrast, temperature })));
          return {
            loss: convention === 'mean' ? tf.div<tf.Scalar>(sum, queries.length) : sum,
            metrics: {
              accuracy: keyAccuracy(queries[0]!, keys[0]!, contrast),
              zStd: embeddingStd(queries[0]!, { normalized: true }),
              queueAge: tf.scalar(meanQueueAge(queueSize, targets.keys.shape[0] * collective.worldSize, step)),
            },
          };
        },
        afterStep({ keys }: MocoTargets, { step, collective }) {
          networks.update(valueAt(momentum, step + 1)); // the authors' update at the start of the next step
          const fresh = collective.allGather(keys);
          queue.assign(tf.concat([fresh, tf.slice(queue, 0, queueSize - fresh.shape[0])], 0));
        },
        dispose() {
          networks.dispose();
          queue.dispose();
        },
      };
    },
  };
}
