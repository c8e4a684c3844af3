import { printable, SelfsupError } from '@selfsup/core';
import { readNpy } from '@selfsup/data/node';
import { nearestNeighbors, type FeatureMatrix } from '@selfsup/evaluate';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { EmbeddedRows, EmbeddedSample } from '../../embed-samples.ts';
import { identityOfFeatures } from '../../identity-of-features.ts';
import type { SearchHit } from '../../explore/search-set.ts';
import type { LoadedEncoder } from '../../load-encoder.ts';
import { beginNpyWithIndex, indexPathOf } from '../embeddings/npy-embeddings.ts';
import { createGraph, loadGraph, type NeighborGraph } from './neighbor-graph.ts';

/** Up to so many rows neighbors are exact. */
const EXACT = 100_000;

/** The files in the folder of an index. */
const FILES = { description: 'search.json', features: 'features.npy', graph: 'neighbors.usearch' };

const descriptionSchema = z.strictObject({
  format: z.literal(1),
  /** sha256 of the weights of the encoder and of how its features are read. */
  encoder: z.string().regex(/^[0-9a-f]{64}$/),
  /** In words what the encoder learned. */
  origin: z.string(),
  rows: z.int().min(1),
  dim: z.int().min(1),
  /** Bytes of the graph; absent where neighbors are exact. */
  graphBytes: z.int().min(1).optional(),
});

/** An index on disk, ready to be searched. */
export interface SearchIndex {
  /** `[rows]`: what each stands for. */
  readonly items: readonly EmbeddedSample[];
  /** Whether neighbors are exact, or found by a graph. */
  readonly exact: boolean;
  /** The nearest rows of each query `[queries, dim]`, the most similar first. */
  search(queries: FeatureMatrix, options: { count: number }): Promise<SearchHit[][]>;
}

/** Options of {@link buildSearchIndex}. */
export interface BuildSearchIndexOptions {
  /** Whose features they are. */
  readonly encoder: LoadedEncoder;
  /** Up to so many rows neighbors are exact; above they are found by a graph. An integer ≥ 1, default 100,000. */
  readonly exactUpTo?: number | undefined;
}

/**
 * Writes features into a folder in which they can be searched for again, without embedding them anew.
 *
 * @param folder where to; made where there is none
 * @param rows from `embedSamples`
 * @param options see {@link BuildSearchIndexOptions}
 * @returns how many rows it holds, and whether they are searched exactly
 * @throws SelfsupError `SELFSUP_DATA` when there is not one row or the folder cannot be written, `SELFSUP_OPTION` where `usearch` is needed and not installed
 * @remarks Above 100,000 rows a graph (HNSW) of the library `usearch` finds the neighbors, nearly always the same ones; install it beside selfsup.
 */
export async function buildSearchIndex(
  folder: string,
  rows: AsyncIterable<EmbeddedRows>,
  options: BuildSearchIndexOptions,
): Promise<{ readonly rows: number; readonly exact: boolean }> {
  const { encoder, exactUpTo = EXACT } = options;
  const features = join(folder, FILES.features);
  let file: Awaited<ReturnType<typeof beginNpyWithIndex>> | undefined;
  let graph: NeighborGraph | undefined;
  let waiting: Float32Array[] = []; // until it is known whether a graph is needed
  let [count, dim] = [0, 0];
  try {
    for await (const part of rows) {
      dim = part.features.shape[1];
      file ??= await beginNpyWithIndex(features, { dim });
      await file.write(part);
      count += part.items.length;
      waiting.push(part.features.data);
      if (count <= exactUpTo) continue;
      graph ??= await createGraph(dim);
      for (const data of waiting) graph.add(data);
      waiting = [];
    }
    if (!file) throw new SelfsupError('SELFSUP_DATA', 'there is not one sample that can be read; check the files');
    const path = join(folder, FILES.graph);
    await rm(join(folder, FILES.description), { force: true }); // until all is there, there is no index
    await rm(path, { force: true });
    await file.keep();
    graph?.save(path);
    const description: z.output<typeof descriptionSchema> = {
      ...{ format: 1, encoder: await identityOfFeatures(encoder), origin: encoder.origin, rows: count, dim },
      ...(graph && { graphBytes: (await stat(path)).size }),
    };
    await writeFile(join(folder, FILES.description), `${JSON.stringify(description, null, 1)}\n`);
    return { rows: count, exact: !graph };
  } finally {
    await file?.drop();
  }
}

async function readDescription(folder: string): Promise<z.output<typeof descriptionSchema>> {
  const path = join(folder, FILES.description);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${printable(folder)} holds no index (there is no ${FILES.description}); build one with: selfsup search <photos> --run <run> --build ${printable(folder)}`,
      { cause },
    );
  });
  try {
    return descriptionSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new SelfsupError('SELFSUP_DATA', `${printable(path)} is damaged, or not of selfsup; build the index again`, { cause });
  }
}

/**
 * Opens an index that {@link buildSearchIndex} wrote.
 *
 * @param folder where it is
 * @param encoder that queries are encoded with
 * @returns see {@link SearchIndex}
 * @throws SelfsupError `SELFSUP_DATA` where there is none or it is damaged, `SELFSUP_CHECKPOINT` when it was built with another encoder
 */
export async function openSearchIndex(folder: string, encoder: LoadedEncoder): Promise<SearchIndex> {
  const shown = printable(folder);
  const { rows, dim, graphBytes, origin, ...description } = await readDescription(folder);
  if (description.encoder !== (await identityOfFeatures(encoder)))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `the index ${shown} was built with another encoder or readout (${printable(origin)}); use that one, or build it again`,
    );
  const damaged = (cause?: unknown) => new SelfsupError('SELFSUP_DATA', `the index ${shown} is damaged; build it again`, { cause });
  const index = JSON.parse(await readFile(indexPathOf(join(folder, FILES.features)), 'utf8')) as { rows: EmbeddedSample[] };
  if (index.rows.length !== rows) throw damaged();
  if (graphBytes === undefined) {
    const { data, shape } = await readNpy(join(folder, FILES.features));
    if (!(data instanceof Float32Array) || shape.length !== 2 || shape[0] !== rows || shape[1] !== dim) throw damaged();
    const bank: FeatureMatrix = { data, shape: [rows, dim] };
    return {
      items: index.rows,
      exact: true,
      async search(queries, { count }) {
        const { k, indices, cosines } = await nearestNeighbors(queries, bank, { k: count });
        return Array.from({ length: queries.shape[0] }, (_, query) =>
          Array.from(indices.subarray(query * k, (query + 1) * k), (row, i) => ({ row, cosine: cosines[query * k + i]! })),
        );
      },
    };
  }
  const path = join(folder, FILES.graph);
  if ((await stat(path).catch(() => undefined))?.size !== graphBytes) throw damaged();
  const graph = await loadGraph(path, dim);
  if (graph.size !== rows) throw damaged();
  return { items: index.rows, exact: false, search: (queries, { count }) => Promise.resolve(graph.search(queries.data, count)) };
}
