import * as tf from '@tensorflow/tfjs-core';
import { drawNormal, l2Normalize, SelfsupError, type Rng } from '@selfsup/core';

/** The keys of earlier steps, newest first. Internal. */
export interface KeyQueue {
  /** Unit rows `[size, dim]`: a buffer of the run, and disposed with it. */
  readonly keys: tf.Variable<tf.Rank.R2>;
  /** Throws SelfsupError `SELFSUP_BATCH` when the rows of an update do not fit. */
  check(who: string, rows: number): void;
  /** Puts keys before the others; the oldest fall out. */
  enqueue(fresh: tf.Tensor2D): void;
  /** The mean over the queue of the steps since a key was enqueued, where each step brought `rows` keys; noise of the start counts as old as the run. */
  meanAge(rows: number, step: number): number;
}

/**
 * A queue of keys that starts as unit noise, or as zeros. Internal.
 *
 * @param options its rows, their columns, and the stream of the noise; without, it starts as zeros
 * @returns the queue; it shifts instead of having a pointer, so that nothing is lost at a wrap-around
 */
export function createKeyQueue({ size, dim, rng }: { size: number; dim: number; rng?: Rng }): KeyQueue {
  const start = () => (rng ? l2Normalize(tf.tensor2d(drawNormal(rng, size * dim), [size, dim])) : tf.zeros<tf.Rank.R2>([size, dim]));
  const keys = tf.tidy(() => tf.variable<tf.Rank.R2>(start(), false));
  return {
    keys,
    check(who, rows) {
      if (rows > size) throw new SelfsupError('SELFSUP_BATCH', `${who}: the ${rows} keys of a step must fit into \`queueSize\` ${size}`);
    },
    enqueue(fresh) {
      tf.tidy(() => {
        keys.assign(tf.concat([fresh, tf.slice(keys, 0, size - fresh.shape[0])], 0));
      });
    },
    meanAge(rows, step) {
      let sum = 0;
      for (let row = 0; row < size; row += rows) sum += Math.min(rows, size - row) * Math.min(row / rows + 1, step);
      return sum / size;
    },
  };
}
