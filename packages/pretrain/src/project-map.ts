import { createRng, drawUniform, type Rng } from '@selfsup/core';
import { nearestNeighbors, type FeatureMatrix } from '@selfsup/evaluate';
import type { Progress } from './progress.ts';

const NEIGHBORS = 15;
const EPOCHS = 300;
const BLOCK = 65_536;

/** A function like Math.random that draws from a stream. */
function randomFunction(rng: Rng): () => number {
  let block = 0;
  let at = BLOCK;
  let numbers = new Float32Array(0);
  return () => {
    if (at === BLOCK) {
      numbers = drawUniform(rng.fold(block++), BLOCK) as Float32Array<ArrayBuffer>;
      at = 0;
    }
    return numbers[at++]!;
  };
}

/**
 * Lays features out in the plane with UMAP: near features lie near each other.
 *
 * @param features at least 4 rows
 * @param options `seed` of the layout; `progress` shows it
 * @returns `[x, y]` per row
 * @see McInnes, Healy, Melville: "UMAP", https://arxiv.org/abs/1802.03426
 * @remarks Exact neighbors by cosine, 15 of them; 300 epochs.
 */
export async function projectMap(features: FeatureMatrix, options: { seed: number; progress: Progress }): Promise<[number, number][]> {
  const { seed, progress } = options;
  const { UMAP } = await import('umap-js');
  const [rows, dim] = features.shape;
  const stage = progress.stage('Drawing the map', { total: EPOCHS, unit: 'parts' });
  const { k, indices, cosines } = await nearestNeighbors(features, features, { k: Math.min(NEIGHBORS - 1, rows - 2), excludeSelf: true });
  const each = Array.from({ length: rows }, (_, row) => row);
  const random = randomFunction(createRng(seed).fold('map'));
  const umap = new UMAP({ nComponents: 2, nNeighbors: k + 1, minDist: 0.1, nEpochs: EPOCHS, random });
  umap.setPrecomputedKNN(
    each.map((row) => [row, ...indices.subarray(row * k, (row + 1) * k)]),
    each.map((row) => [0, ...Array.from(cosines.subarray(row * k, (row + 1) * k), (cosine) => Math.sqrt(Math.max(0, 2 - 2 * cosine)))]),
  );
  const plane = await umap.fitAsync(
    each.map((row) => Array.from(features.data.subarray(row * dim, (row + 1) * dim))),
    (epoch) => {
      stage.update(epoch);
    },
  );
  stage.end();
  return plane.map(([x, y]) => [x!, y!]);
}
