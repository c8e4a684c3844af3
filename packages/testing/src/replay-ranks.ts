import * as tf from '@tensorflow/tfjs-core';
import type { Collective } from '@selfsup/core';
import { fail } from './drive-task.ts';

type Sent = tf.Tensor | Float32Array;

/** A collective that answers at once, under a tape too. Internal. */
export interface ReplayedCollective extends Collective {
  allGather<T extends tf.Tensor>(x: T): T;
  allReduceMean(x: Float32Array): void;
  broadcast(x: Float32Array, root?: number): void;
}

const gathered = <T extends tf.Tensor>(rank: number, mine: T, other: tf.Tensor): T =>
  tf.concat<tf.Tensor>(rank === 0 ? [mine, other] : [other, mine], 0) as T;

/** A rank that writes down what it sends, and hears what the other one sent at the same call of the pass before. */
function replay(rank: number, mine: Sent[], others: readonly Sent[]): ReplayedCollective {
  const exchange = (numbers: Float32Array): Float32Array => {
    const other = others[mine.length] ?? numbers;
    mine.push(numbers.slice());
    return (other as Float32Array).slice();
  };
  return {
    rank,
    worldSize: 2,
    allGather(x) {
      const other = (others[mine.length] ?? x) as tf.Tensor;
      mine.push(tf.keep(tf.clone(x))); // stays in the graph, so that gradients reach the other rank
      return gathered(rank, x, other);
    },
    allReduceMean(x) {
      exchange(x).forEach((other, i) => (x[i] = (x[i]! + other) / 2));
    },
    broadcast(x, root = 0) {
      const other = exchange(x);
      if (rank !== root) x.set(other);
    },
    barrier: () => undefined,
  };
}

/**
 * Runs synchronous work as two ranks of one process. Internal.
 *
 * @remarks What a rank sends at its k-th call depends on what it heard at the calls before, so passes are repeated, one more than there are calls, until all
 * that is heard is what was sent. Called under a tape, gradients pass from rank to rank.
 */
export function onTwoRanks<R>(work: (collective: ReplayedCollective) => R): readonly [R, R] {
  const passes: [Sent[], Sent[]][] = [[[], []]];
  try {
    for (;;) {
      const [heard, sent] = [passes.at(-1)!, [[], []] as [Sent[], Sent[]]];
      passes.push(sent);
      const results = [work(replay(0, sent[0], heard[1])), work(replay(1, sent[1], heard[0]))] as const;
      if (sent[0].length !== sent[1].length)
        fail(`both ranks must make the same collective calls, got ${sent[0].length} and ${sent[1].length}`);
      if (passes.length - 2 >= sent[0].length) return results;
    }
  } finally {
    for (const sent of passes.flat(2)) if (sent instanceof tf.Tensor) sent.dispose();
  }
}
