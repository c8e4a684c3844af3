import { countOf } from '@selfsup/core';
import type { LoadedEncoder } from '../load-encoder.ts';
import type { GalleryItem, ReportData } from '../section.ts';
import { nameOfItem, showRows, type EmbeddedSet } from './embedded-set.ts';
import type { Duplicates } from './find-duplicates.ts';
import type { Outlier } from './find-outliers.ts';
import type { SearchHit } from './search-set.ts';
import type { SelectedSample, SelectionMethod } from './select-samples.ts';

/** What every page is drawn from. */
export interface ExploreReportContext {
  /** Whose modality shows samples. */
  readonly encoder: Pick<LoadedEncoder, 'modality' | 'origin'>;
  /** The samples. */
  readonly set: EmbeddedSet;
  /** What the samples are called, such as `photos`. */
  readonly name: string;
}

/** Pictures on a page, at most: in all, of one group, and in a row of a grid. */
const [MOST_ROWS, MOST_IN_ROW, ACROSS] = [100, 12, 10];

/** The end of a path: what fits below a picture. */
function short(name: string): string {
  const end = name.split(/[\\/]/).at(-1)!;
  return end.length > 20 ? `…${end.slice(-19)}` : end;
}

/** Rows as pictures with captions: the name, the class, and what is said of each. */
async function picturesOf(
  { encoder, set }: ExploreReportContext,
  rows: readonly { readonly row: number; readonly note?: string }[],
): Promise<GalleryItem[]> {
  const shown = await showRows(
    encoder,
    set,
    rows.map(({ row }) => row),
  );
  return rows.map(({ row, note }, i) => {
    const item = set.items[row]!;
    const words = [item.label, note, item.text === undefined ? short(nameOfItem(item)) : undefined];
    const caption = words.filter((word) => word !== undefined).join(' · ');
    return { ...shown[i]!, ...(caption !== '' && { caption }) };
  });
}

/** One long row as several. */
const inRows = <T>(items: readonly T[], across: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / across) }, (_, i) => items.slice(i * across, (i + 1) * across));

/**
 * The page of a search: each query with what is most like it.
 *
 * @param context see {@link ExploreReportContext}
 * @param queries what was looked for, from `embedSet`
 * @param hits from `searchSet`
 * @returns what `renderReport` of `@selfsup/report` draws; the first 100 queries
 */
export async function searchReport(
  context: ExploreReportContext,
  queries: EmbeddedSet,
  hits: readonly (readonly SearchHit[])[],
): Promise<ReportData> {
  const rows: GalleryItem[][] = [];
  for (const [query, found] of hits.slice(0, MOST_ROWS).entries()) {
    const [asked] = await picturesOf({ ...context, set: queries }, [{ row: query }]);
    const shown = found.map(({ row, cosine }) => ({ row, note: cosine.toFixed(3) }));
    rows.push([asked!, ...(await picturesOf(context, shown))]);
  }
  return {
    title: `Search in ${context.name}`,
    summary: `${countOf(hits.length, 'queries')}, ${countOf(context.set.items.length, 'samples')}; encoder: ${context.encoder.origin}.`,
    sections: [
      {
        kind: 'gallery',
        title: 'Nearest samples',
        text: 'On the left what was looked for, beside it the samples that the encoder finds most like it, with the cosine of their features: 1 is the same direction.',
        rows,
      },
    ],
  };
}

/**
 * The page of near-duplicates: each group in a row, and how the threshold was chosen.
 *
 * @param context see {@link ExploreReportContext}
 * @param duplicates from `findDuplicates`
 * @returns what `renderReport` of `@selfsup/report` draws; the first 100 groups
 */
export async function duplicatesReport(context: ExploreReportContext, duplicates: Duplicates): Promise<ReportData> {
  const { groups, threshold, chosenBy, histogram } = duplicates;
  const rows: GalleryItem[][] = [];
  for (const { rows: own, exact, cosine } of groups.slice(0, MOST_ROWS)) {
    const note = exact ? 'the same' : `cosine ≥ ${cosine.toFixed(3)}`;
    rows.push(await picturesOf(context, own.slice(0, MOST_IN_ROW).map((row, i) => ({ row, ...(i === 0 && { note }) })))); // prettier-ignore
  }
  const extra = groups.reduce((sum, { rows: own }) => sum + own.length - 1, 0);
  const more = groups.length > MOST_ROWS ? ` The first ${MOST_ROWS} groups are shown.` : '';
  return {
    title: `Near-duplicates in ${context.name}`,
    summary: `${countOf(groups.length, 'groups')} in ${countOf(context.set.items.length, 'samples')}; encoder: ${context.encoder.origin}.`,
    sections: [
      {
        kind: 'numbers',
        numbers: [
          { label: 'samples that repeat another', value: extra.toLocaleString('en-US'), main: true },
          { label: 'groups', value: groups.length.toLocaleString('en-US') },
          { label: 'groups of exact copies', value: groups.filter(({ exact }) => exact).length.toLocaleString('en-US') },
          { label: 'least cosine', value: threshold.toFixed(3) },
        ],
      },
      { kind: 'notice', level: 'info', title: 'The threshold', lines: [chosenBy] },
      {
        kind: 'gallery',
        title: 'Groups',
        text: `Each row is a group of samples that are connected by similar pairs; exact copies first, then the most similar.${more}`,
        rows,
      },
      ...(histogram
        ? [
            {
              kind: 'charts' as const,
              title: 'How similar samples are',
              text: 'The similarity of slightly altered copies to their originals, and of each sample to the one nearest to it.',
              charts: [
                {
                  title: 'Share of samples at or above a cosine',
                  xName: 'cosine',
                  unit: '%',
                  fromZero: true,
                  series: [
                    { name: 'altered copies', points: histogram.copies },
                    { name: 'nearest samples', points: histogram.nearest },
                  ],
                },
              ],
            },
          ]
        : []),
    ],
  };
}

/**
 * The page of outliers: the least usual samples first, each beside the one most like it.
 *
 * @param context see {@link ExploreReportContext}
 * @param outliers from `findOutliers`
 * @returns what `renderReport` of `@selfsup/report` draws; the first 100
 */
export async function outliersReport(context: ExploreReportContext, outliers: readonly Outlier[]): Promise<ReportData> {
  const shown = outliers.slice(0, MOST_ROWS).map(({ row, score }) => ({ row, note: score.toFixed(2) }));
  return {
    title: `Outliers in ${context.name}`,
    summary: `The ${shown.length} least usual of ${countOf(context.set.items.length, 'samples')}; encoder: ${context.encoder.origin}.`,
    sections: [
      {
        kind: 'gallery',
        title: 'Outliers',
        text: 'The least usual first, with the local outlier factor: about 1 where a sample is among its like, larger the sparser its surroundings are.',
        rows: inRows(await picturesOf(context, shown), ACROSS),
        grid: true,
      },
    ],
  };
}

/**
 * The page of samples to label, in order.
 *
 * @param context see {@link ExploreReportContext}
 * @param selected from `selectSamples`
 * @param method how they were chosen
 * @returns what `renderReport` of `@selfsup/report` draws; the first 1,000
 */
export async function selectionReport(
  context: ExploreReportContext,
  selected: readonly SelectedSample[],
  method: SelectionMethod,
): Promise<ReportData> {
  const shown = selected.slice(0, MOST_ROWS * ACROSS).map(({ row, size }) => ({ row, ...(size !== undefined && { note: `of ${size}` }) }));
  const how =
    method === 'typicality'
      ? 'Each is the most typical of a cluster of its own; the number says how many samples the cluster has.'
      : 'Each is the farthest from all before it.';
  return {
    title: `Samples of ${context.name} to label`,
    summary: `${countOf(selected.length, 'samples')} of ${context.set.items.length.toLocaleString('en-US')}, by ${method}; encoder: ${context.encoder.origin}.`,
    sections: [
      {
        kind: 'gallery',
        title: 'To label, in this order',
        text: `${how} Any first few are diverse, too, so you can stop at any time.`,
        rows: inRows(await picturesOf(context, shown), ACROSS),
        grid: true,
      },
    ],
  };
}
