import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, SelfsupError, type ApplyOptions, type Rng, type VariableMap } from '@selfsup/core';
import { bert, type BertEncoder } from './bert.ts';
import { dropWhileTraining, partOptions } from './layers/apply-part.ts';
import { causalMask } from './layers/causal-mask.ts';
import { checkIntegers } from './layers/check-option.ts';
import { crossAttention, type MemoryKind } from './layers/cross-attention.ts';
import { truncatedNormal } from './layers/initializers.ts';
import { layerNorm } from './layers/layer-norm.ts';

/** Options of {@link bertDecoder}. */
export interface BertDecoderOptions {
  /** What it attends to: the states of a sequence (default), or one vector for each sequence. */
  memory?: MemoryKind;
  /** Whether its blocks are those of the encoder, with attention to the memory in between; default false: blocks of its own. */
  tied?: boolean;
  /** Blocks of its own, ≥ 1; default as many as the encoder has. */
  numLayers?: number;
}

/** What a {@link BertDecoder} reads. */
export interface DecodedTokens {
  /** int32 `[batch, length]`. */
  readonly tokenIds: tf.Tensor2D;
  /** `[batch, length]`, 1 where there is a token and 0 where there is filling; default all tokens. */
  readonly attentionMask?: tf.Tensor2D;
  /** float32 `[batch, keys, width]` of the encoder: its states, or with `memory: 'vector'` a single row. */
  readonly memory: tf.Tensor3D;
  /** `[batch, keys]`, 1 where there is something to attend to; default everywhere. */
  readonly memoryMask?: tf.Tensor2D;
}

/** A decoder beside a BERT encoder. */
export interface BertDecoder {
  /** Its own variables; embeddings and, where it is tied, blocks belong to the encoder. */
  readonly trainable: VariableMap;
  /** None. */
  readonly buffers: VariableMap;
  /** The hidden states float32 `[batch, length, width]`, each of its token, those before it and the memory. */
  decode(tokens: DecodedTokens, options: ApplyOptions): tf.Tensor3D;
  /** Disposes its own variables. */
  dispose(): void;
}

const HIDDEN = -1e9; // exp of it is 0 beside any score

/**
 * The decoder of a Transformer beside a BERT encoder: blocks in which each token sees those before it and, by cross-attention, what the encoder says.
 *
 * @param options see {@link BertDecoderOptions}
 * @returns a factory of decoders of the encoder's size, dropout and embeddings. Paths: `layerN/crossAttention/value/kernel` …, `layerN/crossAttention/norm/scale`
 * …, and unless tied those of the encoder's blocks, `layerN/attention/query/kernel` …
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `decode` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Vaswani et al.: "Attention Is All You Need", section 3.1, https://arxiv.org/abs/1706.03762; Rothe et al.: "Leveraging Pre-trained Checkpoints for Sequence
 * Generation Tasks", section 2, https://arxiv.org/abs/1907.12461, for tied blocks
 * @remarks As Hugging Face's `BertModel` with `is_decoder` and `add_cross_attention`, whose `crossattention` is `crossAttention` here, but word and position
 * embeddings are always the encoder's. With a vector as memory, as in TSDAE, cross-attention has no queries and keys: the weight of a single key is 1, and the
 * two matrices would never have a gradient.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { bertDecoder, bertTiny } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const encoder = bertTiny({ vocabularySize: 100 })(createRng(0));
 * const decoder = bertDecoder({ memory: 'vector', tied: true })(createRng(1), encoder);
 * const tokenIds = tf.tensor2d([[2, 7, 8]], [1, 3], 'int32');
 * const memory = tf.slice(encoder.apply(tokenIds, { training: false }), [0, 0, 0], [1, 1, 128]);
 * const states = decoder.decode({ tokenIds, memory }, { training: false }); // [1, 3, 128]
 * ```
 */
export function bertDecoder(options: BertDecoderOptions = {}): (rng: Rng, encoder: BertEncoder) => BertDecoder {
  const { memory: kind = 'sequence', tied = false } = options;
  if (options.numLayers !== undefined) checkIntegers('bertDecoder', { numLayers: options.numLayers });
  if (tied && options.numLayers !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      'bertDecoder: `numLayers` is for a decoder with blocks of its own; leave it out, or set `tied` to false',
    );
  return (rng, encoder) => {
    const { width, numHeads, dropoutRate, attentionDropoutRate, epsilon } = encoder.options;
    const numLayers = tied ? encoder.options.numLayers : (options.numLayers ?? encoder.options.numLayers);
    const body = tied ? undefined : bert({ ...encoder.options, numLayers })(rng, { embeddings: encoder.embeddings });
    const makeCross = crossAttention({
      width,
      numHeads,
      memory: kind,
      dropoutRate: attentionDropoutRate,
      initializer: truncatedNormal(0.02),
    });
    const makeNorm = layerNorm<tf.Tensor3D>({ width, epsilon });
    const cross = Array.from({ length: numLayers }, (_, i) => ({
      attention: makeCross(rng.fold('crossAttention').fold(i)),
      norm: makeNorm(rng),
    }));
    const own = Object.fromEntries(
      cross.flatMap(({ attention, norm }, i) => [
        [`layer${i}/crossAttention`, attention.trainable],
        [`layer${i}/crossAttention/norm`, norm.trainable],
      ]),
    );
    const blocks = Object.entries(body?.trainable ?? {}).map(([path, variable]) => [path.replace(/^encoder\//, ''), variable] as const);
    return {
      trainable: { ...joinVariables(own), ...Object.fromEntries(blocks) },
      buffers: {},
      decode: ({ tokenIds, attentionMask, memory, memoryMask }, apply) =>
        tf.tidy(() => {
          const present = attentionMask ?? tf.onesLike(tokenIds);
          const hidden = memoryMask && tf.mul(tf.sub(1, tf.cast(memoryMask, 'float32')), HIDDEN); // [batch, keys]
          const mask = hidden && tf.reshape(hidden, [memory.shape[0], 1, 1, memory.shape[1]]);
          const between = (states: tf.Tensor3D, layer: number): tf.Tensor3D => {
            const { attention, norm } = cross[layer]!;
            const part = partOptions(apply, `crossAttention${layer}`);
            const read = attention.attend(states, memory, { ...part, ...(mask && { mask }) });
            const dropped = dropWhileTraining(read, part, { rate: dropoutRate, tag: 'read', who: 'bertDecoder' });
            return norm.apply(tf.add(states, dropped), part);
          };
          return (body ?? encoder).encode({ tokenIds, attentionMask: causalMask(present) }, { ...apply, between });
        }),
      dispose() {
        body?.dispose();
        for (const { attention, norm } of cross) for (const part of [attention, norm]) part.dispose();
      },
    };
  };
}
