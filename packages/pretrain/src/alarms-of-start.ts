import { createRng, drawPermutation } from '@selfsup/core';
import { rankMe, type CollapseAlarm, type FeatureMatrix } from '@selfsup/evaluate';
import type { AnyModality, AnyModule, EncodeOptions, RunData } from './modality.ts';
import { silentProgress } from './progress.ts';

/** Something about a run before its first update that makes it pointless; what it says is what a {@link CollapseAlarm} says. */
export interface StartAlarm extends Omit<CollapseAlarm, 'kind'> {
  readonly kind: 'same' | 'flat';
}

/** Training samples that are looked at. */
const SAMPLES = 100;
/** From this share of samples with one and the same features there is little to learn. */
const SAME = 0.9;
/** Features of a start that are of lower rank lie all on one line. */
const RANK = 1.1;
/** Squared distance of what counts as the same, in relation to the squared length: far above what rounding does. */
const NEAR = 1e-8;

/** The largest share of rows that are the same as one of them. */
function sameShare({ data, shape: [rows, dim] }: FeatureMatrix): number {
  const row = (i: number) => data.subarray(i * dim, (i + 1) * dim);
  let most = 0;
  const left = new Set(Array.from({ length: rows }, (_, i) => i));
  for (let i = 0; i < rows && left.size > most; i++) {
    if (!left.has(i)) continue;
    const one = row(i);
    const limit = NEAR * one.reduce((sum, value) => sum + value * value, 0);
    let count = 0;
    for (const j of left) {
      const other = row(j);
      let distance = 0;
      for (let k = 0; k < dim && distance <= limit; k++) distance += (other[k]! - one[k]!) ** 2;
      if (distance > limit) continue;
      left.delete(j);
      count++;
    }
    most = Math.max(most, count);
  }
  return most / rows;
}

/**
 * Looks at the features of a run before its first update, as they are read: whether nearly all samples are the same, and whether a start from data tells any apart.
 *
 * @param features gives them
 * @param context the data, the run's seed, and whether the weights were computed from the data: features of fresh weights may lie close together
 * @returns the alarms
 */
export async function alarmsOfStart(
  features: AnyModule,
  context: {
    modality: AnyModality;
    data: RunData;
    seed: number;
    encoding: Omit<EncodeOptions, 'stage'>;
    isComputed: boolean;
  },
): Promise<StartAlarm[]> {
  const { modality, data, seed, encoding, isComputed } = context;
  const { length } = data.train;
  const indices = drawPermutation(createRng(seed).fold('alike'), length).slice(0, SAMPLES).sort();
  const found = await modality.encode(features, data.train, { ...encoding, progress: silentProgress, stage: '', indices });
  const [rows] = found.shape;
  if (rows < 2 || !found.data.every(Number.isFinite)) return [];
  const share = Number(sameShare(found).toFixed(3));
  const { unit } = data;
  if (share >= SAME)
    return [
      {
        kind: 'same',
        ...{ metric: 'sameShare', value: share, threshold: SAME },
        likelyCause: `nearly all training ${unit} are the same`,
        advice: `look at the data for copies, and give ${unit} that differ: copies add nothing to learn`,
        message: `${Math.round(share * rows)} of ${rows} training ${unit} have the same features (sameShare ${share} is not below ${SAME}): nearly all are the same`,
      },
    ];
  const rank = isComputed ? Number(rankMe(found).toFixed(3)) : Infinity;
  if (rank >= RANK) return [];
  const cause = `the ${unit} differ in too little for this start`;
  return [
    {
      kind: 'flat',
      ...{ metric: 'startRank', value: rank, threshold: RANK },
      likelyCause: cause,
      advice: `look at the data, and try another \`start\`, another \`readout\`, or training on top (\`epochs\`)`,
      message: `startRank ${rank} is below ${RANK}: the features of the start tell hardly any ${unit} apart; likely ${cause}`,
    },
  ];
}
