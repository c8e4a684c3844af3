import * as tf from '@tensorflow/tfjs-core';
import { createMomentumPair, linearWarmup, takeRows, valueAt, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { embeddingStd, smoothL1Loss } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { asBuffers } from './as-buffers.ts';
import { averageBlocks } from './average-blocks.ts';
import { checkTokens, withIds } from './check-tokens.ts';
import { checkData2vec, type Data2vecTargetOptions } from './data2vec.ts';
import { joinNetworks } from './join-networks.ts';
import { maskBatch, type MaskedTargets, type TokenMasking } from './token-masking.ts';
import type { TokenBlockEncoder } from './token-networks.ts';

/** What {@link data2vecText} trains on: `tokenIds` int32 `[batch, length]`, not yet masked; `attentionMask` `[batch, length]`, 0 at padding, if there is any. */
export type Data2vecTextBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask' | 'segmentIds', tf.Tensor2D>>>;

/** What {@link data2vecText} compares: a masked batch, and the teacher's `states` float32 `[n, width]` of the tokens that are hidden. */
export type Data2vecTextTargets = Omit<MaskedTargets, 'labels'> & Readonly<Record<'states', tf.Tensor2D>>;

/** Options of {@link data2vecText}. */
export interface Data2vecTextOptions extends Data2vecTargetOptions {
  /** Makes the backbone, which is kept; it shows its blocks. */
  backbone: (rng: Rng) => TokenBlockEncoder;
  /** Makes the head from a token's state to what is predicted, from and to `[rows, width]`: one linear layer. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Hides tokens; `maskTokens` of @selfsup/augment. */
  masking: TokenMasking;
}

/**
 * data2vec on text: at hidden tokens the backbone predicts what its slowly moving copy, the teacher, makes of the whole text: the mean of the states of its last
 * blocks.
 *
 * @param options see {@link Data2vecTextOptions}
 * @returns the task with the encoders `backbone` and `teacher`; trainable variables lie under `backbone/` and `head/`, the teacher's among the buffers under
 * `teacher/`. The metric `targetStd` is the mean deviation per dimension of the unit targets: about 1/√width when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `targets` and `loss` `SELFSUP_BATCH` when a tensor is missing, `SELFSUP_SHAPE` and
 * `SELFSUP_DTYPE` when one does not fit, `SELFSUP_OPTION` when the backbone has fewer blocks
 * @see Baevski et al.: "data2vec: A General Framework for Self-supervised Learning in Speech, Vision and Language", https://arxiv.org/abs/2202.03555
 * @remarks As `data2vec`, but that by default `part` is `'feed-forward'`, which the paper found best, and β 4. All hidden tokens are predicted, as in BERT, also
 * those that keep their word or get another one; the authors' code predicts those with the token [MASK].
 * @example
 * ```ts
 * import { maskTokens } from '@selfsup/augment';
 * import { bertTiny, linear } from '@selfsup/encoders';
 * import { data2vecText } from '@selfsup/pretext-tasks/data2vec-text';
 * const backbone = bertTiny();
 * const { outputDim, vocabularySize } = backbone;
 * const task = data2vecText({
 *   backbone,
 *   head: linear({ inputDim: outputDim, outputDim }),
 *   masking: maskTokens({ vocabularySize, maskId: 103, paddingId: 0, specialIds: [100, 101, 102] }),
 *   topBlocks: 2,
 * });
 * console.log(task.name);
 * ```
 */
export function data2vecText(options: Data2vecTextOptions): PretextTask<Data2vecTextBatch, Data2vecTextTargets> {
  const { masking, topBlocks, part = 'feed-forward', beta = 4 } = options;
  checkData2vec('data2vec-text', { ...options, part, beta });
  return {
    api: 1,
    name: 'data2vec-text',
    create({ rng, totalSteps }) {
      const momentum = options.momentum ?? linearWarmup({ from: 0.999, to: 0.9999, steps: totalSteps });
      const pair = createMomentumPair(options.backbone, rng.fold('backbone'));
      const { online: backbone, target: teacher } = pair;
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone, teacher },
        ...joinNetworks({ backbone, head, teacher: asBuffers(teacher) }),
        targets(batch, { stream }) {
          checkTokens('data2vec-text', batch);
          const { tokenIds, positions, weights } = maskBatch(masking, batch.tokenIds, stream('masking'));
          const blocks = teacher.encodeBlocks(withIds(batch, batch.tokenIds), { training: false, topBlocks, part });
          return { tokenIds, positions, weights, states: takeRows(averageBlocks(blocks), positions) as tf.Tensor2D };
        },
        loss(batch, { tokenIds, positions, weights, states }, context) {
          checkTokens('data2vec-text', batch);
          const apply = applyOptions(context, 'networks');
          const hidden = backbone.encode(withIds(batch, tokenIds), apply); // [batch, length, width]
          const rows = takeRows(tf.reshape(hidden, [-1, hidden.shape[2]]), positions) as tf.Tensor2D; // [n, width]
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
