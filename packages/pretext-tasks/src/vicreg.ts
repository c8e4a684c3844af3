import type * as tf from '@tensorflow/tfjs-core';
import { joinVariables, type ModuleFactory, type PretextTask, type Targets } from '@selfsup/core';
import { vicregLoss, embeddingStd, type VicregLossOptions } from '@selfsup/losses';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';

/** Options of {@link vicreg}; those of the loss have its defaults. */
export interface VicregOptions extends Pick<VicregLossOptions, 'invarianceWeight' | 'varianceWeight' | 'covarianceWeight' | 'convention'> {
  /** Makes the encoder that is kept: images to `[n, dim]`. */
  backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D>;
  /** Makes the network between the encoder and the loss, wider than the encoder's output and thrown away afterwards. */
  projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
}

/**
 * VICReg: two views' projections agree while every dimension keeps its variance and none covaries with another.
 *
 * @param options see {@link VicregOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `vicregLoss` of the two projected views over all ranks; the metric
 * `zStd` is the mean deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `loss` `SELFSUP_OPTION` on a bad weight or convention, `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes
 * @see Bardes, Ponce, LeCun: "VICReg", algorithm 1, https://arxiv.org/abs/2105.04906
 * @remarks Each view passes the networks on its own, so batch normalisation takes its statistics per view and rank; variance and covariance span the ranks.
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
  const { backbone: makeBackbone, projectionHead: makeProjectionHead, ...lossOptions } = options;
  return {
    api: 1,
    name: 'vicreg',
    create({ rng: root }) {
      const backbone = makeBackbone(root.fold('backbone'));
      const projectionHead = makeProjectionHead(root.fold('projectionHead'));
      return {
        backbone,
        trainable: joinVariables({ backbone: backbone.trainable, projectionHead: projectionHead.trainable }),
        buffers: joinVariables({ backbone: backbone.buffers, projectionHead: projectionHead.buffers }),
        loss({ views }: ViewPairBatch, _: Targets, { rng, step, training, collective }) {
          const stream = rng.fold('vicreg').fold(step).fold(collective.rank);
          const [a, b] = checkViewPair('vicreg', views).map((images, i) => {
            const apply = { training, rng: stream.fold(i) };
            return projectionHead.apply(backbone.apply(images, apply), apply); // [n, projectionDim]
          }) as [tf.Tensor2D, tf.Tensor2D];
          return { loss: vicregLoss(a, b, { ...lossOptions, collective }), metrics: { zStd: embeddingStd(a) } };
        },
        dispose() {
          backbone.dispose();
          projectionHead.dispose();
        },
      };
    },
  };
}
