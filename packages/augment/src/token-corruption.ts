import { SelfsupError, type Rng } from '@selfsup/core';

/** Token sequences of one length, in memory that the host reads; some of their places may be filling. */
export interface FilledRows {
  /** `batch · length` ids, one sequence after another. */
  readonly tokenIds: Int32Array;
  /** `batch · length`: 1 where there is a token and 0 where there is filling; default all tokens. */
  readonly attentionMask?: ArrayLike<number>;
  /** Places of a sequence. */
  readonly length: number;
}

/** Sequences of different lengths are filled up to a multiple of it, so that batches have few shapes. */
const STRIDE = 8;

/** The ids of each sequence without its filling. Refuses ids that are not rows of `length`. Internal. */
export function sequencesOf(who: string, { tokenIds, attentionMask, length }: FilledRows): Int32Array[] {
  if (!Number.isSafeInteger(length) || length < 1 || tokenIds.length === 0 || tokenIds.length % length !== 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`tokenIds\` must be rows of \`length\` ids, got ${tokenIds.length} ids and length ${length}`,
    );
  if (attentionMask && attentionMask.length !== tokenIds.length)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`attentionMask\` must have ${tokenIds.length} values like \`tokenIds\`, got ${attentionMask.length}`,
    );
  return Array.from({ length: tokenIds.length / length }, (_, row) =>
    tokenIds.subarray(row * length, (row + 1) * length).filter((_id, at) => attentionMask?.[row * length + at] !== 0),
  );
}

/**
 * Sequences of different lengths as rows of one, at least 1 and, up to `most`, a multiple of 8. Internal.
 *
 * @param rows the sequences
 * @param options `fill`: what fills them up; `most`: no row is longer for the sake of a multiple
 * @returns the ids and the length of the rows
 */
export function fillUp(rows: readonly ArrayLike<number>[], options: { fill: number; most: number }): { ids: Int32Array; length: number } {
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 1);
  const length = Math.max(longest, Math.min(Math.ceil(longest / STRIDE) * STRIDE, options.most));
  const ids = new Int32Array(rows.length * length).fill(options.fill);
  rows.forEach((row, i) => {
    ids.set(row, i * length);
  });
  return { ids, length };
}

/** A set of special ids, checked. Internal. */
export function specialSet(who: string, named: Readonly<Record<string, readonly number[]>>): ReadonlySet<number> {
  for (const [name, ids] of Object.entries(named))
    for (const id of ids)
      if (!Number.isSafeInteger(id) || id < 0)
        throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be integers >= 0, got ${id}`);
  return new Set(Object.values(named).flat());
}

/** Rows of one length with where their tokens are. */
export interface ShortenedRows {
  /** `batch · length` ids. */
  readonly tokenIds: Int32Array;
  /** `batch · length`: 1 where there is a token, 0 where there is filling. */
  readonly attentionMask: Int32Array;
  /** Places of a sequence: as few as the longest needs, up to the next multiple of 8. */
  readonly length: number;
}

/** {@link fillUp} with a mask. Internal. */
export function shortenedRows(rows: readonly ArrayLike<number>[], options: { fill: number; most: number }): ShortenedRows {
  const { ids, length } = fillUp(rows, options);
  const attentionMask = new Int32Array(ids.length);
  rows.forEach((row, i) => attentionMask.fill(1, i * length, i * length + row.length));
  return { tokenIds: ids, attentionMask, length };
}

/**
 * Takes tokens out of sequences. Sequence i of n is changed by `rng.row(i, n)`; the same `rng` gives the same result. The input is left as it is.
 */
export type TokenDeletion = (rows: FilledRows, rng: Rng) => ShortenedRows;

/** Sequences with spans taken out, and what is to be said about them. */
export interface CorruptedSpans extends ShortenedRows {
  /** What a decoder reads: the start, then the answer without its end; `batch · targetLength` ids. */
  readonly decoderIds: Int32Array;
  /** What it says at each of these places: sentinels, each with the tokens it stands for, then the end; −1 behind it. */
  readonly labels: Int32Array;
  /** Places of an answer. */
  readonly targetLength: number;
}

/**
 * Takes spans out of sequences. Sequence i of n is changed by `rng.row(i, n)`; the same `rng` gives the same result. The input is left as it is.
 */
export type SpanCorruption = (rows: FilledRows, rng: Rng) => CorruptedSpans;
