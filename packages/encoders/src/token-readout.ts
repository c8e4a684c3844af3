import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, SelfsupError, type ApplyOptions, type Module } from '@selfsup/core';
import type { BertEncoder } from './bert.ts';
import type { TokenSequences } from './token-sequences.ts';

/** What of an encoder a part of {@link tokenReadout} reads: its word embedding, or the states of its last layer. */
export type TokenSource = 'embedding' | 'top';

/**
 * How a part of {@link tokenReadout} makes one row of many: their mean; their mean weighted by `tokenWeights` and `placeWeights`; or the first token of the
 * sequence alone, `[CLS]`.
 */
export type TokenPooling = 'mean' | 'weighted' | 'first';

/** A part of {@link tokenReadout}, such as `embedding/weighted`. */
export type TokenPart = `${TokenSource}/${TokenPooling}`;

/** Options of {@link tokenReadout}. */
export interface TokenReadoutOptions {
  /** What is put in a row, in this order; default `['embedding/weighted', 'top/mean']`. */
  parts?: readonly TokenPart[];
  /** `[vocabularySize]`, ≥ 0: the weight of each token where a part is weighted, such as `ppmiEmbeddings` gives; default ones. */
  tokenWeights?: Float32Array;
  /**
   * Any number of values ≥ 0: the weights of the first tokens that are not special, by which that of the token is multiplied, such as `ppmiEmbeddings` gives;
   * default, and behind them, 1.
   */
  placeWeights?: Float32Array;
  /**
   * `[vocabularySize]`, ≥ 0: how frequent each token is, such as `ppmiEmbeddings` gives. From the means of embeddings that of all text is subtracted, as its
   * tokens are weighted; it follows the embeddings when these are trained. Default: nothing is.
   */
  unigram?: Float32Array;
  /** Tokens that no mean counts, such as those of `[CLS]`, `[SEP]`, `[UNK]`; default none. Padding never counts. */
  specialIds?: readonly number[];
}

/** What {@link tokenReadout} needs of an encoder; `bert` makes one. */
export type ReadableTokenEncoder = Pick<BertEncoder, 'trainable' | 'buffers' | 'encode' | 'wordEmbedding'>;

/** An encoder of tokens, read as one of texts. */
export interface TokenReadout extends Module<tf.Tensor2D, tf.Tensor2D> {
  /** The features float32 `[batch, columns]`, the columns of all parts; `apply(tokenIds, options)` is this without mask and segments. */
  read(sequences: TokenSequences, options: ApplyOptions): tf.Tensor2D;
}

const SOURCES: readonly TokenSource[] = ['embedding', 'top'];
const POOLINGS: readonly TokenPooling[] = ['mean', 'weighted', 'first'];
/** The sum of weights that a text without any counted token is divided by. */
const NO_TOKENS = 1e-6;

/** The parts of the default: what the words say, and what the encoder makes of them. */
const DEFAULT_PARTS: readonly TokenPart[] = ['embedding/weighted', 'top/mean'];

interface Part {
  readonly source: TokenSource;
  readonly pooling: TokenPooling;
}

function partsOf(who: string, parts: readonly TokenPart[]): Part[] {
  if (parts.length === 0) throw new SelfsupError('SELFSUP_OPTION', `${who}: \`parts\` must have at least one part, got none`);
  return parts.map((part) => {
    const [source, pooling, ...more] = part.split('/') as [TokenSource, TokenPooling, ...string[]];
    if (SOURCES.includes(source) && POOLINGS.includes(pooling) && more.length === 0) return { source, pooling };
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: each of \`parts\` must be ${SOURCES.join(' or ')}, a slash, and ${POOLINGS.join(', ')}, got ${JSON.stringify(part)}`,
    );
  });
}

function checkValues(
  who: string,
  named: Readonly<Record<string, Float32Array>>,
  { length, what, least = -Infinity }: { length?: number; what?: string; least?: number },
): void {
  for (const [name, values] of Object.entries(named)) {
    if (length !== undefined && values.length !== length)
      throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must have ${length} values, ${what}, got ${values.length}`);
    const wrong = values.find((value) => !(Number.isFinite(value) && value >= least));
    if (wrong !== undefined)
      throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must have finite values${least === 0 ? ' >= 0' : ''}, got ${wrong}`);
  }
}

/** The rows of `states` `[batch, length, width]` under `weights` `[batch, length]`, as `[batch, width]`. */
function weightedMean(states: tf.Tensor3D, weights: tf.Tensor2D): tf.Tensor2D {
  const [batch, length, width] = states.shape;
  const sums = tf.matMul(tf.reshape<tf.Rank.R3>(weights, [batch, 1, length]), states); // [batch, 1, width]
  return tf.div(tf.reshape<tf.Rank.R2>(sums, [batch, width]), tf.maximum(tf.sum(weights, 1, true), NO_TOKENS));
}

/** `[batch, length]`: 1 where a token is; of a mask `[batch or 1, queries, keys]` the keys that some query sees. */
function presentTokens({ tokenIds, attentionMask }: TokenSequences): tf.Tensor2D {
  if (!attentionMask) return tf.ones<tf.Rank.R2>(tokenIds.shape);
  const mask = tf.cast(attentionMask, 'float32');
  const keys = (mask.rank === 3 ? tf.max(mask, 1) : mask) as tf.Tensor2D;
  return keys.shape[0] === tokenIds.shape[0] ? keys : tf.tile(keys, [tokenIds.shape[0], 1]);
}

/** The parts of a readout that are not yet scaled; they run in the caller's tidy. */
function partsReader(encoder: ReadableTokenEncoder, options: TokenReadoutOptions) {
  const who = 'tokenReadout';
  const { parts: names = DEFAULT_PARTS, tokenWeights, placeWeights, unigram, specialIds = [] } = options;
  const parts = partsOf(who, names);
  const [vocabularySize] = encoder.wordEmbedding.shape;
  if (tokenWeights) checkValues(who, { tokenWeights }, { length: vocabularySize, what: 'the size of the vocabulary', least: 0 });
  if (unigram) checkValues(who, { unigram }, { length: vocabularySize, what: 'the size of the vocabulary', least: 0 });
  if (placeWeights) checkValues(who, { placeWeights }, { least: 0 });
  const badId = specialIds.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  if (badId !== undefined)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`specialIds\` must be integers in [0, ${vocabularySize}), got ${badId}`);
  const counted = new Float32Array(vocabularySize).fill(1);
  for (const id of specialIds) counted[id] = 0;
  const weights = tokenWeights?.map((weight, id) => weight * counted[id]!) ?? counted;
  const places = Float32Array.of(...(placeWeights ?? []), 1); // of the first places, and of all behind them
  /** The part of each token in the mean over all text, `[vocabularySize]`, as this pooling weighs tokens. */
  const partsOfText = (own: Float32Array): Float32Array | undefined => {
    const parts = unigram?.map((part, id) => part * own[id]!);
    const sum = Math.max(parts?.reduce((total, part) => total + part, 0) ?? 0, NO_TOKENS);
    return parts?.map((part) => part / sum);
  };
  const ofAllText = { mean: partsOfText(counted), weighted: partsOfText(weights), first: undefined };
  const firstOf = (states: tf.Tensor3D) => {
    const [batch, , width] = states.shape;
    return tf.reshape<tf.Rank.R2>(tf.slice(states, [0, 0, 0], [batch, 1, width]), [batch, width]);
  };
  return (sequences: TokenSequences, apply: ApplyOptions): tf.Tensor2D[] => {
    const { tokenIds } = sequences;
    const present = presentTokens(sequences);
    const counts = tf.mul<tf.Tensor2D>(present, tf.gather(tf.tensor1d(counted), tokenIds)); // [batch, length]
    const weighted = (): tf.Tensor2D => {
      const own = tf.mul<tf.Tensor2D>(present, tf.gather(tf.tensor1d(weights), tokenIds));
      if (places.length === 1) return own;
      const place = tf.minimum(tf.cumsum(counts, 1, true), places.length - 1); // of the tokens that count, from 0
      return tf.mul(own, tf.gather(tf.tensor1d(places), tf.cast(place, 'int32')));
    };
    let [words, states]: (tf.Tensor3D | undefined)[] = [];
    return parts.map(({ source, pooling }) => {
      const rows =
        source === 'top'
          ? (states ??= encoder.encode(sequences, apply)) // [batch, length, width]
          : (words ??= tf.gather(encoder.wordEmbedding, tokenIds) as tf.Tensor as tf.Tensor3D); // [batch, length, embeddingDim]
      const read = pooling === 'first' ? firstOf(rows) : weightedMean(rows, pooling === 'mean' ? counts : weighted());
      const common = source === 'embedding' ? ofAllText[pooling] : undefined;
      if (!common) return read;
      return tf.sub<tf.Tensor2D>(read, tf.matMul(tf.tensor2d(common, [1, vocabularySize]), encoder.wordEmbedding)); // [batch, embeddingDim]
    });
  };
}

/**
 * Reads an encoder of tokens as one of texts: some of its word embedding and of its last layer, each as one row, in a row.
 *
 * The embeddings of a small network know more about the topic than its last layer, which has learned to guess words; together they know most.
 *
 * @param encoder whose variables it shares; disposing the readout disposes nothing
 * @param options see {@link TokenReadoutOptions}. `['top/first']` and `['top/mean']` are what BERT and Sentence-BERT read, but for their length; `['top/first',
 * 'top/mean']` is both
 * @returns see {@link TokenReadout}; each part of a row has length 1, so that none outweighs another, or 0 for a text without any token that counts
 * @throws SelfsupError `SELFSUP_OPTION` on an unknown part, or an option out of range; from `read` what the encoder throws
 * @see Arora et al.: "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", https://openreview.net/forum?id=SyK00v5xx, for weighted means of word
 * vectors without their common part
 * @remarks The word embedding is read as it is, without positions and norm. Gradients flow through all parts; weights and `unigram` are constants.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { bertTiny, ppmiEmbeddings, tokenReadout } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const documents = [[5, 6, 7], [5, 6, 8], [9, 10, 7], [9, 10, 8]];
 * const { tokenWeights, placeWeights } = await ppmiEmbeddings(documents, { vocabularySize: 11, dim: 128, minDocuments: 1 });
 * const readout = tokenReadout(bertTiny({ vocabularySize: 11 })(createRng(0)), { tokenWeights, placeWeights, specialIds: [0, 1, 2] });
 * const features = readout.apply(tf.tensor2d([[1, 5, 6, 2]], [1, 4], 'int32'), { training: false }); // [1, 128 + 128]
 * ```
 */
export function tokenReadout(encoder: ReadableTokenEncoder, options: TokenReadoutOptions = {}): TokenReadout {
  const readParts = partsReader(encoder, options);
  const read: TokenReadout['read'] = (sequences, apply) =>
    tf.tidy(() => {
      const parts = readParts(sequences, apply).map((part) => l2Normalize(part));
      return parts.length === 1 ? parts[0]! : tf.concat(parts, 1);
    });
  return {
    trainable: encoder.trainable,
    buffers: encoder.buffers,
    read,
    apply: (tokenIds, apply) => read({ tokenIds }, apply),
    dispose() {
      // the variables are the encoder's
    },
  };
}
