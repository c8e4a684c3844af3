import { countOf, createRng, drawPermutation, SelfsupError } from '@selfsup/core';
import { connectedGroups, joinFeatures, nearestNeighbors, separatingThreshold, whiten, type FeatureMatrix } from '@selfsup/evaluate';
import type { LoadedEncoder } from '../load-encoder.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { rowsByPart, type EmbeddedSet } from './embedded-set.ts';
import { takeFeatures } from '../take-features.ts';

/** Options of {@link findDuplicates}. */
export interface FindDuplicatesOptions {
  /** The least cosine of a pair, in [−1, 1]; default chosen by altered copies of the samples. */
  readonly threshold?: number | undefined;
  /** `[rows]`: what is the same for exact copies, from `contentKeys`; default exact copies are not looked for by themselves. */
  readonly keys?: readonly (string | undefined)[] | undefined;
  /** Whether principal directions of the set are compared, the strong ones made weaker; default true, as copies differ little in all of them. */
  readonly whitening?: boolean | undefined;
  /** Decides which samples are altered, and how; default 0. */
  readonly seed?: number | undefined;
  /** Stops before the next batch. */
  readonly signal?: AbortSignal | undefined;
  /** Shows progress; default nobody looks. */
  readonly progress?: Progress | undefined;
}

/** Samples that are the same, or nearly. */
export interface DuplicateGroup {
  /** Rows of the set, ascending, at least two. */
  readonly rows: readonly number[];
  /** Whether all are exactly the same. */
  readonly exact: boolean;
  /** The least cosine by which a row is connected with the others. */
  readonly cosine: number;
}

/** What {@link findDuplicates} finds. */
export interface Duplicates {
  /** The groups: exact copies first, then by similarity. */
  readonly groups: readonly DuplicateGroup[];
  /** The least cosine of a pair. */
  readonly threshold: number;
  /** A sentence on where the threshold comes from. */
  readonly chosenBy: string;
  /** The share of altered copies that are found, in [0, 1]; absent where the threshold was given. */
  readonly copiesFound?: number;
  /** Curves for a page, in percent by cosine; absent where the threshold was given. */
  readonly histogram?: {
    readonly copies: readonly (readonly [number, number])[];
    readonly nearest: readonly (readonly [number, number])[];
  };
}

/** Directions of all strengths tell copies from others: variances become 1. */
const POWER = 0.5;
/** Samples that are altered, at most. */
const COPIES = 1000;
/** Neighbors of each that can be its copies. */
const NEIGHBORS = 10;

/** Altered copies of some rows, with the rows. */
async function alter(
  { modality, encodeBatches }: Pick<LoadedEncoder, 'modality' | 'encodeBatches'>,
  set: EmbeddedSet,
  { seed, signal }: { seed: number; signal: AbortSignal | undefined },
): Promise<{ rows: number[]; features: FeatureMatrix } | undefined> {
  const alteredCopies = modality.alteredCopies?.bind(modality);
  if (!alteredCopies) return undefined;
  const chosen = [...drawPermutation(createRng(seed).fold('copies'), set.items.length).slice(0, COPIES).sort()];
  const rows: number[] = [];
  const features: FeatureMatrix[] = [];
  for (const { part, places } of rowsByPart(set, chosen)) {
    const own = places.map((place) => chosen[place]!);
    const copies = alteredCopies(part.samples, { indices: own.map((row) => set.items[row]!.index), seed });
    for await (const { data, shape, indices } of encodeBatches(copies, { stage: 'Encoding altered copies', ...(signal && { signal }) })) {
      features.push({ data, shape });
      for (const index of indices) rows.push(own[index]!);
    }
  }
  return rows.length === 0 ? undefined : { rows, features: joinFeatures(features) };
}

/** The cosine of each row of one matrix with that of another. */
function cosinesOf(a: FeatureMatrix, b: FeatureMatrix): Float64Array {
  const [rows, dim] = a.shape;
  const cosines = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = row * dim; i < (row + 1) * dim; i++) {
      ab += a.data[i]! * b.data[i]!;
      aa += a.data[i]! ** 2;
      bb += b.data[i]! ** 2;
    }
    cosines[row] = ab / (Math.sqrt(aa * bb) || 1);
  }
  return cosines;
}

/** Points of the curve: what share of values, in percent, is at or above each of 50 cosines. */
function shares(values: ArrayLike<number>, from: number): (readonly [number, number])[] {
  const sorted = Float64Array.from(values).sort();
  return Array.from({ length: 51 }, (_, i) => {
    const at = from + ((1 - from) * i) / 50;
    return [at, (100 * sorted.filter((value) => value >= at).length) / sorted.length] as const;
  });
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/**
 * Finds groups of samples that are the same or nearly the same: exact copies by their content, others by the similarity of their features.
 *
 * Unless a threshold is given, up to 1,000 samples are altered as copies of pictures and texts are (cut, recolored, blurred and mirrored; words left out or
 * swapped), and the threshold is put where such copies separate from the nearest other samples; see `separatingThreshold` of `@selfsup/evaluate`.
 *
 * @param encoder from `loadEncoder`
 * @param set from `embedSet`
 * @param options see {@link FindDuplicatesOptions}
 * @returns see {@link Duplicates}; groups are what is connected by pairs, each row with its 10 nearest
 * @throws SelfsupError `SELFSUP_OPTION` on a threshold out of range, or without one where the modality cannot alter samples
 */
export async function findDuplicates(
  encoder: Pick<LoadedEncoder, 'modality' | 'encodeBatches'>,
  set: EmbeddedSet,
  options: FindDuplicatesOptions = {},
): Promise<Duplicates> {
  const { keys = [], whitening = true, seed = 0, signal, progress = silentProgress } = options;
  if (options.threshold !== undefined && !(options.threshold >= -1 && options.threshold <= 1))
    throw new SelfsupError('SELFSUP_OPTION', `findDuplicates: \`threshold\` must be in [-1, 1], got ${options.threshold}`);
  const rows = set.items.length;
  const copies = options.threshold === undefined ? await alter(encoder, set, { seed, signal }) : undefined;
  if (!copies && options.threshold === undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `samples of the kind ${encoder.modality.name} cannot be altered to choose \`threshold\`; give it`,
    );
  const plain = { bank: set.features, queries: copies?.features ?? takeFeatures(set.features, [0]) };
  const { bank, queries } = whitening ? await whiten(plain.bank, plain.queries, { power: POWER }) : plain;
  const stage = progress.stage('Comparing samples', { total: rows, unit: 'samples' });
  const near = await nearestNeighbors(bank, bank, { k: NEIGHBORS, excludeSelf: true }).finally(() => {
    stage.end();
  });
  const { k, indices, cosines } = near;
  // exact copies are connected first; the nearest of each row that is not one of them tells what else there is
  const firstOf = new Map<string, number>();
  const same: { a: number; b: number; cosine: number }[] = [];
  for (const [row, key] of keys.entries()) {
    const first = key === undefined ? undefined : firstOf.get(key);
    if (first !== undefined) same.push({ a: first, b: row, cosine: 1 });
    else if (key !== undefined) firstOf.set(key, row);
  }
  const isSame = (a: number, b: number) => keys[a] !== undefined && keys[a] === keys[b];
  const nearest: number[] = [];
  for (let row = 0; row < rows; row++) {
    const at = Array.from({ length: k }, (_, i) => row * k + i).find((i) => !isSame(row, indices[i]!));
    if (at !== undefined) nearest.push(cosines[at]!);
  }
  const chosen = copies && nearest.length > 0 ? choose(cosinesOf(queries, takeFeatures(bank, copies.rows)), nearest) : undefined;
  const threshold = options.threshold ?? chosen?.threshold ?? 1;
  const pairs = [...same];
  for (let row = 0; row < rows; row++)
    for (let i = row * k; i < (row + 1) * k; i++)
      if (cosines[i]! >= threshold && !isSame(row, indices[i]!)) pairs.push({ a: row, b: indices[i]!, cosine: cosines[i]! });
  const best = new Float64Array(rows).fill(-1);
  for (const { a, b, cosine } of pairs) for (const row of [a, b]) best[row] = Math.max(best[row]!, cosine);
  const groups = connectedGroups(rows, pairs).map((own): DuplicateGroup => ({
    rows: own,
    exact: own.every((row) => isSame(row, own[0]!)),
    cosine: own.reduce((least, row) => Math.min(least, best[row]!), 1),
  }));
  groups.sort((a, b) => Number(b.exact) - Number(a.exact) || b.cosine - a.cosine || a.rows[0]! - b.rows[0]!);
  return {
    groups,
    threshold,
    chosenBy:
      chosen?.chosenBy ??
      (options.threshold === undefined ? 'There are no two different samples, so no threshold was chosen.' : 'The threshold was given.'),
    ...(chosen && { copiesFound: chosen.copiesFound, histogram: chosen.histogram }),
  };
}

function choose(copies: Float64Array, nearest: readonly number[]) {
  const { threshold, copies: found, nearest: near } = separatingThreshold({ copies, nearest });
  const from = Math.max(
    0,
    Math.floor(
      20 *
        Math.min(
          copies.reduce((a, b) => Math.min(a, b), 1),
          0.9,
        ),
    ) / 20,
  );
  return {
    threshold,
    copiesFound: found,
    chosenBy: `${countOf(copies.length, 'slightly altered copies', 'slightly altered copy')} put the threshold at a cosine of ${threshold.toFixed(3)}: ${percent(found)} of such copies are found, and ${percent(near)} of all samples have a neighbor that near. Another threshold: --threshold.`,
    histogram: { copies: shares(copies, from), nearest: shares(nearest, from) },
  };
}
