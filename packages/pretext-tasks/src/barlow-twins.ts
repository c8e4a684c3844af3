import type * as tf from '@tensorflow/tfjs-core';
import { type PretextTask, type Targets } from '@selfsup/core';
import { barlowTwinsLoss, embeddingStd, type BarlowTwinsLossOptions } from '@selfsup/losses';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { createProjectionNetworks, type NetworkFactories } from './projection-networks.ts';
import { applyOptions } from './step-stream.ts';

/** Options of {@link barlowTwins}; those of the loss have its defaults. */
export interface BarlowTwinsOptions extends NetworkFactories, Pick<BarlowTwinsLossOptions, 'lambda' | 'scale'> {}

/**
 * Barlow Twins: the dimensions of two views' projections correlate one to one and not with each other.
 *
 * @param options see {@link BarlowTwinsOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `barlowTwinsLoss` of the two projected views over all ranks; the metric
 * `zStd` is the mean deviation per dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError from `loss` `SELFSUP_OPTION` on a bad lambda or scale, `SELFSUP_BATCH` without two views, `SELFSUP_SHAPE` on views of different shapes
 * @see Zbontar et al.: "Barlow Twins", algorithm 1, https://arxiv.org/abs/2103.03230
 * @remarks Each view passes the networks on its own, so batch normalization within them takes its statistics per view and rank (the authors synchronize it over
 * ranks); the loss's own standardization spans the ranks. solo-learn multiplies the loss by 0.025 (on CIFAR 0.1): `scale`.
 * @example
 * ```ts
 * import { convNet, projectionHead } from '@selfsup/encoders';
 * import { barlowTwins } from '@selfsup/pretext-tasks/barlow-twins';
 * const backbone = convNet({ channels: 3 });
 * const head = { inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 512, numLayers: 3, batchNorm: true, biasLast: false };
 * const task = barlowTwins({ backbone, projectionHead: projectionHead(head) });
 * console.log(task.name);
 * ```
 */
export function barlowTwins(options: BarlowTwinsOptions): PretextTask<ViewPairBatch> {
  const { backbone, projectionHead, ...lossOptions } = options;
  return {
    api: 1,
    name: 'barlow-twins',
    create({ rng: root }) {
      const networks = createProjectionNetworks({ backbone, projectionHead }, root);
      return {
        backbone: networks.backbone,
        trainable: networks.trainable,
        buffers: networks.buffers,
        loss({ views }: ViewPairBatch, _: Targets, context) {
          const apply = applyOptions('barlow-twins', context);
          const [a, b] = checkViewPair('barlow-twins', views).map((images, i) => {
            return networks.encode(images, apply(i)); // [n, projectionDim]
          }) as [tf.Tensor2D, tf.Tensor2D];
          return { loss: barlowTwinsLoss(a, b, { ...lossOptions, collective: context.collective }), metrics: { zStd: embeddingStd(a) } };
        },
        dispose: networks.dispose,
      };
    },
  };
}
