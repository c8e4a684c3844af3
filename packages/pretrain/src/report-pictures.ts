import { countOf, createRng, drawPermutation } from '@selfsup/core';
import { nearestNeighbors, whiten } from '@selfsup/evaluate';
import type { EncodedSamples } from './knn-probe.ts';
import type { Features } from './modality.ts';
import { projectMap } from './project-map.ts';
import type { CollectReportContext } from './report-context.ts';
import type { GalleryItem, MapPoint, Section } from './section.ts';
import { takeFeatures } from './take-features.ts';

const MAP_POINTS = 1000;
const QUERIES = 10;
const NEIGHBORS = 5;

const takeRows = (features: Features, rows: Int32Array): Features => ({
  ...takeFeatures(features, rows),
  indices: rows.map((row) => features.indices[row]!),
});

const classOf = ({ samples, features }: EncodedSamples, row: number) => samples.labels?.[features.indices[row]!];

/** Queries of different classes where there are labels: the first of each class in the drawn order, then whoever is next. */
function pickQueries(order: Int32Array, from: EncodedSamples): Int32Array {
  const seen = new Set<number | undefined>();
  const fresh = [...order].filter(
    (row) => from.samples.labels !== undefined && !seen.has(classOf(from, row)) && seen.add(classOf(from, row)),
  );
  return Int32Array.from([...fresh, ...[...order].filter((row) => !fresh.includes(row))].slice(0, QUERIES));
}

async function galleries(
  from: EncodedSamples,
  bank: EncodedSamples,
  { modality, run, result }: CollectReportContext,
  order: Int32Array,
): Promise<Section[]> {
  if (!modality.show) return [];
  const queries = pickQueries(order, from);
  const same = from === bank;
  const { knnWhitening } = run.settings;
  const plain = { bank: bank.features, queries: takeRows(from.features, queries) };
  const measured = knnWhitening ? await whiten(plain.bank, plain.queries) : plain;
  const near = await nearestNeighbors(measured.queries, measured.bank, { k: NEIGHBORS + (same ? 1 : 0) });
  const name = (samples: EncodedSamples['samples'], label: number | undefined) =>
    label === undefined ? undefined : (samples.classNames?.[label] ?? `class ${label}`);
  const shownQueries = await modality.show(from.samples, [...takeRows(from.features, queries).indices]);
  const rows: GalleryItem[][] = [];
  for (const [i, query] of [...queries].entries()) {
    const label = classOf(from, query);
    const found = [...near.indices.subarray(i * near.k, (i + 1) * near.k)]
      .map((row, j) => ({ row, cosine: near.cosines[i * near.k + j]! }))
      .filter(({ row }) => !same || row !== query)
      .slice(0, NEIGHBORS);
    const shown = await modality.show(
      bank.samples,
      found.map(({ row }) => bank.features.indices[row]!),
    );
    const caption = name(from.samples, label);
    rows.push([
      { ...shownQueries[i]!, ...(caption !== undefined && { caption }) },
      ...found.map(({ row, cosine }, j): GalleryItem => {
        const other = classOf(bank, row);
        const words = [name(bank.samples, other), cosine.toFixed(2)].filter((word) => word !== undefined).join(' ');
        const mark =
          label === undefined || other === undefined
            ? undefined
            : name(from.samples, label) === name(bank.samples, other)
              ? 'same'
              : 'other';
        return { ...shown[j]!, caption: words, ...(mark && { mark }) };
      }),
    ]);
  }
  const { unit } = run.dataset;
  const text = `On the left one of the ${same ? 'training' : 'test'} ${unit}; beside it the training ${unit} that the encoder finds most like it, with the cosine of ${knnWhitening ? `the principal directions of their features, strong ones made weaker (\`knnWhitening\`)${result.probes['knn'] ? ', as the kNN accuracy compares them' : ''}` : 'their features'}.${from.samples.labels ? ' A mark says whether they are of the same class, which training never saw.' : ''}`;
  return rows.length > 0 ? [{ kind: 'gallery', title: 'Nearest neighbors', text, rows }] : [];
}

async function mapOf(
  from: EncodedSamples,
  bank: EncodedSamples,
  { modality, run, progress }: CollectReportContext,
  order: Int32Array,
): Promise<Section[]> {
  const rows = order.slice(0, MAP_POINTS).sort();
  if (rows.length < 10) return [];
  const shown = takeRows(from.features, rows);
  const plane = await projectMap(shown, { seed: run.settings.seed, progress });
  const { labels, classNames } = from.samples;
  const points = plane.map(([x, y], i): MapPoint => ({ x, y, ...(labels && { label: labels[shown.indices[i]!]! }) }));
  const items = await modality.show?.(from.samples, [...shown.indices]);
  const text = `${countOf(points.length, `${from === bank ? 'training' : 'test'} ${run.dataset.unit}`)}, laid out by UMAP: those that the encoder finds alike lie together.${labels ? ' Colors are the true classes, which training never saw.' : ''}`;
  return [{ kind: 'map', title: 'Map of the embeddings', text, points, ...(classNames && { classNames }), ...(items && { items }) }];
}

/** The map of the embeddings and the nearest neighbors, where there are features to show. Internal. */
export async function picturesOf(context: CollectReportContext): Promise<Section[]> {
  const { encoded, run } = context;
  if (!encoded) return [];
  const { bank, test: from = bank } = encoded;
  const order = drawPermutation(createRng(run.settings.seed).fold('report'), from.features.shape[0]);
  return [...(await mapOf(from, bank, context, order)), ...(await galleries(from, bank, context, order))];
}
