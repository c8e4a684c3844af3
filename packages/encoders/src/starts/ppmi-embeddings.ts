import { createRng, drawNormal, SelfsupError, type Rng } from '@selfsup/core';
import { checkIntegers } from '../layers/check-option.ts';
import { coOccurrence } from './co-occurrence.ts';
import { ppmiMatrix } from './ppmi-matrix.ts';
import { countDocuments, idfOf, tokenWeightsOf, unigramOf, type TokenDocuments } from './token-documents.ts';
import { randomRotation, rotateRows } from './random-rotation.ts';
import { multiply, truncatedSvd, type TruncatedSvd } from './truncated-svd.ts';

/** Options of {@link ppmiEmbeddings}. */
export interface PpmiEmbeddingsOptions {
  /** Every id is below; rows of the embeddings. */
  vocabularySize: number;
  /** Columns of the embeddings: the encoder's `embeddingDim`. */
  dim: number;
  /** Ids that do not count: `[PAD]`, `[CLS]`, `[UNK]` … ; default none. */
  ignoredIds?: readonly number[];
  /** Tokens of fewer documents have no embedding of their own, ≥ 1; default 2. */
  minDocuments?: number;
  /**
   * So many of the most frequent tokens are decomposed, ≥ 1; default 8,000. The others with `minDocuments` are placed among them by their own row of
   * the matrix.
   */
  maxTokens?: number;
  /** Tokens stand together when they are at most so many tokens apart, weighted by 1 / distance; default: when they are in the same document. */
  window?: number;
  /** The power of the contexts' frequencies, in [0, 1]; default 0.75. */
  smoothing?: number;
  /** Rows are divided by this power of their length, in [0, 1]: 1 makes all of them as long, 0 leaves them; default 0.5, where rare tokens are a little shorter. */
  lengthPower?: number;
  /** How often the subspace goes through the matrix, ≥ 1; default 3. */
  iterations?: number;
  /** Columns that are iterated beside `dim`, ≥ 0; default 10. */
  oversampling?: number;
  /** Where the subspace and the rows without counts start; default 0. */
  seed?: number;
  /** Told after some rows of the matrix, counted or multiplied, once the documents are read; at the end `rows` is `totalRows`. */
  onProgress?: (progress: { readonly rows: number; readonly totalRows: number }) => void;
  /** Stops the work; the promise is rejected with the signal's reason then. */
  signal?: AbortSignal;
}

/** What {@link ppmiEmbeddings} finds in text. */
export interface PpmiEmbeddings {
  /** `[vocabularySize, dim]` row-major; the mean square length of the rows that were counted is 1. */
  readonly embeddings: Float32Array;
  /** `[vocabularySize]`: log((documents + 1) / (documents with the token + 1)); 0 for tokens that have no embedding of their own. */
  readonly idf: Float32Array;
  /** `[vocabularySize]`: √idf · n/(n + 1) of a token in n documents, by which a text's mean of its tokens is weighted. */
  readonly tokenWeights: Float32Array;
  /** `[8]`: how much more than those behind them the first tokens of a text say, ≥ 1: about 1 where texts begin anywhere, up to 5 for questions. */
  readonly placeWeights: Float32Array;
  /** `[vocabularySize]`: the part of all tokens, each counted half a time more than it occurs; 0 for ignored ones. The sum is 1. */
  readonly unigram: Float32Array;
  /** `[dim or fewer]`: the singular values, decreasing. */
  readonly singularValues: Float64Array;
}

/** The length of rows that were drawn, beside about 1 of those that were counted. */
const DRAWN_LENGTH = 0.5;

function checkOptions(options: PpmiEmbeddingsOptions): void {
  const {
    vocabularySize,
    dim,
    minDocuments = 2,
    maxTokens = 8000,
    iterations = 3,
    window = 1,
    smoothing = 0.75,
    lengthPower = 0.5,
    oversampling = 10,
  } = options;
  checkIntegers('ppmiEmbeddings', { vocabularySize, dim, minDocuments, maxTokens, iterations, window });
  for (const [name, value] of Object.entries({ smoothing, lengthPower }))
    if (!(value >= 0 && value <= 1))
      throw new SelfsupError('SELFSUP_OPTION', `ppmiEmbeddings: \`${name}\` must be in [0, 1], got ${value}`);
  if (!Number.isInteger(oversampling) || oversampling < 0)
    throw new SelfsupError('SELFSUP_OPTION', `ppmiEmbeddings: \`oversampling\` must be an integer >= 0, got ${oversampling}`);
}

/** `[rows, rank]`: U·√S of the square part, and of the rest its rows · right / √S. */
function rootScaled(scaledLeft: Float32Array, values: Float64Array): Float32Array {
  const rank = values.length;
  return scaledLeft.map((value, i) => value / Math.sqrt(values[i % rank]!));
}

/** Writes rows into the table, each divided by a power of its length; gives the ids of those that are not zeros. */
function placeRows(
  table: Float32Array,
  rows: Float32Array,
  { dim, rank, ids, lengthPower }: { dim: number; rank: number; ids: Int32Array; lengthPower: number },
): number[] {
  const placed: number[] = [];
  for (const [row, id] of ids.entries()) {
    const from = rows.subarray(row * rank, (row + 1) * rank);
    const squares = from.reduce((sum, value) => sum + value * value, 0);
    if (squares === 0) continue;
    placed.push(id);
    const scale = squares ** (-lengthPower / 2);
    for (const [k, value] of from.entries()) table[id * dim + k] = value * scale;
  }
  return placed;
}

/** Brings the mean square length of some rows to 1, and draws all others. */
function completeTable(table: Float32Array, { dim, placed, rng }: { dim: number; placed: readonly number[]; rng: Rng }): void {
  const squares = table.reduce((sum, value) => sum + value * value, 0);
  const scale = Math.sqrt(placed.length / squares);
  const drawn = drawNormal(rng, table.length, { standardDeviation: DRAWN_LENGTH / Math.sqrt(dim) });
  const isPlaced = new Uint8Array(table.length / dim);
  for (const id of placed) isPlaced[id] = 1;
  for (let i = 0; i < table.length; i++) table[i] = isPlaced[Math.floor(i / dim)] ? table[i]! * scale : drawn[i]!;
}

/**
 * Token embeddings from the text itself, in seconds and without gradients: the truncated singular value decomposition of the tokens' positive pointwise mutual
 * information.
 *
 * With C[i, j] the number of documents that have both tokens, the diagonal left out, s the sums of its rows and q ∝ s^0.75:
 * P[i, j] = max(0, log(C[i, j] / (s[i] · q[j]))), P ≈ U·S·Vᵀ, and the embeddings are the rows of U·√S, each divided by the root of
 * its length, in coordinates that are drawn: a rotation changes no product of two rows, and no column is left with hardly any variance, which a probe that
 * standardizes columns would blow up.
 *
 * @param documents the unlabeled text as token ids, each an integer in [0, vocabularySize); an array, a generator or an async one, read once and kept in memory
 * @param options see {@link PpmiEmbeddingsOptions}
 * @returns see {@link PpmiEmbeddings}; the same for the same text and seed, on any backend. Tokens that do not count, or stand together with no other one more
 * often than by chance, get a row drawn from a normal distribution, of length 0.5
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; `SELFSUP_DATA` on an id out of range or when no two tokens stand together
 * @see Levy, Goldberg: "Neural Word Embedding as Implicit Matrix Factorization", https://arxiv.org/abs/1405.4053; Levy, Goldberg, Dagan: "Improving
 * Distributional Similarity with Lessons Learned from Word Embeddings", https://aclanthology.org/Q15-1016, for the 0.75 and the √S; Halko, Martinsson, Tropp:
 * "Finding structure with randomness", https://arxiv.org/abs/0909.4061, for the decomposition
 * @remarks Levy and Goldberg count within windows of a few tokens; whole documents say more about topics. Counts and products are sparse and run outside of
 * the backend: nothing of size vocabularySize² is held. The singular values of a matrix whose spectrum falls slowly are a little too small after 3 iterations;
 * the subspace serves all the same.
 * @example
 * ```ts
 * import { ppmiEmbeddings } from '@selfsup/encoders';
 * const documents = [[5, 6, 7], [5, 6, 8], [9, 10, 7], [9, 10, 8]];
 * const { embeddings } = await ppmiEmbeddings(documents, { vocabularySize: 11, dim: 2, minDocuments: 1 }); // [11, 2]
 * ```
 */
export async function ppmiEmbeddings(documents: TokenDocuments, options: PpmiEmbeddingsOptions): Promise<PpmiEmbeddings> {
  checkOptions(options);
  const { vocabularySize, dim, ignoredIds = [], minDocuments = 2, maxTokens = 8000, window, smoothing = 0.75, lengthPower = 0.5 } = options;
  const { iterations = 3, oversampling = 10, seed = 0, onProgress, signal } = options;
  const rng = createRng(seed).fold('ppmi');
  const counted = await countDocuments(documents, { who: 'ppmiEmbeddings', vocabularySize, ignoredIds, minDocuments, signal });
  const { ranked } = counted;
  const columns = Math.min(ranked.length, maxTokens);
  // each row is counted, and those of the square go through 2 · iterations + 1 products, the others through one
  const totalRows = 2 * ranked.length + 2 * iterations * columns;
  let rows = 0;
  const onRows = (more: number) => {
    onProgress?.({ rows: (rows += more), totalRows });
  };
  const { square, transposed, rest } = await ppmiMatrix(coOccurrence(counted, { columns, window }), { smoothing, signal, onRows });
  if (square.values.length === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `ppmiEmbeddings: no two tokens stand together more often than by chance: of ${counted.numDocuments} documents ${ranked.length} tokens are in at least ${minDocuments} (\`minDocuments\`); give more documents, or longer ones`,
    );
  const svd: TruncatedSvd = await truncatedSvd(square, {
    transposed,
    rank: dim,
    oversampling,
    iterations,
    rng: rng.fold('subspace'),
    onRows,
    ...(signal && { signal }),
  });
  const rank = svd.values.length;
  const folded = await multiply(rest, svd.right, { width: rank, signal, onRows }); // [rows - columns, rank]
  const embeddings = new Float32Array(vocabularySize * dim);
  const shape = { dim, rank, lengthPower };
  const placed = [
    ...placeRows(embeddings, rootScaled(svd.scaledLeft, svd.values), { ...shape, ids: ranked.subarray(0, columns) }),
    ...placeRows(embeddings, rootScaled(folded, svd.values), { ...shape, ids: ranked.subarray(columns) }),
  ];
  rotateRows(embeddings, randomRotation(dim, rng.fold('rotation')));
  completeTable(embeddings, { dim, placed, rng: rng.fold('rows') });
  const idf = idfOf(counted, minDocuments);
  return {
    embeddings,
    idf,
    tokenWeights: tokenWeightsOf(counted, minDocuments),
    placeWeights: counted.placeWeights,
    unigram: unigramOf(counted, ignoredIds),
    singularValues: svd.values,
  };
}
