import type * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, type ModuleFactory, type PretextTask, type Rng, type Targets } from '@selfsup/core';
import { contrastiveAccuracy, embeddingStd, infoNce } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkChoice, checkPositive } from './check-options.ts';
import { checkTokens, withIds } from './check-tokens.ts';
import { joinNetworks } from './join-networks.ts';
import { poolSentences, type SentencePooling } from './pool-sentences.ts';
import type { TokenEncoder } from './token-networks.ts';

/**
 * What {@link simCse} trains on: `tokenIds` int32 `[batch, length]`, one sentence in each row; `attentionMask` `[batch, length]`, 0 at padding, and `segmentIds`
 * int32 `[batch, length]`, if there are any.
 */
export type SimCseBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask' | 'segmentIds', tf.Tensor2D>>>;

/** What {@link simCse} compares: unit rows `[batch, dim]`, row i of both from sentence i under another dropout mask. */
export type SimCseEmbeddings = Readonly<Record<'first' | 'second', tf.Tensor2D>>;

/** Options of {@link simCse}. */
export interface SimCseOptions {
  /** Makes the backbone, which is kept; it must have dropout, which is all that makes the two views differ. */
  backbone: (rng: Rng) => TokenEncoder;
  /** What stands for a sentence: `'first'` (default), the state of `[CLS]`, or `'mean'`, that of all tokens. */
  pooling?: SentencePooling;
  /** Makes the head on the pooled states `[batch, width]`, thrown away afterwards; default none. The paper's is a linear layer with tanh. */
  projectionHead?: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** The similarities are divided by it; > 0, default 0.05. */
  temperature?: number;
}

/**
 * Unsupervised SimCSE: each sentence passes the backbone twice, under two dropout masks, and is to be found again among the other sentences of the batch.
 *
 * @param options see {@link SimCseOptions}
 * @returns the task; its variables lie under `backbone/` and `projectionHead/`. The loss is `infoNce` from the first pass to the second, over the whole
 * update; the metrics are `accuracy`, how often the nearest neighbor of a row is the other pass of its sentence, and `zStd`, the mean deviation per dimension of
 * the unit rows: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `embed` `SELFSUP_BATCH` without `tokenIds`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when a
 * tensor does not fit
 * @see Gao et al.: "SimCSE: Simple Contrastive Learning of Sentence Embeddings", eq. 4, https://arxiv.org/abs/2104.08821
 * @remarks One direction, as in the paper: negatives of a first pass are the second passes of other sentences. With a backbone without dropout both passes are
 * the same, and only the spreading is learned, which the paper found to lose 10 points (table 3). The paper starts from BERT and trains for one pass at a rate
 * of 3e-5; its head stays behind, as here, and its auxiliary masked language modeling, off by default, is left out.
 * `bertTiny` on the 5,300 questions of TREC, three passes in 50 CPU seconds, one seed: kNN from 54.2 to 56.3 % from scratch, which is within noise (277 test questions),
 * and from 48.4 to 56.0 % from PPMI embeddings.
 * @example
 * ```ts
 * import { bertTiny, linear, sequential, stateless } from '@selfsup/encoders';
 * import { simCse } from '@selfsup/pretext-tasks/sim-cse';
 * import * as tf from '@tensorflow/tfjs-core';
 * const backbone = bertTiny({ vocabularySize: 4000 });
 * const projectionHead = sequential<tf.Tensor2D, tf.Tensor2D>({
 *   linear: linear({ inputDim: backbone.outputDim, outputDim: backbone.outputDim }),
 *   tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
 * });
 * const task = simCse({ backbone, projectionHead });
 * console.log(task.name);
 * ```
 */
export function simCse(options: SimCseOptions): PretextTask<SimCseBatch, Targets, SimCseEmbeddings> {
  const { pooling = 'first', temperature = 0.05 } = options;
  checkPositive('sim-cse', { temperature });
  checkChoice('sim-cse', { pooling }, ['first', 'mean']);
  return {
    api: 1,
    name: 'sim-cse',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const projectionHead = options.projectionHead?.(rng.fold('projectionHead'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, ...(projectionHead && { projectionHead }) }),
        embed(batch, _, context) {
          checkTokens('sim-cse', batch);
          const passOf = (name: string): tf.Tensor2D => {
            const apply = applyOptions(context, name);
            const states = backbone.encode(withIds(batch, batch.tokenIds), apply); // [batch, length, width]
            const pooled = poolSentences(states, { pooling, attentionMask: batch.attentionMask });
            return l2Normalize(projectionHead ? projectionHead.apply(pooled, apply) : pooled);
          };
          return { first: passOf('view 0'), second: passOf('view 1') };
        },
        loss({ first, second }) {
          return {
            loss: infoNce(first, second, { temperature, normalized: true }),
            metrics: {
              accuracy: contrastiveAccuracy([first, second], { normalized: true }),
              zStd: embeddingStd(first, { normalized: true }),
            },
          };
        },
      };
    },
  };
}
