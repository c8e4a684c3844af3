import { SelfsupError } from '@selfsup/core';
import type { TokenDataset, Tokenizer } from '@selfsup/data/text';
import { tokenStatistics, type TokenStatistics } from '@selfsup/encoders';
import { z } from 'zod';
import { createCrc32 } from '../crc-32.ts';

/** The file of a run that says how frequent its tokens are, and how much each says. */
export const COUNTS_FILE = 'token-counts.json';

const CHUNK = 1024;

const countsSchema = z.strictObject({
  tokenWeights: z.array(z.number().min(0)),
  placeWeights: z.array(z.number().min(0)),
  unigram: z.array(z.number().min(0)),
});

/**
 * The sequences of a data set without their filling, as documents.
 *
 * @param dataset the sequences
 * @returns the ids of each, special tokens included
 */
export async function* documentsOf(dataset: TokenDataset): AsyncGenerator<Int32Array> {
  for (let first = 0; first < dataset.length; first += CHUNK) {
    const size = Math.min(CHUNK, dataset.length - first);
    const { tokenIds, attentionMask, shape } = await dataset.read(Array.from({ length: size }, (_, i) => first + i));
    for (let row = 0; row < shape[0]; row++) {
      const from = row * shape[1];
      yield tokenIds.subarray(from, from + attentionMask.subarray(from, from + shape[1]).lastIndexOf(1) + 1);
    }
  }
}

/** Sequences that {@link shortShareOf} and {@link contentOf} look at. */
const LOOKED_AT = 10_000;

/** The part of the sequences with fewer than two tokens, special ones not counted; of the first 10,000. */
export async function shortShareOf(dataset: TokenDataset, { specialIds }: Pick<Tokenizer, 'specialIds'>): Promise<number> {
  const special = new Set(specialIds);
  let [looked, short] = [0, 0];
  for await (const ids of documentsOf(dataset)) {
    if (looked === LOOKED_AT) break;
    looked++;
    if (ids.reduce((count, id) => count + Number(!special.has(id)), 0) < 2) short++;
  }
  return looked === 0 ? 0 : short / looked;
}

/** A checksum of the first 10,000 sequences of each part, to know them again. */
export async function contentOf(parts: readonly (TokenDataset | undefined)[]): Promise<string> {
  const sum = createCrc32();
  for (const part of parts) {
    let looked = 0;
    if (part)
      for await (const ids of documentsOf(part)) {
        if (looked++ === LOOKED_AT) break;
        sum.add(new TextEncoder().encode(`${ids.join(' ')}\n`));
      }
  }
  return sum.digest();
}

/** Four digits are more than counts of a sample are worth. */
const rounded = (values: Float32Array): number[] => Array.from(values, (value) => Number(value.toPrecision(4)));

/**
 * Counts the tokens of the training text.
 *
 * @param dataset the sequences
 * @param tokenizer what made the ids: special tokens do not count, and WordPieces that go on with a word have no weight, since alone they say little
 * @returns the text of {@link COUNTS_FILE}
 */
export async function countsFile(
  dataset: TokenDataset,
  { kind, specialIds, isContinuation }: Pick<Tokenizer, 'kind' | 'specialIds' | 'isContinuation'>,
): Promise<string> {
  const { tokenWeights, placeWeights, unigram } = await tokenStatistics(documentsOf(dataset), {
    vocabularySize: dataset.vocabularySize,
    ignoredIds: specialIds,
  });
  return JSON.stringify({
    tokenWeights: rounded(tokenWeights.map((weight, id) => (kind === 'word-piece' && isContinuation(id) ? 0 : weight))),
    placeWeights: rounded(placeWeights),
    unigram: rounded(unigram),
  });
}

/**
 * Reads {@link COUNTS_FILE}.
 *
 * @param files the files of the run by name
 * @param vocabularySize how many tokens there are
 * @returns what `tokenReadout` weighs by
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is not there, or damaged
 */
export function readCounts(files: Readonly<Record<string, string>>, vocabularySize: number): TokenStatistics {
  const content = files[COUNTS_FILE];
  let parsed: unknown;
  try {
    parsed = content === undefined ? undefined : JSON.parse(content);
  } catch {
    parsed = undefined;
  }
  const result = countsSchema.safeParse(parsed);
  if (!result.success || result.data.tokenWeights.length !== vocabularySize || result.data.unigram.length !== vocabularySize)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${COUNTS_FILE} of the run is ${content === undefined ? 'not there' : 'damaged'}, and its readout weighs tokens by it; restore it, use the readout global, or train again`,
    );
  const { tokenWeights, placeWeights, unigram } = result.data;
  return {
    tokenWeights: Float32Array.from(tokenWeights),
    placeWeights: Float32Array.from(placeWeights),
    unigram: Float32Array.from(unigram),
  };
}
