import type * as tf from '@tensorflow/tfjs-core';
import { type PretextTask, type Targets } from '@selfsup/core';
import { vicregLoss, embeddingStd, type VicregLossOptions } from '@selfsup/losses';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { createProjectionNetworks, type NetworkFactories } from './projection-networks.ts';
import { applyOptions } from './step-stream.ts';

/** Options of {@link vicreg}; those of the loss have its defaults. */
export interface VicregOptions
  extends NetworkFactories, Pick<VicregLossOptions, 'invarianceWeight' | 'varianceWeight' | 'covarianceWeight' | 'convention'> {}

/**
 * VICReg: two views' projections agree while every dimension keeps its variance and none covaries with another.
 *
 * @param options see {@link VicregOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `vicregLoss` of the two projected views over all ranks; the metric
 * `zStd` is the mean deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `loss` `SELFSUP_OPTION` on a bad weight or convention, `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes
 * @see Bardes, Ponce, LeCun: "VICReg", algorithm 1, https://arxiv.org/abs/2105.04906
 * @remarks Each view passes the networks on its own, so batch normalization takes its statistics per view and rank; variance and covariance span the ranks.
 * Both branches share their weights; the paper's variants with different branches are not here.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { vicreg } from '@selfsup/pretext-tasks/vicreg';
 * const backbone = convNet({ channels: 3 });
 * const head = { inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 512, numLayers: 3, batchNorm: true, biasLast: false };
 * const task = vicreg({ backbone, projectionHead: projectionHead(head) });
 * console.log(task.name);
 * ```
 */
export function vicreg(options: VicregOptions): PretextTask<ViewPairBatch> {
  const { backbone, projectionHead, ...lossOptions } = options;
  return {
    api: 1,
    name: 'vicreg',
    create({ rng: root }) {
      const networks = createProjectionNetworks({ backbone, projectionHead }, root);
      return {
        backbone: networks.backbone,
        trainable: networks.trainable,
        buffers: networks.buffers,
        loss({ views }: ViewPairBatch, _: Targets, context) {
          const apply = applyOptions('vicreg', context);
          const [a, b] = checkViewPair('vicreg', views).map((images, i) => {
            return networks.encode(images, apply(i)); // [n, projectionDim]
          }) as [tf.Tensor2D, tf.Tensor2D];
          return { loss: vicregLoss(a, b, { ...lossOptions, collective: context.collective }), metrics: { zStd: embeddingStd(a) } };
        },
        dispose: networks.dispose,
      };
    },
  };
}
