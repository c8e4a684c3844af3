import type * as tf from '@tensorflow/tfjs-core';
import { stopGradient, type ModuleFactory, type PretextTask, type Targets } from '@selfsup/core';
import { embeddingStd, negativeCosineSimilarity } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createProjectionNetworks, project, type NetworkFactories, type PredictedViews } from './projection-networks.ts';

/** Options of {@link simSiam}. */
export interface SimSiamOptions extends NetworkFactories {
  /** Makes the predictor of one view's projection from the other's: from and to `[n, projectionDim]`, with a narrower hidden layer. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Whether what is predicted counts as constant; default true. False is the paper's ablation: the projections collapse to one point. */
  stopGradient?: boolean;
}

/**
 * SimSiam: a predictor finds one view's projection from the other's, which counts as constant.
 *
 * @param options see {@link SimSiamOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `predictionHead/`. The loss is `negativeCosineSimilarity` in both directions,
 * in [−1, 1]; the metric `zStd` is the mean deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes
 * @see Chen, He: "Exploring Simple Siamese Representation Learning", algorithm 1, https://arxiv.org/abs/2011.10566
 * @remarks The authors keep the learning rate of `predictionHead/` constant while the others' decays. Each view passes the networks on its own, so batch
 * normalization takes its statistics per view, micro-batch and rank; the authors synchronize it over ranks.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { simSiam } from '@selfsup/pretext-tasks/sim-siam';
 * const backbone = convNet({ channels: 3 });
 * const sizes = { inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 256 };
 * const task = simSiam({
 *   backbone,
 *   projectionHead: projectionHead({ ...sizes, numLayers: 3, batchNorm: true, batchNormLast: 'affine-free' }),
 *   predictionHead: projectionHead({ inputDim: 256, hiddenDim: 64, outputDim: 256, batchNorm: true }),
 * });
 * console.log(task.name);
 * ```
 */
export function simSiam(options: SimSiamOptions): PretextTask<ViewPairBatch, Targets, PredictedViews> {
  const { stopGradient: stop = true } = options;
  return {
    api: 1,
    name: 'sim-siam',
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      const predictionHead = options.predictionHead(rng.fold('predictionHead'));
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks({ ...networks, predictionHead }),
        embed({ views }, _, context) {
          const apply = [0, 1].map((i) => applyOptions(context, `view ${i}`));
          const projections = checkViewPair('sim-siam', views).map((images, i) => project(networks, images, apply[i]!)); // each [n, projectionDim]
          return { projections, predictions: projections.map((projection, i) => predictionHead.apply(projection, apply[i]!)) };
        },
        loss({ projections, predictions }) {
          const [first, second] = projections.map((projection) => (stop ? stopGradient(projection) : projection));
          return {
            loss: negativeCosineSimilarity(predictions, [second!, first!]), // each view predicts the other
            metrics: { zStd: embeddingStd(first!) },
          };
        },
      };
    },
  };
}
