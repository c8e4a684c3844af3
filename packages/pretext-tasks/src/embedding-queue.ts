import * as tf from '@tensorflow/tfjs-core';
import { drawNormal, l2Normalize, SelfsupError, type Collective, type Rng } from '@selfsup/core';

/** The embeddings of earlier batches, newest first. Internal. */
export interface EmbeddingQueue {
  /** float32 `[queueSize, ..., dim]`, the same on every rank. */
  readonly variable: tf.Variable;
  /** Says whether the rows of a step, of all ranks, fit in: throws SelfsupError `SELFSUP_BATCH` unless they do. */
  check(rows: number): void;
  /** Puts the rows of all ranks before the others; the oldest fall out. */
  enqueue(rows: tf.Tensor, collective: Collective): void;
  /** Mean of the steps since a row was enqueued, where each step brings `rows`; what was there at the start counts as old as the run. */
  meanAge(rows: number, step: number): number;
}

/** Builds a queue of the shape `[queueSize, ..., dim]`, of unit noise from `rng` or else of zeros. Internal. */
export function createEmbeddingQueue(who: string, shape: readonly [number, ...number[]], rng?: Rng): EmbeddingQueue {
  const [queueSize] = shape;
  const dims = [...shape];
  const noise =
    rng &&
    drawNormal(
      rng,
      dims.reduce((a, b) => a * b),
    );
  const variable = tf.tidy(() => tf.variable(noise ? l2Normalize(tf.tensor(noise, dims)) : tf.zeros(dims), false));
  return {
    variable,
    check(rows) {
      if (rows > queueSize)
        throw new SelfsupError('SELFSUP_BATCH', `${who}: the ${rows} images of a step must fit into \`queueSize\` ${queueSize}`);
    },
    enqueue(rows, collective) {
      const fresh = collective.allGather(rows);
      variable.assign(tf.concat([fresh, tf.slice(variable, 0, queueSize - fresh.shape[0])], 0));
    },
    meanAge(rows, step) {
      let sum = 0;
      for (let row = 0; row < queueSize; row += rows) sum += Math.min(rows, queueSize - row) * Math.min(row / rows + 1, step);
      return sum / queueSize;
    },
  };
}
