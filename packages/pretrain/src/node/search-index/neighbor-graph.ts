import { SelfsupError } from '@selfsup/core';
import type { Index } from 'usearch';
import type { SearchHit } from '../../explore/search-set.ts';

/** A graph by which neighbors are found without comparing with all rows. Internal. */
export interface NeighborGraph {
  /** How many rows. */
  readonly size: number;
  /** Adds rows, `[n, dim]` row-major. */
  add(data: Float32Array): void;
  /** The nearest rows of each query, the most similar first. */
  search(queries: Float32Array, count: number): SearchHit[][];
  /** Writes it. */
  save(path: string): void;
}

/** Neighbors of a row in the graph, and how many candidates are looked at in building and in searching. */
const [CONNECTIVITY, BUILDING, SEARCHING] = [16, 128, 256];

async function emptyIndex(dim: number): Promise<Index> {
  const library = await import('usearch').catch((cause: unknown) => {
    throw new SelfsupError(
      'SELFSUP_OPTION',
      'more than 100,000 samples are searched by the library usearch; install it: npm install usearch',
      {
        cause,
      },
    );
  });
  const { Index: Graph, MetricKind, ScalarKind } = library;
  return new Graph({
    ...{ dimensions: dim, metric: MetricKind.Cos, quantization: ScalarKind.F32, multi: false },
    ...{ connectivity: CONNECTIVITY, expansion_add: BUILDING, expansion_search: SEARCHING },
  });
}

/** Rows that the library gets at once. The graph depends on it, so it is always the same, however rows come. */
const PIECE = 1024;

function asGraph(index: Index, dim: number): NeighborGraph {
  const piece = new Float32Array(PIECE * dim);
  let waiting = 0; // numbers in `piece`
  const flush = () => {
    if (waiting === 0) return;
    const first = Number(index.size());
    const keys = BigUint64Array.from({ length: waiting / dim }, (_, i) => BigInt(first + i));
    index.add(keys, piece.slice(0, waiting), 1); // one thread: the same graph each time, and no row that no other leads to
    waiting = 0;
  };
  return {
    get size() {
      return Number(index.size()) + waiting / dim;
    },
    add(data) {
      for (let from = 0; from < data.length;) {
        const more = data.subarray(from, from + piece.length - waiting);
        piece.set(more, waiting);
        waiting += more.length;
        from += more.length;
        if (waiting === piece.length) flush();
      }
    },
    search(queries, count) {
      flush();
      const most = Math.min(count, Number(index.size()));
      return Array.from({ length: queries.length / dim }, (_, query) => {
        const { keys, distances } = index.search(queries.subarray(query * dim, (query + 1) * dim), most, 1);
        return Array.from(keys, (key, i) => ({ row: Number(key), cosine: 1 - distances[i]! }));
      });
    },
    save(path) {
      flush();
      index.save(path);
    },
  };
}

/** An empty graph of rows of so many numbers. Internal. */
export const createGraph = async (dim: number): Promise<NeighborGraph> => asGraph(await emptyIndex(dim), dim);

/** A graph that was saved. Internal. */
export async function loadGraph(path: string, dim: number): Promise<NeighborGraph> {
  const index = await emptyIndex(dim);
  index.load(path);
  return asGraph(index, dim);
}
