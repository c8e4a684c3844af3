import { nextTurn } from '@selfsup/core';
import { shardRange, type Shard } from '@selfsup/distributed';
import { createHash } from 'node:crypto';
import type { SamplesPart } from '../../embed-samples.ts';
import type { Samples } from '../../samples.ts';

/** Samples that a job is divided over, as every one of its processes sees them. */
export interface SamplesListing {
  /** What is opened, in order. */
  readonly parts: readonly SamplesPart[];
  /** How many samples in all. */
  readonly samples: number;
  /** The sha256 of their names, texts and labels, in order: processes with the same one see the same list. What files hold is not read. */
  readonly fingerprint: string;
}

/** Names or texts that are hashed at once. */
const PIECE = 10_000;

/**
 * Lists samples, so that each process of a job can take its share of them.
 *
 * @param parts opened one after the other, and kept open
 * @returns see {@link SamplesListing}
 */
export async function listSamples(parts: AsyncIterable<SamplesPart> | Iterable<SamplesPart>): Promise<SamplesListing> {
  const opened: SamplesPart[] = [];
  const hash = createHash('sha256');
  let count = 0;
  for await (const part of parts) {
    opened.push(part);
    const { length, ids, labels, classNames, texts } = part.samples as Samples & { readonly texts?: readonly string[] };
    count += length;
    hash.update(JSON.stringify([part.split ?? null, length, classNames ?? null, ids !== undefined, texts !== undefined]));
    for (const names of [ids, texts])
      for (let first = 0; names && first < names.length; first += PIECE) {
        hash.update(JSON.stringify(names.slice(first, first + PIECE)));
        await nextTurn();
      }
    if (labels) hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return { parts: opened, samples: count, fingerprint: hash.digest('hex') };
}

/**
 * The share of one process: neighbors in the listing, in whole batches, so that each sample is computed beside the same others whoever computes it.
 *
 * @param listing from {@link listSamples}
 * @param shard which share, of how many
 * @param batchSizeOf how many samples of a part are computed together
 * @returns what of the parts belongs to it; nothing where there are more shares than batches
 */
export function shareOfSamples(
  { parts }: Pick<SamplesListing, 'parts'>,
  shard: Pick<Shard, 'index' | 'count'>,
  batchSizeOf: (samples: Samples) => number,
): SamplesPart[] {
  const batches = parts.map(({ samples }) => Math.ceil(samples.length / batchSizeOf(samples)));
  const [first, end] = shardRange(batches.reduce((sum, of) => sum + of, 0), shard); // prettier-ignore
  let before = 0;
  return parts.flatMap((part, i) => {
    const size = batchSizeOf(part.samples);
    const [from, to] = [first, end].map((batch) => Math.min(Math.max(0, batch - before) * size, part.samples.length)) as [number, number];
    before += batches[i]!;
    return to > from ? [{ ...part, indices: Int32Array.from({ length: to - from }, (_, j) => from + j) }] : [];
  });
}
