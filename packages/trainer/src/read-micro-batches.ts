import * as tf from '@tensorflow/tfjs-core';
import { nextTurn, partOfStep, SelfsupError, type Batch, type Rng, type Targets } from '@selfsup/core';
import type { Trainer } from './create-trainer.ts';

/** What `prepare` knows beside the raw batch. */
export interface PrepareContext {
  /** This step's own stream, for the part of the update's batch that is at hand: what is drawn for a row is the same in any division, see `Rng`. */
  readonly rng: Rng;
  /** Optimizer updates done so far. */
  readonly step: number;
  /** 0 for the first. */
  readonly epoch: number;
}

/** Where an update's batches come from, and where the time that they take is noted. Internal. */
export interface MicroBatchSource<Raw, B extends Batch> {
  readonly iterator: AsyncIterator<Raw>;
  readonly prepare: (raw: Raw, context: PrepareContext) => B;
  readonly epoch: number;
  readonly accumulate: number;
  readonly batchesPerEpoch: number;
  readonly timings: { reading: number; preparing: number };
}

/** The time in seconds. Internal. */
export const seconds = () => performance.now() / 1000;

/**
 * Reads and prepares the batches of the trainer's next update, each when the one before has been used and disposed. Internal.
 *
 * @throws SelfsupError `SELFSUP_DATA` when the source ends before the epoch does
 */
export async function* readMicroBatches<Raw, B extends Batch, T extends Targets>(
  trainer: Pick<Trainer<B, T>, 'rng' | 'step' | 'collective'>,
  source: MicroBatchSource<Raw, B>,
): AsyncGenerator<B, void, void> {
  const { iterator, prepare, epoch, accumulate, batchesPerEpoch, timings } = source;
  const { step, collective } = trainer;
  const done = (step - epoch * Math.ceil(batchesPerEpoch / accumulate)) * accumulate; // batches of this epoch
  for (let i = 0; i < Math.min(accumulate, batchesPerEpoch - done); i++) {
    const start = seconds();
    await nextTurn();
    const item = await iterator.next();
    if (item.done)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `fit: epoch ${epoch} must have ${batchesPerEpoch} batches, the source ended after ${done + i}`,
      );
    const read = seconds();
    const rng = partOfStep(trainer.rng, { kind: 'prepare', step, microBatch: i, collective });
    const batch = tf.tidy(() => prepare(item.value, { rng, step, epoch }) as tf.TensorContainer) as B;
    timings.reading += read - start;
    timings.preparing += seconds() - read;
    try {
      yield batch;
    } finally {
      tf.dispose(batch as tf.TensorContainer);
    }
  }
}
