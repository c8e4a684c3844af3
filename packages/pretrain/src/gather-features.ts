import { SelfsupError } from '@selfsup/core';
import { joinFeatures } from '@selfsup/evaluate';
import type { Features } from './modality.ts';

/**
 * The rows of one batch after the other.
 *
 * @param batches such as `encodeBatches` of a modality gives
 * @returns all rows; undefined when there is none
 */
export async function joinBatches(batches: AsyncIterable<Features>): Promise<Features | undefined> {
  const parts: Features[] = [];
  for await (const part of batches) parts.push(part);
  if (parts.length === 0) return undefined;
  const indices = new Int32Array(parts.reduce((sum, part) => sum + part.indices.length, 0));
  let at = 0;
  for (const part of parts) {
    indices.set(part.indices, at);
    at += part.indices.length;
  }
  return { ...joinFeatures(parts), indices };
}

/**
 * All features of batches, for those who need them at once.
 *
 * @param batches such as `encodeBatches` of a modality gives
 * @param name of the samples, for messages
 * @returns the rows of one batch after the other
 * @throws SelfsupError `SELFSUP_DATA` when there is no row
 */
export async function gatherFeatures(batches: AsyncIterable<Features>, name: string): Promise<Features> {
  const joined = await joinBatches(batches);
  if (!joined) throw new SelfsupError('SELFSUP_DATA', `${name} must have at least one sample that can be encoded, got none`);
  return joined;
}
