import { createRng, drawUniform, type Rng } from '@selfsup/core';
import type { Features } from '../encode-images.ts';
import type { Output } from '../output/output.ts';
import { nearestRows, unitRows } from './nearest.ts';

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
 * @param options `seed` of the layout; `output` shows progress
 * @returns `[x, y]` per row
 * @see McInnes, Healy, Melville: "UMAP", https://arxiv.org/abs/1802.03426
 * @remarks Exact neighbors by cosine, 15 of them; 300 epochs.
 */
export async function projectMap(features: Features, options: { seed: number; output: Output }): Promise<[number, number][]> {
  const { seed, output } = options;
  const { UMAP } = await import('umap-js');
  const [rows, dim] = features.shape;
  const unit = unitRows(features);
  const count = Math.min(NEIGHBORS, rows - 1);
  const stage = output.stage('Drawing the map', { total: rows + EPOCHS, unit: 'parts' });
  const vectors: number[][] = [];
  const near: { indices: number[]; distances: number[] }[] = [];
  for (let row = 0; row < rows; row++) {
    const vector = unit.subarray(row * dim, (row + 1) * dim);
    const others = nearestRows(vector, unit, { count: count - 1, except: row });
    vectors.push(Array.from(vector));
    near.push({
      indices: [row, ...others.map((other) => other.row)],
      distances: [0, ...others.map(({ cosine }) => Math.sqrt(Math.max(0, 2 - 2 * cosine)))],
    });
    if (row % 50 === 0) stage.update(row);
  }
  const random = randomFunction(createRng(seed).fold('map'));
  const umap = new UMAP({ nComponents: 2, nNeighbors: count, minDist: 0.1, nEpochs: EPOCHS, random });
  umap.setPrecomputedKNN(
    near.map(({ indices }) => indices),
    near.map(({ distances }) => distances),
  );
  const plane = await umap.fitAsync(vectors, (epoch) => {
    stage.update(rows + epoch);
  });
  stage.end();
  return plane.map(([x, y]) => [x!, y!]);
}
