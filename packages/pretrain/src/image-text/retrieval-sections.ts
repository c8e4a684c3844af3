import { countOf, createRng, drawPermutation } from '@selfsup/core';
import { nearestNeighbors, type FeatureMatrix } from '@selfsup/evaluate';
import { takeFeatures } from '../take-features.ts';
import { showImages } from '../image/thumbnails.ts';
import type { ProbeContext } from '../modality.ts';
import type { GalleryItem, Section } from '../section.ts';
import { encodePairs, type EncodedPairs } from './encode-pairs.ts';
import type { ImageTextOptions } from './image-text-options.ts';
import { encodersOf, recallOf, searchedPairs } from './image-text-probes.ts';
import type { ImageTextRunData } from './image-text-run-data.ts';

const QUERIES = 10;
/** What is shown of each search: as much as fits into a line of the page. */
const FOUND = { images: 4, texts: 3 } as const;

/** For some queries the nearest candidates, with the cosine and whether they belong to it. */
async function search(
  queries: FeatureMatrix,
  candidates: FeatureMatrix,
  { rows, relevant, count }: { rows: readonly number[]; relevant: readonly (readonly number[])[]; count: number },
) {
  const { k, indices, cosines } = await nearestNeighbors(takeFeatures(queries, rows), candidates, { k: count });
  return rows.map((query, i) =>
    Array.from({ length: k }, (_, j) => {
      const row = indices[i * k + j]!;
      return {
        row,
        caption: cosines[i * k + j]!.toFixed(2),
        mark: relevant[query]!.includes(row) ? ('same' as const) : ('other' as const),
      };
    }),
  );
}

/** Texts with the pictures found for them, and pictures with the texts. */
async function galleries(encoded: EncodedPairs, seed: number): Promise<readonly Section[]> {
  const { samples, images, imageFeatures, texts, textFeatures, imagesOf, textsOf } = encoded;
  const chosen = (count: number, what: string) => [...drawPermutation(createRng(seed).fold(what), count).slice(0, QUERIES)];
  const [asked, shown] = [chosen(texts.length, 'texts'), chosen(images.length, 'images')];
  const found = await search(textFeatures, imageFeatures, { rows: asked, relevant: imagesOf, count: FOUND.images });
  const named = await search(imageFeatures, textFeatures, { rows: shown, relevant: textsOf, count: FOUND.texts });
  const pictures = await showImages(samples, [...found.flat().map(({ row }) => images[row]!), ...shown.map((row) => images[row]!)]);
  let next = 0;
  const byText = found.map((hits, i): GalleryItem[] => [
    { text: texts[asked[i]!]! },
    ...hits.map(({ caption, mark }): GalleryItem => ({ ...pictures[next++]!, caption, mark })),
  ]);
  const byImage = named.map((hits): GalleryItem[] => [
    pictures[next++]!,
    ...hits.map(({ row, caption, mark }): GalleryItem => ({ text: texts[row]!, caption, mark })),
  ]);
  const marks = 'A mark says whether the two belong together in the data; what fits as well and is of another pair counts as wrong.';
  const among = `Among ${countOf(images.length, 'images')} and ${countOf(texts.length, 'texts')} to judge by, which training never saw.`;
  return [
    {
      kind: 'gallery',
      title: 'Images found by texts',
      text: `On the left a text; beside it the images that lie nearest to it, with the cosine of their features. ${among} ${marks}`,
      rows: byText,
    },
    {
      kind: 'gallery',
      title: 'Texts found by images',
      text: `On the left an image; beside it the texts that lie nearest to it.`,
      rows: byImage,
    },
  ];
}

/**
 * What the report of a run on images with texts has of its own: recall at 1, 5 and 10 in both directions, texts with the pictures found, and pictures with the texts.
 *
 * @param context see {@link ProbeContext}
 * @returns the sections; none without pairs to judge by
 */
export async function retrievalSections(context: ProbeContext<ImageTextRunData, ImageTextOptions>): Promise<readonly Section[]> {
  const pairs = searchedPairs(context);
  if (!pairs || pairs.length < 2) return [];
  const encoded = await encodePairs(pairs, encodersOf(context), { ...context.encoding, stage: 'Encoding pairs (report)' });
  const recall = await recallOf(encoded);
  const { images, texts } = encoded;
  const percent = (value: number) => `${value.toFixed(1)} %`;
  const row = (title: string, name: string, relevant: readonly (readonly number[])[], among: number) => [
    title,
    ...[1, 5, 10].map((rank) => percent(recall[`${name}${rank}`] ?? 0)),
    percent((100 * relevant.reduce((sum, own) => sum + own.length, 0)) / relevant.length / among),
  ];
  return [
    {
      kind: 'table',
      title: 'Retrieval',
      text: `How often something that belongs to a query is among the nearest 1, 5 and 10 of ${countOf(images.length, 'images')} or ${countOf(texts.length, 'texts')}.`,
      columns: ['', 'recall@1', 'recall@5', 'recall@10', 'recall@1 by chance'],
      rows: [
        row('images by their texts', 'imageRecall', encoded.imagesOf, images.length),
        row('texts by their images', 'textRecall', encoded.textsOf, texts.length),
      ],
    },
    ...(await galleries(encoded, context.settings.seed)),
  ];
}
