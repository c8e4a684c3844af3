import * as tf from '@tensorflow/tfjs-core';
import { cosine, l2Normalize, valueAt, type ModuleFactory, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, infoNce, keyAccuracy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkMomenta, checkPositive } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { project, type NetworkFactories } from './projection-networks.ts';

/** What {@link mocoV3} trains on: `views`, two float32 tensors `[n, height, width, channels]` of one shape, row i of both from image i. */
export type MocoV3Batch = ViewPairBatch;

/** What {@link mocoV3} computes without a tape: `keys` of both views, unit rows `[n, dim]` of the target networks. */
export type MocoV3Targets = Readonly<Record<'keys', readonly tf.Tensor2D[]>>;

/** What {@link mocoV3} says about each image: `queries`, the unit predictions `[n, dim]` of both views. */
export type MocoV3Embeddings = Readonly<Record<'queries', readonly tf.Tensor2D[]>>;

/** Options of {@link mocoV3}. */
export interface MocoV3Options extends NetworkFactories {
  /** Makes the network from a projection to the prediction of the other view's, of the same columns; it has no target. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** The similarities are divided by it; > 0, default 0.2. */
  temperature?: number;
  /** Weight of the old target weights, in [0, 1]; default half a cosine from 0.99 to 1 over the run. A schedule is asked for the step whose keys follow. */
  momentum?: ScalarOrSchedule;
}

/**
 * MoCo v3: a prediction must find the target network's key of the image's other view among those of the whole batch; no queue.
 *
 * @param options see {@link MocoV3Options}
 * @returns the task with the encoders `backbone` and `target`; its variables lie under `backbone/`, `projectionHead/` and `predictionHead/`, its buffers under
 * `target/`. The loss is the sum over both directions of `infoNce` times 2 · temperature, among the keys of the whole update; the metrics are `accuracy`, how
 * often a prediction is nearest to its own key, and `zStd`, the mean deviation per dimension of the unit keys (0: collapsed)
 * @throws SelfsupError `SELFSUP_OPTION` on a bad temperature or momentum; `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes
 * @see Chen, Xie, He: "An Empirical Study of Training Self-Supervised Vision Transformers", algorithm 1, https://arxiv.org/abs/2104.02057
 * @remarks The authors move the target at the start of a step; here it moves at the end of the step before, which gives the same keys. Their code has
 * temperature 1 for ResNets and 0.2 for ViTs.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { mocoV3 } from '@selfsup/pretext-tasks/moco-v3';
 * const backbone = convNet({ channels: 3 });
 * const task = mocoV3({
 *   backbone,
 *   projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 64, batchNorm: true }),
 *   predictionHead: projectionHead({ inputDim: 64, hiddenDim: 256, outputDim: 64, batchNorm: true }),
 * });
 * console.log(task.name);
 * ```
 */
export function mocoV3(options: MocoV3Options): PretextTask<MocoV3Batch, MocoV3Targets, MocoV3Embeddings> {
  const { temperature = 0.2 } = options;
  checkPositive('mocoV3', { temperature });
  checkMomenta('mocoV3', { momentum: options.momentum });
  return {
    api: 1,
    name: 'moco-v3',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.99, final: 1, steps: totalSteps });
      const { online, target, copies, update } = createMomentumNetworks(options, rng);
      const predictionHead = options.predictionHead(rng.fold('predictionHead'));
      return {
        encoders: { backbone: online.backbone, target: target.backbone },
        ...joinNetworks({ ...online, predictionHead, ...copies }),
        targets({ views }, context) {
          const pair = checkViewPair('mocoV3', views);
          return { keys: pair.map((images, i) => l2Normalize(project(target, images, applyOptions(context, `key of view ${i}`)))) };
        },
        embed({ views }, _, context) {
          const queries = checkViewPair('mocoV3', views).map((images, i) => {
            const apply = applyOptions(context, `view ${i}`);
            return l2Normalize(predictionHead.apply(project(online, images, apply), apply)); // [n, dim]
          });
          return { queries };
        },
        loss({ queries }, { keys }) {
          const losses = queries.map((query, i) => infoNce(query, keys[1 - i]!, { temperature, normalized: true }));
          return {
            loss: tf.mul<tf.Scalar>(tf.addN(losses), 2 * temperature),
            metrics: {
              accuracy: keyAccuracy(queries[0]!, keys[1]!, { normalized: true }),
              zStd: embeddingStd(keys[0]!, { normalized: true }),
            },
          };
        },
        afterStep(_, { step }) {
          update(valueAt(momentum, step + 1)); // the authors' update at the start of the next step
        },
      };
    },
  };
}
