import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, SelfsupError, type ApplyOptions, type Module, type Rng } from '@selfsup/core';
import { checkRates, dropWhileTraining, partOptions } from './layers/apply-part.ts';
import { checkIntegers } from './layers/check-option.ts';
import { checkIds, embedding } from './layers/embedding.ts';
import { truncatedNormal } from './layers/initializers.ts';
import { layerNorm } from './layers/layer-norm.ts';
import { transformerBlock } from './layers/transformer-block.ts';

/** Options of a BERT encoder of any size. */
export interface BertOptions {
  /** Rows of the word embedding: token ids are below it; default 30,522, the published English vocabulary. */
  vocabularySize?: number;
  /** The longest sequence; default 512. */
  maxPositions?: number;
  /** Kinds of segments; default 2. */
  numSegments?: number;
  /** How much of the embeddings and of each branch is dropped while training, in [0, 1); default 0.1. */
  dropoutRate?: number;
  /** How much of the attention is dropped while training, in [0, 1); default 0.1. */
  attentionDropoutRate?: number;
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

/** A batch of token sequences. */
export interface TokenSequences {
  /** int32 `[batch, length]`. */
  readonly tokenIds: tf.Tensor2D;
  /** `[batch, length]`, 1 where there is a token and 0 where there is padding, any dtype; default all tokens. Padding is attended by nobody. */
  readonly attentionMask?: tf.Tensor2D;
  /** int32 `[batch, length]`, the segment of each token; default all 0. */
  readonly segmentIds?: tf.Tensor2D;
}

/** A BERT encoder: a module of token ids that also takes masks and segments. */
export interface BertEncoder extends Module<tf.Tensor2D, tf.Tensor3D> {
  /** The word embedding `[vocabularySize, width]`, `embeddings/word/weight` of `trainable`: what a language head is tied to. */
  readonly wordEmbedding: tf.Variable<tf.Rank.R2>;
  /** The hidden states of the last block, float32 `[batch, length, width]`; `apply(tokenIds, options)` is this without mask and segments. */
  encode(sequences: TokenSequences, options: ApplyOptions): tf.Tensor3D;
}

/** Makes BERT encoders: a `ModuleFactory` from int32 `[batch, length]` to float32 `[batch, length, outputDim]`. */
export interface BertFactory {
  (rng: Rng): BertEncoder;
  /** Columns of the hidden states. */
  readonly outputDim: number;
  /** Rows of the word embedding. */
  readonly vocabularySize: number;
}

const HIDDEN = -1e9; // exp of it is 0 beside any score

/** `[batch, length]` of 0 and 1 as what is added to the scores, `[batch, 1, 1, length]`. */
function additiveMask(mask: tf.Tensor2D): tf.Tensor {
  const [batch, length] = mask.shape;
  return tf.reshape(tf.mul(tf.sub(1, tf.cast(mask, 'float32')), HIDDEN), [batch, 1, 1, length]);
}

function checkSequences(who: string, sequences: TokenSequences, maxPositions: number): void {
  const { tokenIds, attentionMask, segmentIds } = sequences;
  checkIds(who, 'tokenIds', tokenIds);
  const [batch, length] = tokenIds.shape;
  if (length > maxPositions)
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`tokenIds\` must be at most ${maxPositions} long, got [${batch}, ${length}]`);
  if (segmentIds) checkIds(who, 'segmentIds', segmentIds);
  for (const [name, tensor] of Object.entries({ attentionMask, segmentIds }))
    if (tensor && (tensor.rank !== 2 || tensor.shape[0] !== batch || tensor.shape[1] !== length))
      throw new SelfsupError(
        'SELFSUP_SHAPE',
        `${who}: \`${name}\` must have shape [${batch}, ${length}] like \`tokenIds\`, got [${tensor.shape.join(', ')}]`,
      );
}

/**
 * BERT's encoder: the sum of word, position and segment embeddings, normalised, then {@link transformerBlock}s; no pooler.
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

/** The factory that names itself `who` in its errors. */
export function bertFactory(who: string, options: BertSize & BertOptions): BertFactory {
  const { numLayers, width, numHeads, vocabularySize = 30_522, maxPositions = 512, numSegments = 2 } = options;
  const { dropoutRate = 0.1, attentionDropoutRate = 0.1 } = options;
  checkIntegers(who, { numLayers, width, numHeads, vocabularySize, maxPositions, numSegments });
  checkRates(who, { dropoutRate, attentionDropoutRate });
  const initializer = truncatedNormal(0.02);
  const table = (count: number) => embedding({ count, width, initializer });
  const block = transformerBlock({ width, numHeads, dropoutRate, attentionDropoutRate, initializer });
  const create = (rng: Rng): BertEncoder => {
    const stream = rng.fold('embeddings');
    const parts = {
      'embeddings/word': table(vocabularySize)(stream.fold('word')),
      'embeddings/position': table(maxPositions)(stream.fold('position')),
      'embeddings/segment': table(numSegments)(stream.fold('segment')),
      'embeddings/norm': layerNorm<tf.Tensor3D>({ width })(stream),
    };
    const blocks = Array.from({ length: numLayers }, (_, i) => block(rng.fold('encoder').fold(`layer${i}`)));
    const named = { ...parts, ...Object.fromEntries(blocks.map((layer, i) => [`encoder/layer${i}`, layer])) };
    const wordEmbedding = parts['embeddings/word'].trainable['weight'] as tf.Variable<tf.Rank.R2>;
    const [position, segment] = [parts['embeddings/position'].trainable['weight']!, parts['embeddings/segment'].trainable['weight']!];

    const embed = ({ tokenIds, segmentIds }: TokenSequences, apply: ApplyOptions): tf.Tensor3D => {
      const words = parts['embeddings/word'].apply(tokenIds, apply); // [batch, length, width]
      const positions = tf.slice(position, [0, 0], [tokenIds.shape[1], width]); // [length, width]
      const summed = segmentIds
        ? tf.add(tf.add(words, parts['embeddings/segment'].apply(segmentIds, apply)), positions)
        : tf.add(words, tf.add(positions, tf.slice(segment, [0, 0], [1, width]))); // one pass over the batch instead of two
      const x = parts['embeddings/norm'].apply(summed as tf.Tensor3D, apply);
      return dropWhileTraining(x, apply, { rate: dropoutRate, tag: 'embeddings', who });
    };
    const encode: BertEncoder['encode'] = (sequences, apply) => {
      checkSequences(who, sequences, maxPositions);
      return tf.tidy(() => {
        const mask = sequences.attentionMask && additiveMask(sequences.attentionMask);
        let x = embed(sequences, apply);
        for (const [i, layer] of blocks.entries()) x = layer.apply(x, { ...partOptions(apply, `layer${i}`), ...(mask ? { mask } : {}) });
        return x;
      });
    };
    return {
      trainable: joinVariables(Object.fromEntries(Object.entries(named).map(([name, part]) => [name, part.trainable]))),
      buffers: {},
      wordEmbedding,
      encode,
      apply: (tokenIds, apply) => encode({ tokenIds }, apply),
      dispose() {
        for (const part of Object.values(named)) part.dispose();
      },
    };
  };
  return Object.assign(create, { outputDim: width, vocabularySize });
}
