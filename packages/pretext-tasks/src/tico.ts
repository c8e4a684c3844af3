import { cosine, valueAt, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, ticoCovariance, ticoLoss, type TicoLossOptions } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { applyOptions } from './apply-options.ts';
import { checkCounts, checkMomenta } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { project, type NetworkFactories, type ProjectedViews } from './projection-networks.ts';

/** Options of {@link tico}; those of the loss have its defaults. */
export interface TicoOptions extends NetworkFactories, Pick<TicoLossOptions, 'covarianceWeight' | 'convention'> {
  /** Columns of the projection head. */
  outputDim: number;
  /** The weight of the target network's old weights, in [0, 1], or a schedule over updates done; default a cosine from 0.99 to 1 over the whole run. */
  momentum?: ScalarOrSchedule;
  /** The weight of the old average of second moments, in [0, 1]; default 0.9. */
  covarianceMomentum?: number;
}

/** What {@link tico} computes before the loss: the target network's projections `[n, outputDim]` of both views. */
export type TicoTargets = Readonly<Record<'targetProjections', readonly tf.Tensor2D[]>>;

/**
 * TiCo: a view's embedding comes close to what a slowly moving copy makes of the other view, and directions that embeddings have taken lately are made expensive.
 *
 * @param options see {@link TicoOptions}
 * @returns the task with the encoders `backbone` and `target`; trainable variables lie under `backbone/` and `projectionHead/`, the target network's among the buffers
 * under `target/`, beside `covariance` `[outputDim, outputDim]`. The loss is the mean of `ticoLoss` in both directions; the metric `zStd` is the mean deviation per
 * dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `targets` and `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different
 * shapes or a head of other columns than `outputDim`
 * @see Zhu et al.: "TiCo", algorithm 1, https://arxiv.org/abs/2206.10698
 * @remarks Both directions see the average of the steps before; it moves after the update, by both views together, where the paper moves it for each in turn.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { tico } from '@selfsup/pretext-tasks/tico';
 * const backbone = convNet({ channels: 3 });
 * const outputDim = 64;
 * const task = tico({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 256, outputDim, batchNorm: true }), outputDim });
 * console.log(task.name);
 * ```
 */
export function tico(
  options: TicoOptions,
): PretextTask<ViewPairBatch, TicoTargets, ProjectedViews, Readonly<Record<'moments', tf.Tensor2D>>> {
  const { outputDim, covarianceMomentum = 0.9, covarianceWeight = 8, convention = 'paper' } = options;
  checkCounts('tico', { outputDim });
  checkMomenta('tico', { momentum: options.momentum, covarianceMomentum });
  return {
    api: 1,
    name: 'tico',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? cosine({ initial: 0.99, final: 1, steps: totalSteps });
      const { online, target, copies, update } = createMomentumNetworks(options, rng);
      const covariance = tf.tidy(() => tf.variable<tf.Rank.R2>(tf.zeros([outputDim, outputDim]), false));
      return {
        encoders: { backbone: online.backbone, target: target.backbone },
        ...joinNetworks({ ...online, ...copies }, { covariance }),
        targets({ views }, context) {
          const pair = checkViewPair('tico', views);
          return { targetProjections: pair.map((images, i) => project(target, images, applyOptions(context, `target of view ${i}`))) };
        },
        embed({ views }, _, context) {
          const pair = checkViewPair('tico', views);
          return { projections: pair.map((images, i) => project(online, images, applyOptions(context, `view ${i}`))) };
        },
        loss({ projections }, { targetProjections }) {
          const [first, second] = [projections[0]!, projections[1]!];
          const lossOptions = { covariance, momentum: covarianceMomentum, covarianceWeight, convention };
          const directions = [ticoLoss(first, targetProjections[1]!, lossOptions), ticoLoss(second, targetProjections[0]!, lossOptions)];
          return {
            loss: tf.mul<tf.Scalar>(tf.addN(directions), 0.5),
            metrics: { zStd: embeddingStd(first) },
            keep: { moments: tf.mul<tf.Tensor2D>(tf.add(ticoCovariance(first, lossOptions), ticoCovariance(second, lossOptions)), 0.5) },
          };
        },
        afterStep({ kept: { moments } }, { step }) {
          covariance.assign(moments);
          update(valueAt(momentum, step));
        },
      };
    },
  };
}
