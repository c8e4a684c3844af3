import { kCenter, typicalRows, whiten } from '@selfsup/evaluate';
import { silentProgress, type Progress } from '../progress.ts';
import type { EmbeddedSet } from './embedded-set.ts';

/** How samples are chosen to be labeled. */
export type SelectionMethod = 'typicality' | 'k-center';

/** Options of {@link selectSamples}. */
export interface SelectSamplesOptions {
  /** How many; an integer ≥ 1. */
  readonly count: number;
  /** `typicality`: typical of different regions, best where labels are few; `k-center`: as different as can be, so that nothing is far from all. Default `typicality`. */
  readonly method?: SelectionMethod | undefined;
  /** Rows of the set that have a label already; default none. */
  readonly chosen?: ArrayLike<number> | undefined;
  /** Where clusters start; default 0. */
  readonly seed?: number | undefined;
  /** Whether principal directions of the set are compared, the strong ones made weaker; default false. */
  readonly whitening?: boolean | undefined;
  /** Shows progress; default nobody looks. */
  readonly progress?: Progress | undefined;
}

/** A sample that is worth a label. */
export interface SelectedSample {
  /** Its row in the set. */
  readonly row: number;
  /** By `typicality` how typical it is, 1 over the mean distance to its nearest samples; by `k-center` how far it is from all that were chosen before. */
  readonly score: number;
  /** By `typicality` how many samples it stands for. */
  readonly size?: number;
}

/**
 * Chooses a diverse part of a set to be labeled.
 *
 * @param set from `embedSet`
 * @param options see {@link SelectSamplesOptions}
 * @returns the samples in the order in which to label them: any first few are diverse, too
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 */
export async function selectSamples(set: EmbeddedSet, options: SelectSamplesOptions): Promise<SelectedSample[]> {
  const { count, method = 'typicality', chosen = [], seed = 0, whitening = false, progress = silentProgress } = options;
  const features = whitening ? (await whiten(set.features, set.features)).bank : set.features;
  const stage = progress.stage('Choosing samples', { total: count, unit: 'samples' });
  const onProgress = (done: number) => {
    stage.update(done);
  };
  try {
    if (method === 'k-center') {
      const { rows, distances } = await kCenter(features, { count, chosen, onProgress });
      return Array.from(rows, (row, i) => ({ row, score: distances[i]! }));
    }
    const { rows, typicality, sizes } = await typicalRows(features, { count, chosen, seed, onProgress });
    return Array.from(rows, (row, i) => ({ row, score: typicality[i]!, size: sizes[i]! }));
  } finally {
    stage.end();
  }
}
