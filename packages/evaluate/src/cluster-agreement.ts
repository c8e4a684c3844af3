import { SelfsupError } from '@selfsup/core';
import { checkLabels } from './feature-matrix.ts';

/** How well clusters and classes agree; see {@link clusterAgreement}. */
export interface ClusterAgreement {
  /** Normalized mutual information, in [0, 1]: by the arithmetic mean of both entropies; 1 where both have one group. */
  readonly nmi: number;
  /** Adjusted Rand index: 1 for the same division, 0 on average for a random one, at least −0.5. */
  readonly ari: number;
}

const pairs = (count: number) => (count * (count - 1)) / 2;

/**
 * Compares a division into clusters with one into classes, whatever both are called.
 *
 * @param clusters the cluster of each row, integers ≥ 0, as of `kMeans`
 * @param labels the class of each row, integers ≥ 0
 * @returns see {@link ClusterAgreement}
 * @throws SelfsupError `SELFSUP_SHAPE` without rows or on lists of different lengths, `SELFSUP_OPTION` on what is not an integer ≥ 0
 * @see Hubert, Arabie: "Comparing partitions", https://doi.org/10.1007/BF01908075; Vinh et al.: "Information Theoretic Measures for Clusterings Comparison",
 * https://jmlr.org/papers/v11/vinh10a.html
 * @example
 * ```ts
 * import { clusterAgreement } from '@selfsup/evaluate';
 * console.log(clusterAgreement([1, 1, 0, 0], [0, 0, 1, 1])); // { nmi: 1, ari: 1 }
 * ```
 */
export function clusterAgreement(clusters: ArrayLike<number>, labels: ArrayLike<number>): ClusterAgreement {
  const n = labels.length;
  if (n === 0) throw new SelfsupError('SELFSUP_SHAPE', 'clusterAgreement: `labels` must have at least one row, got none');
  checkLabels('clusterAgreement: `clusters`', clusters, { rows: n, numClasses: 2 ** 31 });
  checkLabels('clusterAgreement: `labels`', labels, { rows: n, numClasses: 2 ** 31 });
  const [both, ofCluster, ofClass] = [new Map<string, number>(), new Map<number, number>(), new Map<number, number>()];
  for (let i = 0; i < n; i++) {
    const [cluster, label] = [clusters[i]!, labels[i]!];
    const key = `${cluster} ${label}`;
    both.set(key, (both.get(key) ?? 0) + 1);
    ofCluster.set(cluster, (ofCluster.get(cluster) ?? 0) + 1);
    ofClass.set(label, (ofClass.get(label) ?? 0) + 1);
  }
  const entropy = (counts: Map<number, number>) => -[...counts.values()].reduce((sum, count) => sum + (count / n) * Math.log(count / n), 0);
  let shared = 0;
  for (const [key, count] of both) {
    const [cluster, label] = key.split(' ').map(Number) as [number, number];
    shared += (count / n) * Math.log((count * n) / (ofCluster.get(cluster)! * ofClass.get(label)!));
  }
  const mean = (entropy(ofCluster) + entropy(ofClass)) / 2;
  const sumOf = (counts: Map<unknown, number>) => [...counts.values()].reduce((sum, count) => sum + pairs(count), 0);
  const [index, a, b] = [sumOf(both), sumOf(ofCluster), sumOf(ofClass)];
  const expected = n < 2 ? 0 : (a * b) / pairs(n);
  const most = (a + b) / 2;
  return {
    nmi: mean === 0 ? 1 : Math.min(1, Math.max(0, shared / mean)),
    ari: most === expected ? 1 : (index - expected) / (most - expected),
  };
}
