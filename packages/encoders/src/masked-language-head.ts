import * as tf from '@tensorflow/tfjs-core';
import { gelu, joinVariables, SelfsupError, type Rng, type VariableMap } from '@selfsup/core';
import { checkIntegers } from './layers/check-option.ts';
import { createVariable } from './layers/create-variable.ts';
import { truncatedNormal, zeros } from './layers/initializers.ts';
import { layerNorm } from './layers/layer-norm.ts';
import { linear } from './layers/linear.ts';

/** Options of {@link maskedLanguageHead}. */
export interface MaskedLanguageHeadOptions {
  /** Columns of the hidden states: the encoder's `outputDim`. */
  width: number;
  /** Columns of the logits: the encoder's `vocabularySize`. */
  vocabularySize: number;
  /** Columns of the word embedding: the encoder's `embeddingDim`; default `width`. */
  embeddingDim?: number;
  /** Added to the variance, > 0; default 1e-12. */
  epsilon?: number;
  /**
   * `[vocabularySize]`: how frequent each token is, parts of 1; the bias starts as the logarithm of it, of at least 1e-9. Default: the bias starts as zeros.
   */
  unigram?: Float32Array;
}

/** What the logarithm of a frequency is taken of at least. */
const RAREST = 1e-9;

/** The bias that says each token as often as it is there. */
function biasOf(unigram: Float32Array | undefined, vocabularySize: number): Float32Array {
  if (!unigram) return new Float32Array(vocabularySize);
  const wrong = unigram.find((part) => !(part >= 0 && part <= 1));
  if (unigram.length !== vocabularySize || wrong !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `maskedLanguageHead: \`unigram\` must have ${vocabularySize} values in [0, 1], got ${wrong === undefined ? `${unigram.length} values` : wrong}`,
    );
  return unigram.map((part) => Math.log(Math.max(part, RAREST)));
}

/** What a prediction needs beside the hidden states. */
export interface TiedPrediction {
  /** int32 `[n]`: which tokens to predict, as indices into the flattened `[batch · length]`; default all, in order. */
  readonly positions?: tf.Tensor1D;
  /** float32 `[vocabularySize, embeddingDim]`: the encoder's `wordEmbedding`, to which the output layer is tied. */
  readonly wordEmbedding: tf.Tensor2D;
}

/** The head that says which word stands at a position. */
export interface MaskedLanguageHead {
  /** Its own variables; the word embedding belongs to the encoder. */
  readonly trainable: VariableMap;
  /** None. */
  readonly buffers: VariableMap;
  /** The logits float32 `[n, vocabularySize]` at the given positions of `hidden` `[batch, length, width]`. */
  predict(hidden: tf.Tensor3D, prediction: TiedPrediction): tf.Tensor2D;
  /** Disposes its variables, not the word embedding. */
  dispose(): void;
}

function checkPrediction(
  hidden: tf.Tensor3D,
  { positions, wordEmbedding }: TiedPrediction,
  { width, table }: { width: number; table: readonly [number, number] },
): void {
  const fail = (name: string, expected: string, got: readonly number[]): never => {
    throw new SelfsupError('SELFSUP_SHAPE', `maskedLanguageHead: \`${name}\` must have shape ${expected}, got [${got.join(', ')}]`);
  };
  if (hidden.rank !== 3 || hidden.shape[2] !== width) fail('hidden', `[batch, length, ${width}]`, hidden.shape);
  if (positions && positions.rank !== 1) fail('positions', '[n]', positions.shape);
  if (wordEmbedding.rank !== 2 || wordEmbedding.shape.join() !== table.join())
    fail('wordEmbedding', `[${table.join(', ')}]`, wordEmbedding.shape);
  if (positions && positions.dtype !== 'int32')
    throw new SelfsupError('SELFSUP_DTYPE', `maskedLanguageHead: \`positions\` must be int32, got ${positions.dtype}`);
}

/**
 * BERT's head of masked language modeling: linear, GELU, layer norm, then the product with the transposed word embedding and a bias, at chosen positions only.
 *
 * @param options see {@link MaskedLanguageHeadOptions}
 * @returns a factory of heads with the paths `dense/kernel` `[width, embeddingDim]`, `dense/bias`, `norm/scale`, `norm/offset` and `bias` `[vocabularySize]`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `predict` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Devlin et al.: "BERT", section 3.1, task 1, https://arxiv.org/abs/1810.04805
 * @remarks The word embedding gets gradients from here and from the encoder's input. Logits at 15 % of the positions cost 15 % of the largest product of a
 * small BERT. Hugging Face's names: `cls.predictions.transform.dense` is `dense` (kernel transposed), `.transform.LayerNorm` is `norm`, `cls.predictions.bias`
 * is `bias`. With `unigram` the first loss is the entropy of the tokens' frequencies instead of log(vocabularySize), which saves the steps that learn them.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { bertTiny, maskedLanguageHead } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const factory = bertTiny({ vocabularySize: 1000 });
 * const encoder = factory(createRng(0));
 * const head = maskedLanguageHead({ width: factory.outputDim, vocabularySize: factory.vocabularySize })(createRng(1));
 * const hidden = encoder.apply(tf.tensor2d([[7, 8, 9]], [1, 3], 'int32'), { training: false });
 * const logits = head.predict(hidden, { positions: tf.tensor1d([1], 'int32'), wordEmbedding: encoder.wordEmbedding }); // [1, 1000]
 * ```
 */
export function maskedLanguageHead(options: MaskedLanguageHeadOptions): (rng: Rng) => MaskedLanguageHead {
  const { width, vocabularySize, embeddingDim = width, epsilon = 1e-12, unigram } = options;
  checkIntegers('maskedLanguageHead', { width, vocabularySize, embeddingDim });
  const startBias = biasOf(unigram, vocabularySize);
  const makeDense = linear({ inputDim: width, outputDim: embeddingDim, initializer: truncatedNormal(0.02), biasInitializer: zeros });
  const makeNorm = layerNorm<tf.Tensor2D>({ width: embeddingDim, epsilon });
  return (rng) => {
    const [dense, norm] = [makeDense(rng.fold('dense')), makeNorm(rng.fold('norm'))];
    const bias = createVariable<tf.Rank.R1>(startBias.slice(), [vocabularySize], true);
    return {
      trainable: { ...joinVariables({ dense: dense.trainable, norm: norm.trainable }), bias },
      buffers: {},
      predict(hidden, prediction) {
        checkPrediction(hidden, prediction, { width, table: [vocabularySize, embeddingDim] });
        const { positions, wordEmbedding } = prediction;
        return tf.tidy(() => {
          const all = tf.reshape<tf.Rank.R2>(hidden, [hidden.shape[0] * hidden.shape[1], width]);
          const rows = positions ? tf.gather(all, positions) : all; // [n, width]
          const x = norm.apply(gelu(dense.apply(rows, { training: false })), { training: false });
          return tf.fused.matMul({ a: x, b: wordEmbedding, transposeB: true, bias }) as tf.Tensor2D; // [n, vocabularySize]
        });
      },
      dispose() {
        dense.dispose();
        norm.dispose();
        bias.dispose();
      },
    };
  };
}
