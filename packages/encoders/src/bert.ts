import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, SelfsupError, type ApplyOptions, type Module, type Rng } from '@selfsup/core';
import { bertEmbeddings, type BertEmbeddings } from './bert-embeddings.ts';
import { additiveMask } from './layers/additive-mask.ts';
import { checkRates, partOptions } from './layers/apply-part.ts';
import { checkIntegers } from './layers/check-option.ts';
import { checkIds } from './layers/embedding.ts';
import { truncatedNormal, zeros } from './layers/initializers.ts';
import { linear } from './layers/linear.ts';
import { transformerBlock } from './layers/transformer-block.ts';
import type { TokenSequences } from './token-sequences.ts';
import { checkTopBlocks, type BlockEncoder, type TopBlocksOptions } from './top-blocks.ts';

/** Options of a BERT encoder of any size. */
export interface BertOptions {
  /** Rows of the word embedding: token ids are below it; default 30,522, the published English vocabulary. */
  vocabularySize?: number;
  /** The longest sequence; default 512. */
  maxPositions?: number;
  /** Kinds of segments; default 2. With 0 there are no segment embeddings, as in DistilBERT, and `segmentIds` are ignored. */
  numSegments?: number;
  /** Columns of the embeddings; default `width`. Where they differ a linear layer leads from one to the other, as in ELECTRA. */
  embeddingDim?: number;
  /** How much of the embeddings and of each branch is dropped while training, in [0, 1); default 0.1. */
  dropoutRate?: number;
  /** How much of the attention is dropped while training, in [0, 1); default 0.1. */
  attentionDropoutRate?: number;
  /** Columns between the two linear layers of a block, ≥ 1; default 4 · `width`. */
  hiddenDim?: number;
  /** Added to the variances by all normalizations, > 0; default 1e-12. */
  epsilon?: number;
}

/** Size of a BERT encoder. */
export interface BertSize {
  /** Transformer blocks, ≥ 1. */
  numLayers: number;
  /** Columns of the hidden states, a multiple of `numHeads`. */
  width: number;
  /** Heads of the attention, ≥ 1; published sizes have one per 64 columns. */
  numHeads: number;
}

/** How a BERT encoder runs. */
export interface BertApplyOptions extends ApplyOptions {
  /** What becomes of the states `[batch, length, width]` of each layer, from 0, between its attention and its perceptron, as in a decoder; default nothing. */
  between?: (states: tf.Tensor3D, layer: number) => tf.Tensor3D;
}

/** A BERT encoder: a module of token ids that also takes masks and segments. */
export interface BertEncoder extends Module<tf.Tensor2D, tf.Tensor3D>, BlockEncoder<TokenSequences> {
  /** The options with which it was made, defaults filled in. */
  readonly options: Required<BertSize & BertOptions>;
  /** What other encoders may share, see {@link BertFactory}. */
  readonly embeddings: BertEmbeddings;
  /** The word embedding `[vocabularySize, embeddingDim]`, `embeddings/word/weight`: what a language head is tied to. */
  readonly wordEmbedding: tf.Variable<tf.Rank.R2>;
  /** The hidden states of the last block, float32 `[batch, length, width]`; `apply(tokenIds, options)` is this without mask and segments. */
  encode(sequences: TokenSequences, options: BertApplyOptions): tf.Tensor3D;
}

/** Makes BERT encoders: a `ModuleFactory` from int32 `[batch, length]` to float32 `[batch, length, outputDim]`. */
export interface BertFactory {
  /**
   * With `shared`, another encoder of the same vocabulary and `embeddingDim`, the new encoder uses that one's embeddings: they stay the other's, which
   * trains, saves and disposes them.
   */
  (rng: Rng, shared?: { readonly embeddings: BertEmbeddings }): BertEncoder;
  /** Columns of the hidden states. */
  readonly outputDim: number;
  /** Transformer blocks. */
  readonly numLayers: number;
  /** Columns of the word embedding. */
  readonly embeddingDim: number;
  /** Rows of the word embedding. */
  readonly vocabularySize: number;
}

function checkSequences(who: string, sequences: TokenSequences, maxPositions: number): void {
  const { tokenIds, attentionMask, segmentIds } = sequences;
  checkIds(who, 'tokenIds', tokenIds);
  const [batch, length] = tokenIds.shape;
  if (length > maxPositions)
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`tokenIds\` must be at most ${maxPositions} long, got [${batch}, ${length}]`);
  if (segmentIds) checkIds(who, 'segmentIds', segmentIds);
  const fits = (tensor: tf.Tensor) => tensor.shape.join() === `${batch},${length}`;
  const seesEach = (mask: tf.Tensor) => [`${batch},${length},${length}`, `1,${length},${length}`].includes(mask.shape.join());
  if (segmentIds && !fits(segmentIds))
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`segmentIds\` must have shape [${batch}, ${length}] like \`tokenIds\`, got [${segmentIds.shape.join(', ')}]`,
    );
  if (attentionMask && !fits(attentionMask) && !seesEach(attentionMask))
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`attentionMask\` must have shape [${batch}, ${length}] like \`tokenIds\` or [1 or ${batch}, ${length}, ${length}], got [${attentionMask.shape.join(', ')}]`,
    );
}

/**
 * BERT's encoder: the sum of word, position and segment embeddings, normalized, then {@link transformerBlock}s; no pooler.
 *
 * @param options see {@link BertSize} and {@link BertOptions}; {@link bertTiny} … {@link bertBase} have the published sizes
 * @returns a factory of encoders with the paths listed below; kernels and embeddings start truncated normal with deviation 0.02, biases and offsets as
 * zeros, scales as ones
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or dropout without `rng`; from `apply` and `encode` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Devlin et al.: "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", section 3, https://arxiv.org/abs/1810.04805
 * @remarks Layer by layer Hugging Face's `BertModel` without pooler: GELU by the error function, epsilon 1e-12. Its names become our paths one to one, where
 * a `weight` of a linear layer is transposed, and one of a `LayerNorm` is `scale`, its `bias` `offset`:
 *
 * | Hugging Face | here |
 * |---|---|
 * | `embeddings.word_embeddings.weight` | `embeddings/word/weight` |
 * | `embeddings.position_embeddings.weight` | `embeddings/position/weight` |
 * | `embeddings.token_type_embeddings.weight` | `embeddings/segment/weight` |
 * | `embeddings.LayerNorm` | `embeddings/norm` |
 * | `embeddings_project` (ELECTRA) | `embeddings/projection` |
 * | `encoder.layer.N.attention.self.query` (`key`, `value`) | `encoder/layerN/attention/query` (`key`, `value`) |
 * | `encoder.layer.N.attention.output.dense` | `encoder/layerN/attention/output` |
 * | `encoder.layer.N.attention.output.LayerNorm` | `encoder/layerN/attention/norm` |
 * | `encoder.layer.N.intermediate.dense` | `encoder/layerN/intermediate` |
 * | `encoder.layer.N.output.dense` | `encoder/layerN/output` |
 * | `encoder.layer.N.output.LayerNorm` | `encoder/layerN/norm` |
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { bert } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const encoder = bert({ numLayers: 2, width: 64, numHeads: 2, vocabularySize: 1000 })(createRng(0));
 * const tokenIds = tf.tensor2d([[5, 17, 4, 0]], [1, 4], 'int32');
 * const attentionMask = tf.tensor2d([[1, 1, 1, 0]]);
 * const states = encoder.encode({ tokenIds, attentionMask }, { training: false }); // [1, 4, 64]
 * ```
 */
export function bert(options: BertSize & BertOptions): BertFactory {
  return bertFactory('bert', options);
}

function checkShared(who: string, { wordEmbedding }: BertEmbeddings, table: readonly [number, number]): void {
  if (wordEmbedding.shape.join() !== table.join())
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: the shared word embedding must have shape [${table.join(', ')}], vocabularySize and embeddingDim, got [${wordEmbedding.shape.join(', ')}]`,
    );
}

/** The factory that names itself `who` in its errors. */
export function bertFactory(who: string, options: BertSize & BertOptions): BertFactory {
  const { numLayers, width, numHeads, vocabularySize = 30_522, maxPositions = 512, numSegments = 2, embeddingDim = width } = options;
  const { dropoutRate = 0.1, attentionDropoutRate = 0.1, hiddenDim = 4 * width, epsilon = 1e-12 } = options;
  checkIntegers(who, { numLayers, width, numHeads, vocabularySize, maxPositions, embeddingDim, hiddenDim });
  checkIntegers(who, { numSegments }, 0);
  checkRates(who, { dropoutRate, attentionDropoutRate });
  const sizes = { numLayers, width, numHeads, vocabularySize, maxPositions, numSegments, embeddingDim, hiddenDim };
  const made = { ...sizes, dropoutRate, attentionDropoutRate, epsilon };
  const initializer = truncatedNormal(0.02);
  const embed = bertEmbeddings({ who, vocabularySize, maxPositions, numSegments, embeddingDim, epsilon, dropoutRate });
  const project =
    embeddingDim === width ? undefined : linear({ inputDim: embeddingDim, outputDim: width, initializer, biasInitializer: zeros });
  const block = transformerBlock({ width, numHeads, hiddenDim, dropoutRate, attentionDropoutRate, epsilon, initializer });
  const create = (rng: Rng, shared?: { readonly embeddings: BertEmbeddings }): BertEncoder => {
    if (shared) checkShared(who, shared.embeddings, [vocabularySize, embeddingDim]);
    const embeddings = shared?.embeddings ?? embed(rng.fold('embeddings'));
    const projection = project?.(rng.fold('embeddings').fold('projection'));
    const blocks = Array.from({ length: numLayers }, (_, i) => block(rng.fold('encoder').fold(`layer${i}`)));
    const parts = {
      ...(shared ? {} : { embeddings }),
      ...(projection ? { 'embeddings/projection': projection } : {}),
      ...Object.fromEntries(blocks.map((layer, i) => [`encoder/layer${i}`, layer])),
    };
    const encodeBlocks = (sequences: TokenSequences, { topBlocks, part, between, ...apply }: TopBlocksOptions & BertApplyOptions) => {
      checkTopBlocks(who, { topBlocks, ...(part && { part }), ...apply }, numLayers);
      checkSequences(who, sequences, maxPositions);
      return tf.tidy(() => {
        const mask = sequences.attentionMask && additiveMask(sequences.attentionMask);
        const embedded = embeddings.embed(sequences, apply);
        const [batch, length] = sequences.tokenIds.shape;
        const rows = () => tf.reshape<tf.Rank.R2>(embedded, [batch * length, embeddingDim]);
        let x = projection ? tf.reshape<tf.Rank.R3>(projection.apply(rows(), apply), [batch, length, width]) : embedded;
        const tops: tf.Tensor3D[] = [];
        for (const [i, layer] of blocks.entries()) {
          const options = {
            ...partOptions(apply, `layer${i}`),
            ...(mask && { mask }),
            ...(between && { between: (states: tf.Tensor3D) => between(states, i) }),
          };
          const isTop = i >= numLayers - topBlocks;
          if (part === 'feed-forward' && isTop) {
            const { feedForward, output } = layer.states(x, options);
            tops.push(feedForward);
            x = output;
          } else {
            x = layer.apply(x, options);
            if (isTop) tops.push(x);
          }
        }
        return tops;
      });
    };
    const encode: BertEncoder['encode'] = (sequences, apply) => encodeBlocks(sequences, { ...apply, topBlocks: 1 })[0]!;
    return {
      trainable: joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))),
      buffers: {},
      options: made,
      embeddings,
      wordEmbedding: embeddings.wordEmbedding,
      encode,
      encodeBlocks,
      apply: (tokenIds, apply) => encode({ tokenIds }, apply),
      dispose() {
        for (const part of Object.values(parts)) part.dispose();
      },
    };
  };
  return Object.assign(create, { outputDim: width, numLayers, embeddingDim, vocabularySize });
}
