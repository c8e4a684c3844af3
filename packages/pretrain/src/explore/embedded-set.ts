import { SelfsupError } from '@selfsup/core';
import { joinFeatures, type FeatureMatrix } from '@selfsup/evaluate';
import { describeSample, type EmbeddedSample, type SamplesPart } from '../embed-samples.ts';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { GalleryItem } from '../section.ts';

/** Samples with their features in memory, by row, to be searched and sorted. */
export interface EmbeddedSet {
  /** `[rows]`: what each stands for. */
  readonly items: readonly EmbeddedSample[];
  /** Float32 `[rows, dim]`. */
  readonly features: FeatureMatrix;
  /** The parts that the samples are in. */
  readonly parts: readonly SamplesPart[];
  /** `[rows]`: the part of each. */
  readonly partOf: Int32Array;
}

/**
 * Embeds all samples of some parts.
 *
 * @param encoder from `loadEncoder`
 * @param parts what to embed
 * @param options `signal` stops before the next batch
 * @returns see {@link EmbeddedSet}; samples that cannot be read are left out
 * @throws SelfsupError `SELFSUP_DATA` when not one can be read, `SELFSUP_NON_FINITE` when a feature is not finite
 */
export async function embedSet(
  encoder: Pick<LoadedEncoder, 'encodeBatches'>,
  parts: AsyncIterable<SamplesPart> | Iterable<SamplesPart>,
  options: { signal?: AbortSignal } = {},
): Promise<EmbeddedSet> {
  const items: EmbeddedSample[] = [];
  const features: FeatureMatrix[] = [];
  const opened: SamplesPart[] = [];
  const partOf: number[] = [];
  for await (const part of parts) {
    const stage = `Encoding ${part.split === undefined ? '' : `${part.split} `}samples`;
    for await (const { data, shape, indices } of encoder.encodeBatches(part.samples, {
      stage,
      ...(part.indices && { indices: part.indices }),
      ...options,
    })) {
      features.push({ data, shape });
      for (const index of indices) {
        items.push(describeSample(part, index));
        partOf.push(opened.length);
      }
    }
    opened.push(part);
  }
  if (items.length === 0) throw new SelfsupError('SELFSUP_DATA', 'there is not one sample that can be read; check the files');
  return { items, features: joinFeatures(features), parts: opened, partOf: Int32Array.from(partOf) };
}

/**
 * The rows of one set after those of another.
 *
 * @param first its rows come first
 * @param second of as many columns
 * @returns a set of both
 */
export function joinSets(first: EmbeddedSet, second: EmbeddedSet): EmbeddedSet {
  return {
    items: [...first.items, ...second.items],
    features: joinFeatures([first.features, second.features]),
    parts: [...first.parts, ...second.parts],
    partOf: Int32Array.of(...first.partOf, ...second.partOf.map((part) => part + first.parts.length)),
  };
}

/** Rows of a set by their part, each with its index there. Internal. */
export function rowsByPart({ parts, partOf }: EmbeddedSet, rows: readonly number[]): { part: SamplesPart; places: number[] }[] {
  return parts
    .map((part, number) => ({ part, places: [...rows.keys()].filter((place) => partOf[rows[place]!] === number) }))
    .filter(({ places }) => places.length > 0);
}

/**
 * Pictures or texts of rows of a set.
 *
 * @param encoder whose modality shows them
 * @param set where they are
 * @param rows which
 * @returns one item per row, without a caption
 */
export async function showRows(
  { modality }: Pick<LoadedEncoder, 'modality'>,
  set: EmbeddedSet,
  rows: readonly number[],
): Promise<GalleryItem[]> {
  const shown = rows.map((row): GalleryItem => ({ text: set.items[row]!.text ?? set.items[row]!.file ?? `${set.items[row]!.index}` }));
  if (!modality.show) return shown;
  for (const { part, places } of rowsByPart(set, rows)) {
    if ('texts' in part.samples) continue; // they show themselves, also where the modality is of something else
    const indices = places.map((place) => set.items[rows[place]!]!.index);
    for (const [i, item] of (await modality.show(part.samples, indices)).entries()) shown[places[i]!] = item;
  }
  return shown;
}

/** What a row is called in a table: its file, text, or part and number. */
export function nameOfItem({ file, text, split, index }: EmbeddedSample): string {
  return file ?? text ?? `${split === undefined ? '' : `${split} `}${index}`;
}
