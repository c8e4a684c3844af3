import * as tf from '@tensorflow/tfjs-core';
import {
  createMomentumPair,
  linearWarmup,
  valueAt,
  type ModuleFactory,
  type PretextTask,
  type Rng,
  type ScalarOrSchedule,
} from '@selfsup/core';
import { embeddingStd, smoothL1Loss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { asBuffers } from './as-buffers.ts';
import { averageBlocks } from './average-blocks.ts';
import { checkChoice, checkCounts, checkMomenta, checkPositive } from './check-options.ts';
import { joinNetworks } from './join-networks.ts';
import { checkImages, drawMasks, type PatchMasking } from './patch-masking.ts';
import { patchStates, type PatchBlockEncoder } from './patch-networks.ts';

/** What {@link data2vec} trains on: `images` float32 `[n, height, width, channels]`, one view each, already normalized. */
export type Data2vecBatch = Readonly<Record<'images', tf.Tensor4D>>;

/** What {@link data2vec} compares: `mask` float32 `[n, length]`, and `states` float32 `[n · length, width]`, what is predicted. */
export type Data2vecTargets = Readonly<Record<'mask' | 'states', tf.Tensor2D>>;

/** Options of {@link data2vec} and `data2vecText` alike. */
export interface Data2vecTargetOptions {
  /** Over so many of the teacher's last blocks the states are averaged, ≥ 1; in the paper 6 of 12 for images, 10 for text. */
  topBlocks: number;
  /** What is averaged: what whole blocks say, or their two linear layers alone, before that is added to what went in. */
  part?: 'block' | 'feed-forward';
  /** Where the smooth L1 loss turns from a parabola into a line, > 0; in the paper 2 for images, 4 for text. */
  beta?: number;
  /** The weight of the teacher's old weights, in [0, 1], or a schedule over updates done. */
  momentum?: ScalarOrSchedule;
}

/** Options of {@link data2vec}. */
export interface Data2vecOptions extends Data2vecTargetOptions {
  /** Makes the backbone, which is kept; it has a mask token and shows its blocks. */
  backbone: (rng: Rng) => PatchBlockEncoder;
  /** Makes the head from a patch's state to what is predicted, from and to `[rows, width]`: one linear layer. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Draws the masks; `maskPatches` of @selfsup/augment with `kind: 'block'`. The paper masks 0.6. */
  masking: PatchMasking;
}

/**
 * data2vec on images: from an image whose patches are masked in part the backbone predicts what its slowly moving copy, the teacher, makes of the whole image:
 * the mean of the states of its last blocks.
 *
 * @param options see {@link Data2vecOptions}
 * @returns the task with the encoders `backbone` and `teacher`; trainable variables lie under `backbone/` and `head/`, the teacher's among the buffers under
 * `teacher/`. The metric `targetStd` is the mean deviation per dimension of the unit targets: about 1/√width when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `targets` and `loss` `SELFSUP_BATCH` without `images`, `SELFSUP_SHAPE` and
 * `SELFSUP_DTYPE` when they do not fit, `SELFSUP_OPTION` when the masking is for another number of patches, or the backbone has no mask token or fewer blocks
 * @see Baevski et al.: "data2vec: A General Framework for Self-supervised Learning in Speech, Vision and Language", https://arxiv.org/abs/2202.03555
 * @remarks The states of each block are normalized over their columns, without scale and offset, epsilon 1e-5, then averaged: eq. 1. By default `part` is
 * `'block'`, β 2, and the momentum rises in a line from 0.999 to 0.9999 over the whole run. The teacher runs as at inference, without dropout, and is a copy of
 * the whole backbone. In the authors' code it shares the patch embedding, and the loss is √width times ours; for images, the average is normalized once more.
 * @example
 * ```ts
 * import { maskPatches } from '@selfsup/augment';
 * import { linear, vit } from '@selfsup/encoders';
 * import { data2vec } from '@selfsup/pretext-tasks/data2vec';
 * const backbone = vit({ imageSize: 32, patchSize: 4, numLayers: 4, width: 96, numHeads: 3, pooling: 'mean', maskToken: true });
 * const { outputDim, gridSize } = backbone;
 * const head = linear({ inputDim: outputDim, outputDim });
 * const task = data2vec({ backbone, head, masking: maskPatches({ gridSize, maskRatio: 0.6, kind: 'block' }), topBlocks: 3 });
 * console.log(task.name);
 * ```
 */
export function data2vec(options: Data2vecOptions): PretextTask<Data2vecBatch, Data2vecTargets> {
  const { masking, topBlocks, part = 'block', beta = 2 } = options;
  checkData2vec('data2vec', { ...options, part, beta });
  return {
    api: 1,
    name: 'data2vec',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? linearWarmup({ from: 0.999, to: 0.9999, steps: totalSteps });
      const pair = createMomentumPair(options.backbone, rng.fold('backbone'));
      const { online: backbone, target: teacher } = pair;
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone, teacher },
        ...joinNetworks({ backbone, head, teacher: asBuffers(teacher) }),
        targets(batch, { stream }) {
          const images = checkImages('data2vec', batch.images);
          const [n, height, width] = images.shape;
          const length = (height / backbone.patchSize) * (width / backbone.patchSize);
          const { mask } = drawMasks('data2vec', masking, { n, length, rng: stream('masking') });
          const blocks = teacher.encodeBlocks({ images }, { training: false, topBlocks, part });
          return { mask, states: averageBlocks(blocks.map((states) => patchStates(states, length))) };
        },
        loss(batch, { mask, states }, context) {
          const apply = applyOptions(context, 'networks');
          const tokens = backbone.encode({ images: checkImages('data2vec', batch.images), mask }, apply); // [n, 1 + length, width]
          const rows = tf.reshape<tf.Rank.R2>(patchStates(tokens, mask.shape[1]), states.shape); // [n · length, width]
          const weights = tf.reshape<tf.Rank.R1>(mask, [-1]);
          const loss = smoothL1Loss(head.apply(rows, apply), states, { beta, weights });
          return { loss, metrics: { targetStd: embeddingStd(states) }, weight: tf.sum<tf.Scalar>(weights) };
        },
        afterStep(_, { step }) {
          pair.update(valueAt(momentum, step));
        },
      };
    },
  };
}

/** Throws unless what both tasks have in common is in range. Internal. */
export function checkData2vec(who: string, options: Data2vecTargetOptions & Required<Pick<Data2vecTargetOptions, 'part' | 'beta'>>): void {
  const { topBlocks, part, beta, momentum } = options;
  checkCounts(who, { topBlocks });
  checkChoice(who, { part }, ['block', 'feed-forward']);
  checkPositive(who, { beta });
  checkMomenta(who, { momentum });
}
