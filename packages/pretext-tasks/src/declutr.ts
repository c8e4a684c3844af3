import { drawUniform, SelfsupError, type ApplyOptions, type Module, type PretextTask, type Rng } from '@selfsup/core';
import { contrastiveAccuracy, embeddingStd, infoNce } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { applyOptions } from './apply-options.ts';
import { checkPositive } from './check-options.ts';
import { checkTokens } from './check-tokens.ts';
import { joinNetworks } from './join-networks.ts';
import { trainedPart } from './trained-part.ts';

/** What {@link declutr} trains on: `tokenIds` int32 `[batch, length]`, and `attentionMask` `[batch, length]`, 0 at padding, if there is any. */
export type DeclutrBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask', tf.Tensor2D>>>;

/** Which tokens each view of {@link declutr} has: float32 `[batch, length]`, 1 where the view has the token and 0 where not. */
export type DeclutrTargets = Readonly<Record<'first' | 'second', tf.Tensor2D>>;

/** What {@link declutr} compares: unit rows `[batch, dim]`, row i of both from text i. */
export type DeclutrEmbeddings = Readonly<Record<'first' | 'second', tf.Tensor2D>>;

/** Reads token sequences as one row a text; `tokenReadout` of @selfsup/encoders makes one. */
export interface SequenceReader {
  /** Unit rows float32 `[batch, dim]` of the tokens where `attentionMask` `[batch, length]` is 1. */
  read(sequences: { readonly tokenIds: tf.Tensor2D; readonly attentionMask: tf.Tensor2D }, options: ApplyOptions): tf.Tensor2D;
}

/** Options of {@link declutr}. */
export interface DeclutrOptions<M extends Module<tf.Tensor2D, tf.Tensor3D>> {
  /** Makes the backbone, which is kept. */
  backbone: (rng: Rng) => M;
  /** Makes of the backbone what reads a text; it has no variables of its own. */
  reader: (backbone: M) => SequenceReader;
  /** Which variables of the backbone the reader reads, by path; the others stay as they are. Default all. */
  isTrained?: (path: string) => boolean;
  /** Tokens that no view has, such as `[CLS]`, `[SEP]`, `[UNK]`; default none. Padding is in no view. */
  specialIds?: readonly number[];
  /** The part of the tokens of each half that its view lacks, in [0, 1); default 0.5. */
  dropRate?: number;
  /** The similarities are divided by it; > 0, default 0.1. */
  temperature?: number;
}

/** Of each row its tokens of `part`; those of `otherwise` where there are none. */
function orElse(part: tf.Tensor2D, otherwise: tf.Tensor2D): tf.Tensor2D {
  const isEmpty = tf.cast(tf.equal(tf.sum(part, 1, true), 0), 'float32'); // [batch, 1]
  return tf.add(part, tf.mul(otherwise, isEmpty));
}

/**
 * Contrastive halves of texts, after DeCLUTR: the backbone learns to tell which second half belongs to which first half.
 *
 * @param options see {@link DeclutrOptions}
 * @returns the task; its variables lie under `backbone/`, among the buffers where they are not trained. The loss is the mean of `infoNce` from first halves to second ones and back, over the whole update;
 * the metrics are `accuracy`, how often the nearest neighbor of a view is the other view of its text, and `zStd`, the mean deviation per dimension of the unit
 * rows: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `targets` `SELFSUP_BATCH` without `tokenIds`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when
 * a tensor does not fit
 * @see Giorgi et al.: "DeCLUTR: Deep Contrastive Learning for Unsupervised Textual Representations", https://arxiv.org/abs/2006.03659; Iyyer et al.: "Deep
 * Unordered Composition Rivals Syntactic Methods for Text Classification", section 3.1, https://aclanthology.org/P15-1162, for dropped words
 * @remarks DeCLUTR draws spans of random lengths anywhere in long documents and adds masked language modeling; here a text has two halves, of which tokens are
 * dropped anew in each step. On 7,600 passages of 60 words from 11 novels, 30 passes
 * over embeddings of `ppmiEmbeddings` take them from 40.3 to 42.3 % with 100 labels and from 56.4 to 59.3 % with 1,000; 0.05 as temperature, as in DeCLUTR,
 * takes them to 41.9 and 58.9. A view without a token is its whole half, and of a text of a single token both views are that token. Segments are not read.
 * @example
 * ```ts
 * import { bertTiny, tokenReadout } from '@selfsup/encoders';
 * import { declutr } from '@selfsup/pretext-tasks/declutr';
 * const task = declutr({
 *   backbone: bertTiny({ vocabularySize: 4000 }),
 *   reader: (backbone) => tokenReadout(backbone, { parts: ['embedding/weighted'] }),
 *   isTrained: (path) => path === 'embeddings/word/weight',
 *   specialIds: [0, 1, 2, 3, 4],
 * });
 * console.log(task.name);
 * ```
 */
export function declutr<M extends Module<tf.Tensor2D, tf.Tensor3D>>(
  options: DeclutrOptions<M>,
): PretextTask<DeclutrBatch, DeclutrTargets, DeclutrEmbeddings> {
  const { isTrained = () => true, specialIds = [], dropRate = 0.5, temperature = 0.1 } = options;
  checkPositive('declutr', { temperature });
  if (!(dropRate >= 0 && dropRate < 1))
    throw new SelfsupError('SELFSUP_OPTION', `declutr: \`dropRate\` must be in [0, 1), got ${dropRate}`);
  /** 1 at the tokens that a view may have. */
  const words = ({ tokenIds, attentionMask }: DeclutrBatch): tf.Tensor2D => {
    const present = attentionMask ? tf.cast(attentionMask, 'float32') : tf.ones<tf.Rank.R2>(tokenIds.shape);
    return specialIds.reduce<tf.Tensor2D>((rest, id) => tf.mul(rest, tf.cast(tf.notEqual(tokenIds, id), 'float32')), present);
  };
  return {
    api: 1,
    name: 'declutr',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const reader = options.reader(backbone);
      return {
        encoders: { backbone },
        ...joinNetworks({
          backbone: {
            ...trainedPart(backbone, isTrained),
            dispose: () => {
              backbone.dispose();
            },
          },
        }),
        targets(batch, { stream }) {
          checkTokens('declutr', batch);
          return tf.tidy(() => {
            const all = words(batch);
            const half = tf.floor(tf.div(tf.sum(all, 1, true), 2)); // [batch, 1]: tokens of the first half
            const isFirst = tf.cast(tf.less(tf.cumsum(all, 1, true), half), 'float32');
            const viewOf = (part: tf.Tensor2D, name: string): tf.Tensor2D => {
              const draws = tf.tensor2d(drawUniform(stream(name), all.size), all.shape);
              const kept = tf.mul<tf.Tensor2D>(part, tf.cast(tf.greaterEqual(draws, dropRate), 'float32'));
              return orElse(orElse(kept, part), all);
            };
            return { first: viewOf(tf.mul(all, isFirst), 'first'), second: viewOf(tf.mul(all, tf.sub(1, isFirst)), 'second') };
          });
        },
        embed({ tokenIds }, { first, second }, context) {
          return {
            first: reader.read({ tokenIds, attentionMask: first }, applyOptions(context, 'view 0')),
            second: reader.read({ tokenIds, attentionMask: second }, applyOptions(context, 'view 1')),
          };
        },
        loss({ first, second }) {
          const scale = { temperature, normalized: true };
          return {
            loss: tf.mul<tf.Scalar>(tf.add(infoNce(first, second, scale), infoNce(second, first, scale)), 0.5),
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
