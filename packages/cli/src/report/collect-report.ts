import { createRng, drawPermutation } from '@selfsup/core';
import type { ImageDataset } from '@selfsup/data';
import type { Features } from '../encode-images.ts';
import type { Output } from '../output/output.ts';
import type { RunFile } from '../run-file.ts';
import type { MetricsRecord } from '../run-folder.ts';
import type { RunResult } from '../run-result.ts';
import { nearestRows, unitRows } from './nearest.ts';
import { projectMap } from './project-map.ts';
import { drawSprite, thumbnails, type Sprite } from './thumbnails.ts';

/** A picture of the neighbors' part. */
export interface Picture {
  /** A data URI. */
  readonly uri: string;
  /** Its class, where it is known. */
  readonly label?: number;
  /** How near it is to the query. */
  readonly cosine?: number;
}

/** All that the page shows. */
export interface ReportData {
  readonly run: RunFile;
  readonly metrics: readonly MetricsRecord[];
  readonly result: RunResult;
  /** The names of the classes, where they are known. */
  readonly classNames?: readonly string[];
  /** The map: a point per image with its place in the sprite; absent with fewer than 10 images. */
  readonly map?: { readonly points: readonly { x: number; y: number; label?: number }[]; readonly sprite: Sprite };
  /** Images with their nearest neighbors; the first picture of a row is the query. */
  readonly neighbors: readonly (readonly Picture[])[];
  /** Whether map and queries are test images. */
  readonly fromTest: boolean;
}

/** Images with their features. */
export interface Encoded {
  readonly dataset: ImageDataset;
  readonly features: Features;
}

/** Options of {@link collectReport}. */
export interface CollectReportOptions {
  run: RunFile;
  metrics: readonly MetricsRecord[];
  result: RunResult;
  /** Training images with the features of the trained encoder. */
  bank: Encoded;
  /** Test images with the features of the trained encoder; without them the map shows training images. */
  test?: Encoded | undefined;
  output: Output;
}

const MAP_POINTS = 1500;
const QUERIES = 10;
const NEIGHBORS = 5;

const labeled = (label: number | undefined) => (label === undefined ? {} : { label });

function takeRows({ data, shape: [, dim], indices }: Features, rows: Int32Array): Features {
  const taken = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    taken.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return { data: taken, shape: [rows.length, dim], indices: rows.map((row) => indices[row]!) };
}

/** Queries of different classes where there are labels: the first of each class in the drawn order, then whoever is next. */
function pickQueries(rows: Int32Array, { dataset, features }: Encoded): number[] {
  const { labels } = dataset;
  const classOf = (row: number) => labels?.[features.indices[row]!];
  const seen = new Set<number | undefined>();
  const fresh = [...rows].filter((row) => labels !== undefined && !seen.has(classOf(row)) && seen.add(classOf(row)));
  return [...fresh, ...[...rows].filter((row) => !fresh.includes(row))].slice(0, QUERIES);
}

async function collectNeighbors(from: Encoded, bank: Encoded, rows: Int32Array): Promise<Picture[][]> {
  const [units, bankUnits] = [unitRows(from.features), unitRows(bank.features)];
  const [, dim] = from.features.shape;
  const found = pickQueries(rows, from).map((row) => {
    const query = units.subarray(row * dim, (row + 1) * dim);
    const near = nearestRows(query, bankUnits, { count: NEIGHBORS, ...(from === bank ? { except: row } : {}) });
    return { index: from.features.indices[row]!, near: near.map(({ row: at, cosine }) => ({ index: bank.features.indices[at]!, cosine })) };
  });
  const queries = await thumbnails(
    from.dataset,
    found.map(({ index }) => index),
  );
  const pictures = await thumbnails(
    bank.dataset,
    found.flatMap(({ near }) => near.map(({ index }) => index)),
  );
  return found.map(({ index, near }) => [
    { uri: queries.get(index) ?? '', ...labeled(from.dataset.labels?.[index]) },
    ...near.map(({ index: at, cosine }) => ({ uri: pictures.get(at) ?? '', cosine, ...labeled(bank.dataset.labels?.[at]) })),
  ]);
}

/**
 * Computes what the report shows: the map, its pictures and the neighbors.
 *
 * @param options see {@link CollectReportOptions}
 * @returns see {@link ReportData}
 */
export async function collectReport(options: CollectReportOptions): Promise<ReportData> {
  const { run, metrics, result, bank, test, output } = options;
  const from = test ?? bank;
  const { seed } = run.settings;
  const order = drawPermutation(createRng(seed).fold('report'), from.features.shape[0]);
  const rows = order.slice(0, MAP_POINTS).sort();
  const { labels, classNames } = from.dataset;
  const base = { run, metrics, result, ...(classNames ? { classNames } : {}), fromTest: test !== undefined };
  const neighbors = await collectNeighbors(from, bank, order);
  if (rows.length < 10) return { ...base, neighbors };
  const shown = takeRows(from.features, rows);
  const plane = await projectMap(shown, { seed, output });
  const points = plane.map(([x, y], i) => ({ x, y, ...labeled(labels?.[shown.indices[i]!]) }));
  return { ...base, neighbors, map: { points, sprite: await drawSprite(from.dataset, [...shown.indices]) } };
}
