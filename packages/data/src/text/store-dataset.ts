import { checkIndices } from '../check-indices.ts';
import type { PairPlan } from './plan-sentence-pairs.ts';
import type { SequencePlan } from './plan-sequences.ts';
import type { TokenDataset } from './token-dataset.ts';
import type { TokenStore } from './token-store.ts';

/** What {@link storeDataset} puts around the tokens. */
export interface Frame {
  readonly name: string;
  readonly sequenceLength: number;
  readonly vocabularySize: number;
  /** `[CLS]`, or nothing. */
  readonly first: readonly number[];
  /** `[SEP]`, or nothing. */
  readonly last: readonly number[];
  readonly pad: number;
}

const isPairs = (plan: SequencePlan | PairPlan): plan is PairPlan => 'labels' in plan;

/** The data set of planned spans of a store: `first A last`, or `first A last B last`, filled up. */
export function storeDataset(store: TokenStore, plan: SequencePlan | PairPlan, frame: Frame): TokenDataset {
  const { name, sequenceLength, vocabularySize, first, last, pad } = frame;
  const length = plan.starts.length;
  return {
    name,
    unit: 'sequences',
    length,
    sequenceLength,
    vocabularySize,
    async read(indices) {
      checkIndices(`${name}.read`, indices, { length, unit: 'sequences' });
      const n = indices.length;
      const tokenIds = new Int32Array(n * sequenceLength).fill(pad); // [n, length]
      const attentionMask = new Int32Array(n * sequenceLength);
      const segmentIds = isPairs(plan) ? new Int32Array(n * sequenceLength) : undefined;
      for (let row = 0; row < n; row++) {
        const i = indices[row]!;
        const start = row * sequenceLength;
        tokenIds.set(first, start);
        let at = start + first.length;
        await store.read(plan.starts[i]!, plan.lengths[i]!, { target: tokenIds, at });
        at += plan.lengths[i]!;
        tokenIds.set(last, at);
        at += last.length;
        if (isPairs(plan)) {
          const second = at;
          await store.read(plan.secondStarts[i]!, plan.secondLengths[i]!, { target: tokenIds, at });
          at += plan.secondLengths[i]!;
          tokenIds.set(last, at);
          at += last.length;
          segmentIds!.fill(1, second, at);
        }
        attentionMask.fill(1, start, at);
      }
      return {
        tokenIds,
        attentionMask,
        ...(segmentIds && { segmentIds }),
        ...(isPairs(plan) && { nextSentenceLabels: Int32Array.from(indices, (i) => plan.labels[i]!) }),
        shape: [n, sequenceLength],
        indices: Int32Array.from(indices),
      };
    },
  };
}
