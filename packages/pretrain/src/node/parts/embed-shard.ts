import { countOf, SelfsupError } from '@selfsup/core';
import type { Shard } from '@selfsup/distributed';
import { embedSamples, type EmbeddedRows, type SamplesPart } from '../../embed-samples.ts';
import { identityOfFeatures } from '../../identity-of-features.ts';
import type { LoadedEncoder } from '../../load-encoder.ts';
import type { Skipped } from '../../modality.ts';
import { silentProgress, type Progress } from '../../progress.ts';
import { countSkipped } from '../../skipped.ts';
import { sha256 } from '../../sha256.ts';
import { beginEmbeddings } from '../embeddings/embeddings-file.ts';
import { columnsNamed, columnsOfSamples } from '../embeddings/embedding-columns.ts';
import type { EmbeddingsFile } from '../embeddings/embeddings-format.ts';
import { readNpyWithIndex } from '../embeddings/npy-embeddings.ts';
import { buildSearchIndex } from '../search-index/search-index.ts';
import { collectParts, type CollectedParts } from './collect-parts.ts';
import { listSamples, shareOfSamples } from './list-samples.ts';
import { finishedPart, partPath, recordPart, type PartIdentity, type PartRecord } from './part-record.ts';

/** Where parts of embeddings are, and of which format. */
export interface EmbeddingParts {
  /** The folder of the parts. */
  readonly folder: string;
  /** How their names end: `.npy`, `.csv` or `.parquet`. */
  readonly format: string;
  /** Shows progress; default nobody looks. */
  readonly progress?: Progress | undefined;
  /** Stops before the next batch; no part of a file is left. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link embedShard}. */
export interface EmbedShardOptions extends EmbeddingParts {
  /** Which part; `findShard` of `@selfsup/distributed` finds it in the environment. */
  readonly shard: Pick<Shard, 'index' | 'count'>;
  /** What could not be used, up to now; default nothing. */
  readonly skipped?: (() => readonly Skipped[]) | undefined;
}

/** What {@link embedShard} did. */
export interface EmbeddedShard {
  /** The file of the part. */
  readonly path: string;
  /** Rows in it. */
  readonly rows: number;
  /** Numbers in a row; 0 where there is no row. */
  readonly dim: number;
  /** Samples of the whole job. */
  readonly samples: number;
  /** Whether an earlier process had finished the part: nothing was computed. */
  readonly wasFinished: boolean;
  /** What could not be used. */
  readonly skipped: readonly Skipped[];
}

/** What decides the rows of a part, beside the data. */
async function identityOf(encoder: LoadedEncoder, format: string): Promise<PartIdentity> {
  const options = await sha256(new TextEncoder().encode(JSON.stringify(encoder.options)));
  return { encoder: await identityOfFeatures(encoder), options, format };
}

const inputsOf = (skipped: readonly Skipped[]): string => {
  const count = countSkipped(skipped);
  return countOf(count, 'inputs');
};

/** What the record of a part of embeddings says beside its rows. */
const factsOf = ({ facts }: PartRecord) => facts as { readonly dim: number; readonly columns: string };

const endsOf = (format: string): readonly string[] => (format === '.npy' ? ['.npy', '.index.json'] : [format]);

/**
 * Embeds one share of samples into a file of its own, `part-00017.npy`: one of several processes that do not talk. It appears when it is whole, and a part that
 * is finished is not made again.
 *
 * @param encoder from `loadEncoder`
 * @param parts all samples of the job: every process lists the same ones
 * @param options see {@link EmbedShardOptions}
 * @returns see {@link EmbeddedShard}
 * @throws SelfsupError `SELFSUP_DATA` when the folder holds the part of another job or cannot be written, `SELFSUP_NON_FINITE` when a feature is not finite
 * @remarks Shares are neighbors in the list of samples, in whole batches, so that features are those of one process to the last bit on the same backend. A
 * process whose share is empty writes a part without rows.
 * @example
 * ```ts
 * import { selectBackend } from '@selfsup/backends';
 * import { findShard } from '@selfsup/distributed';
 * import { openSamplesFor } from '@selfsup/pretrain';
 * import { embedShard, loadEncoder } from '@selfsup/pretrain/node';
 * await selectBackend();
 * const encoder = await loadEncoder('runs/photos');
 * const { train } = await openSamplesFor(encoder, { data: 'photos' });
 * const shard = findShard('auto'); // of a Slurm array, a Kubernetes Indexed Job, mpirun or srun
 * await embedShard(encoder, [{ samples: train }], { folder: 'photos.npy.parts', format: '.npy', shard });
 * encoder.dispose();
 * ```
 */
export async function embedShard(
  encoder: LoadedEncoder,
  parts: AsyncIterable<SamplesPart> | Iterable<SamplesPart>,
  options: EmbedShardOptions,
): Promise<EmbeddedShard> {
  const { folder, format, shard, progress = silentProgress, signal, skipped = () => [] } = options;
  const listing = await listSamples(parts);
  const { samples, fingerprint } = listing;
  const identity = { ...(await identityOf(encoder, format)), samples, data: fingerprint };
  const place = { folder, shard, identity };
  const path = partPath(folder, shard.index, format);
  const before = await finishedPart(place, { progress, signal });
  if (before) return { path, rows: before.rows, dim: factsOf(before).dim, samples, wasFinished: true, skipped: before.skipped };
  const [first] = listing.parts;
  const columns = first ? columnsOfSamples(first) : [];
  let file: EmbeddingsFile | undefined;
  let [rows, dim] = [0, 0];
  try {
    const share = shareOfSamples(listing, shard, (of) => encoder.batchSizeOf(of));
    for await (const more of embedSamples(encoder, share, { ...(signal && { signal }) })) {
      dim = more.features.shape[1];
      file ??= await beginEmbeddings(path, { dim, columns });
      await file.write(more);
      rows += more.items.length;
    }
    file ??= await beginEmbeddings(path, { dim: 1, columns });
    signal?.throwIfAborted();
    await file.keep();
  } finally {
    await file?.drop();
  }
  await recordPart(place, { ends: endsOf(format), rows, facts: { dim, columns: columns.join() }, skipped: skipped() });
  return { path, rows, dim, samples, wasFinished: false, skipped: skipped() };
}

/** The parts that hold rows, and how many numbers are in one. */
async function collectEmbeddings(encoder: LoadedEncoder, options: EmbeddingParts) {
  const { folder, format, progress = silentProgress, signal } = options;
  const parts = await collectParts(folder, { identity: await identityOf(encoder, format), progress, signal });
  const full = parts.records.filter(({ rows }) => rows > 0);
  if (full.length === 0) throw new SelfsupError('SELFSUP_DATA', `nothing could be embedded: ${inputsOf(parts.skipped)} cannot be read`);
  return { parts, full, dim: factsOf(full[0]!).dim, pathOf: (index: number) => partPath(folder, index, format) };
}

/**
 * Joins the parts that {@link embedShard} made into one file, the one that a single process would have written. Parts stay where they are.
 *
 * @param encoder that made them
 * @param options see {@link EmbeddingParts}; `out`: the file, of the format of the parts
 * @returns rows and numbers in a row, and what the parts say
 * @throws SelfsupError `SELFSUP_DATA` that names the parts that are missing, damaged, or made with another encoder, other data or other options
 * @remarks Nothing but a piece of a part is in memory: of `.parquet` a row group, and a few numbers for each one that is written.
 */
export async function mergeEmbeddings(
  encoder: LoadedEncoder,
  options: EmbeddingParts & { readonly out: string },
): Promise<CollectedParts & { readonly dim: number }> {
  const { out, progress = silentProgress, signal } = options;
  const { parts, full, dim, pathOf } = await collectEmbeddings(encoder, options);
  const columns = columnsNamed(factsOf(parts.records[0]!).columns);
  const stage = progress.stage('Joining parts', { total: full.length, unit: 'parts' });
  const file = await beginEmbeddings(out, { dim, columns });
  try {
    for (const [done, { index }] of full.entries()) {
      signal?.throwIfAborted();
      await file.append(pathOf(index));
      stage.update(done + 1);
    }
    await file.keep();
  } finally {
    stage.end();
    await file.drop();
  }
  return { ...parts, dim };
}

/**
 * Builds an index of the parts that {@link embedShard} made, of the format `.npy`: the one that a single process would have built.
 *
 * @param encoder that made them
 * @param options see {@link EmbeddingParts}; `out`: the folder of the index
 * @returns whether it is searched exactly, and what the parts say
 * @throws SelfsupError as {@link mergeEmbeddings} and `buildSearchIndex`
 * @remarks Up to 100,000 rows are in memory, above that the graph, as in building an index without parts.
 */
export async function mergeSearchIndex(
  encoder: LoadedEncoder,
  options: Omit<EmbeddingParts, 'format'> & { readonly out: string },
): Promise<CollectedParts & { readonly exact: boolean }> {
  const { out, progress = silentProgress, signal } = options;
  const { parts, full, pathOf } = await collectEmbeddings(encoder, { ...options, format: '.npy' });
  const stage = progress.stage('Joining parts', { total: parts.rows, unit: 'rows' });
  async function* rows(): AsyncGenerator<EmbeddedRows, void, void> {
    let done = 0;
    for (const { index } of full)
      for await (const piece of readNpyWithIndex(pathOf(index))) {
        signal?.throwIfAborted();
        yield piece;
        stage.update((done += piece.items.length));
      }
  }
  try {
    const { exact } = await buildSearchIndex(out, rows(), { encoder });
    return { ...parts, exact };
  } finally {
    stage.end();
  }
}
