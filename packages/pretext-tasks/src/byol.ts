import type * as tf from '@tensorflow/tfjs-core';
import { cosine, valueAt, type ModuleFactory, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, negativeCosineSimilarity } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkMomenta } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { project, type NetworkFactories, type PredictedViews } from './projection-networks.ts';

/** Options of {@link byol}. */
export interface ByolOptions extends NetworkFactories {
  /** Makes the online network's last part, which the target network does not have: from and to `[n, projectionDim]`. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** The weight of the target network's old weights, in [0, 1], or a schedule over updates done; default a cosine from 0.996 to 1 over the whole run. */
  momentum?: ScalarOrSchedule;
  /** `'byol'` (default): the sum over both directions of 2 − 2·cos. `'mean'`: the mean of −cos, as in lightly, with a quarter of the gradient. */
  convention?: 'byol' | 'mean';
}

/** What {@link byol} computes before the loss: the target network's projections `[n, projectionDim]` of both views. */
export type ByolTargets = Readonly<Record<'targetProjections', readonly tf.Tensor2D[]>>;

/**
 * BYOL: the online network predicts, from one view, what its slowly moving copy makes of the other.
 *
 * @param options see {@link ByolOptions}
 * @returns the task with the encoders `backbone` and `target`; trainable variables lie under `backbone/`, `projectionHead/` and `predictionHead/`, the target
 * network's among the buffers under `target/backbone/` and `target/projectionHead/`. The loss is `negativeCosineSimilarity` in both directions; the metric
 * `zStd` is the mean deviation per dimension of the unit online projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on a constant momentum outside [0, 1]; from `targets` and `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on
 * views of different shapes
 * @see Grill et al.: "Bootstrap Your Own Latent", eq. 1 to 3 and appendix A, https://arxiv.org/abs/2006.07733
 * @remarks The target network starts as a copy and moves after each update, as in the authors' code; lightly moves it before the forward pass. Its weights are
 * averaged, its normalization statistics are its own. Momentum at update k of K: 1 − (1 − 0.996)·(cos(πk/K) + 1)/2.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { byol } from '@selfsup/pretext-tasks/byol';
 * const backbone = convNet({ channels: 3 });
 * const task = byol({
 *   backbone,
 *   projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 64, batchNorm: true }),
 *   predictionHead: projectionHead({ inputDim: 64, hiddenDim: 256, outputDim: 64, batchNorm: true }),
 * });
 * console.log(task.name);
 * ```
 */
export function byol(options: ByolOptions): PretextTask<ViewPairBatch, ByolTargets, PredictedViews> {
  const { convention = 'byol' } = options;
  checkMomenta('byol', { momentum: options.momentum });
  return {
    api: 1,
    name: 'byol',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.996, final: 1, steps: totalSteps });
      const { online, target, copies, update } = createMomentumNetworks(options, rng);
      const predictionHead = options.predictionHead(rng.fold('predictionHead'));
      return {
        encoders: { backbone: online.backbone, target: target.backbone },
        ...joinNetworks({ ...online, predictionHead, ...copies }),
        targets({ views }, context) {
          const pair = checkViewPair('byol', views);
          return { targetProjections: pair.map((images, i) => project(target, images, applyOptions(context, `target of view ${i}`))) };
        },
        embed({ views }, _, context) {
          const apply = [0, 1].map((i) => applyOptions(context, `view ${i}`));
          const projections = checkViewPair('byol', views).map((images, i) => project(online, images, apply[i]!)); // each [n, projectionDim]
          return { projections, predictions: projections.map((projection, i) => predictionHead.apply(projection, apply[i]!)) };
        },
        loss({ projections, predictions }, { targetProjections }) {
          const [first, second] = [targetProjections[0]!, targetProjections[1]!];
          return {
            loss: negativeCosineSimilarity(predictions, [second, first], { convention }), // each view predicts the other
            metrics: { zStd: embeddingStd(projections[0]!) },
          };
        },
        afterStep(_, { step }) {
          update(valueAt(momentum, step));
        },
      };
    },
  };
}
