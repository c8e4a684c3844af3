import { stopGradient, type ModuleFactory, type PretextTask, type Targets } from '@selfsup/core';
import { embeddingStd, negativeCosineSimilarity } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { applyOptions } from './apply-options.ts';
import { checkViews } from './check-views.ts';
import { joinNetworks } from './join-networks.ts';
import { createProjectionNetworks, project, type NetworkFactories, type PredictedViews } from './projection-networks.ts';
import type { ManyViewsBatch } from './views-networks.ts';

/** Options of {@link fastSiam}. */
export interface FastSiamOptions extends NetworkFactories {
  /** Makes the predictor, from and to `[n, projectionDim]`, with a narrower hidden layer. */
  predictionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
}

/**
 * FastSiam: SimSiam with several views; from each a predictor finds the mean projection of the others, which is a steadier target.
 *
 * @param options see {@link FastSiamOptions}
 * @returns the task; its variables lie under `backbone/`, `projectionHead/` and `predictionHead/`. The loss is the mean of `negativeCosineSimilarity` over the views, in
 * [−1, 1]; the metric `zStd` is the mean deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `embed` `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes
 * @see Pototzky et al.: "FastSiam: Resource-Efficient Self-supervised Learning on a Single GPU", section 3, https://link.springer.com/chapter/10.1007/978-3-031-16788-1_4
 * @remarks Every view predicts and is a target, as in lightly; targets are means of projections that are not normalized. With two views it is SimSiam. The paper has
 * three views in the target, and batches of 32.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { fastSiam } from '@selfsup/pretext-tasks/fast-siam';
 * const backbone = convNet({ channels: 3 });
 * const sizes = { inputDim: backbone.outputDim, hiddenDim: 256, outputDim: 256 };
 * const task = fastSiam({
 *   backbone,
 *   projectionHead: projectionHead({ ...sizes, numLayers: 3, batchNorm: true, batchNormLast: 'affine-free' }),
 *   predictionHead: projectionHead({ inputDim: 256, hiddenDim: 64, outputDim: 256, batchNorm: true }),
 * });
 * console.log(task.name);
 * ```
 */
export function fastSiam(options: FastSiamOptions): PretextTask<ManyViewsBatch, Targets, PredictedViews> {
  return {
    api: 1,
    name: 'fast-siam',
    create({ rng }) {
      const networks = createProjectionNetworks(options, rng);
      const predictionHead = options.predictionHead(rng.fold('predictionHead'));
      return {
        encoders: { backbone: networks.backbone },
        ...joinNetworks({ ...networks, predictionHead }),
        embed({ views }, _, context) {
          const checked = checkViews('fast-siam', views);
          const apply = checked.map((__, i) => applyOptions(context, `view ${i}`));
          const projections = checked.map((images, i) => project(networks, images, apply[i]!)); // each [n, projectionDim]
          return { projections, predictions: projections.map((projection, i) => predictionHead.apply(projection, apply[i]!)) };
        },
        loss({ projections, predictions }) {
          const sum = tf.addN([...projections]);
          const targets = projections.map((own) => stopGradient(tf.div<tf.Tensor2D>(tf.sub(sum, own), projections.length - 1)));
          return { loss: negativeCosineSimilarity(predictions, targets), metrics: { zStd: embeddingStd(projections[0]!) } };
        },
      };
    },
  };
}
