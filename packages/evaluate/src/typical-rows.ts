import { nextTurn } from '@selfsup/core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { checkedChoice } from './k-center.ts';
import { kMeans } from './k-means.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';
import { unitRows } from './unit-rows.ts';

/** Options of {@link typicalRows}. */
export interface TypicalRowsOptions {
  /** How many rows to choose; an integer ≥ 1, at most as many as are left. */
  count: number;
  /** Rows that are chosen already, such as those with a label; default none. */
  chosen?: ArrayLike<number>;
  /** Decides where the centers of the clusters start. */
  seed: number;
  /** Called as the clusters are found and worked through. */
  onProgress?: (done: number) => void;
}

/** What {@link typicalRows} chooses. */
export interface TypicalRows {
  /** `[count]`: rows in the order of the choice. */
  readonly rows: Int32Array;
  /** `[count]`: how typical each is: 1 over its mean distance to its nearest rows within the cluster. */
  readonly typicality: Float64Array;
  /** `[count]`: the size of the cluster that each stands for. */
  readonly sizes: Int32Array;
}

/** The most clusters, and the fewest rows of one that counts; the neighbors that measure how typical a row is. As in the paper. */
const [MOST_CLUSTERS, LEAST_ROWS, NEIGHBORS] = [500, 5, 20];

/** 1 over the mean distance of each member of a cluster to its nearest ones. */
async function typicalityOf(unit: FeatureMatrix, members: readonly number[]): Promise<Float64Array> {
  if (members.length < 2) return new Float64Array(members.length);
  const dim = unit.shape[1];
  const data = new Float32Array(members.length * dim);
  for (const [i, row] of members.entries()) data.set(unit.data.subarray(row * dim, (row + 1) * dim), i * dim);
  const own: FeatureMatrix = { data, shape: [members.length, dim] };
  const { k, cosines } = await nearestNeighbors(own, own, { k: NEIGHBORS, excludeSelf: true });
  return Float64Array.from(members, (_, i) => {
    let sum = 0;
    for (const cosine of cosines.subarray(i * k, (i + 1) * k)) sum += Math.sqrt(Math.max(0, 2 - 2 * cosine));
    return 1 / (sum / k + 1e-5);
  });
}

/**
 * Chooses rows that are typical of different regions: the best labels to begin with when there are few.
 *
 * Rows are divided into as many clusters as there will be choices, at most 500. Clusters with the fewest chosen rows come first, the larger ones before the
 * smaller, and each gives the row that is nearest to its 20 nearest neighbors there.
 *
 * @param features `[rows, dim]`
 * @param options see {@link TypicalRowsOptions}
 * @returns see {@link TypicalRows}
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, `SELFSUP_NON_FINITE` naming the row that is not finite
 * @see Hacohen et al.: "Active Learning on a Budget: Opposite Strategies Suit High and Low Budgets" (TypiClust), https://arxiv.org/abs/2202.02794
 * @remarks Deterministic for a seed. Clusters of fewer than 5 rows only give one where the others have none left. Our k-means compares unit rows.
 */
export async function typicalRows(features: FeatureMatrix, options: TypicalRowsOptions): Promise<TypicalRows> {
  const { count, chosen = [], seed, onProgress } = options;
  checkFeatures('typicalRows: `features`', features);
  const [rows] = features.shape;
  const taken = checkedChoice('typicalRows', { count, chosen, rows });
  const unit: FeatureMatrix = { data: Float32Array.from(unitRows(features)), shape: features.shape };
  const { clusters } = await kMeans(unit, { count: Math.min(count + taken.size, MOST_CLUSTERS, rows), seed });
  const members = new Map<number, number[]>();
  for (const [row, cluster] of clusters.entries()) {
    const own = members.get(cluster);
    if (own) own.push(row);
    else members.set(cluster, [row]);
  }
  const groups = [...members.values()].map((own) => ({ own, chosen: own.filter((row) => taken.has(row)).length, left: [] as number[] }));
  const typicality = new Map<number, number>();
  for (const group of groups) {
    await nextTurn();
    const values = await typicalityOf(unit, group.own);
    for (const [i, row] of group.own.entries()) typicality.set(row, values[i]!);
    // the most typical last, to be taken from the end; the lower row among equals
    group.left = group.own.filter((row) => !taken.has(row)).sort((a, b) => typicality.get(a)! - typicality.get(b)! || b - a);
  }
  const found: { readonly row: number; readonly size: number }[] = [];
  const small = ({ own }: (typeof groups)[number]) => Number(own.length < LEAST_ROWS);
  while (found.length < count) {
    const order = groups
      .filter(({ left }) => left.length > 0)
      .sort((a, b) => small(a) - small(b) || a.chosen - b.chosen || b.own.length - a.own.length || a.own[0]! - b.own[0]!);
    const next = order[0]!;
    next.chosen++;
    found.push({ row: next.left.pop()!, size: next.own.length });
    onProgress?.(found.length);
  }
  return {
    rows: Int32Array.from(found, ({ row }) => row),
    typicality: Float64Array.from(found, ({ row }) => typicality.get(row)!),
    sizes: Int32Array.from(found, ({ size }) => size),
  };
}
