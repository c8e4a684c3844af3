import { drawPermutation, printable, SelfsupError, type Rng } from '@selfsup/core';
import type { ImagePixels } from './image-dataset.ts';
import { readAhead } from './read-ahead.ts';
import type { Rows, RowsDataset } from './rows-dataset.ts';

/** Options of {@link createLoader}. */
export interface LoaderOptions {
  /** Rows (images, sequences) per batch on this rank, ≥ 1. */
  batchSize: number;
  /** The stream of the order: epoch e is shuffled by `rng.fold('shuffle').fold(e)`. */
  rng: Rng;
  /** Whether each epoch has an order of its own; default true. */
  shuffle?: boolean;
  /** Whether a last batch that is not full is left out; default true. */
  dropLast?: boolean;
  /** Which share of each epoch is read, 0 … worldSize − 1; default 0. */
  rank?: number;
  /** How many ranks share each epoch, ≥ 1; default 1. */
  worldSize?: number;
  /** How many batches are read ahead while the consumer works, ≥ 0; default 2. */
  prefetch?: number;
}

/** Reads a data set in batches, epoch by epoch; `R` is what the data set's rows are. */
export interface Loader<R extends Rows = ImagePixels> {
  /** Batches per epoch, the same on every rank. */
  readonly stepsPerEpoch: number;
  /** Rows per batch. */
  readonly batchSize: number;
  /** Seconds spent in the data set's `read` so far, over all epochs. Most of it passes while the consumer works. */
  readonly secondsReading: number;
  /**
   * Iterates over the batches of an epoch.
   *
   * @param epoch which epoch, from 0; its order depends on nothing else
   * @param options `firstStep`: how many batches are left out at the start, to resume in the middle; default 0
   * @returns the batches; leaving the loop early stops the reading
   */
  epoch(epoch: number, options?: { firstStep?: number }): AsyncIterable<R>;
}

const fail = (message: string, code: 'SELFSUP_OPTION' | 'SELFSUP_DATA' = 'SELFSUP_OPTION'): never => {
  throw new SelfsupError(code, message);
};

function checkInteger(name: string, value: number, range: { min: number; max?: number }): void {
  const { min, max = Number.MAX_SAFE_INTEGER } = range;
  if (!Number.isSafeInteger(value) || value < min || value > max)
    fail(`${name} must be an integer ${max === Number.MAX_SAFE_INTEGER ? `>= ${min}` : `from ${min} to ${max}`}, got ${value}`);
}

/**
 * Makes a loader: seeded shuffling, one share per rank, and reading ahead while the consumer works.
 *
 * @param dataset the images, or the token sequences
 * @param options `batchSize` and `rng`; `shuffle` (true), `dropLast` (true), `rank` (0), `worldSize` (1), `prefetch` (2 batches)
 * @returns the loader; it holds no state but the time it has spent reading, so any epoch can be asked for at any time
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or a batch larger than a rank's share; `SELFSUP_DATA` on an empty data set.
 *   Iterating throws what the data set throws, and `SELFSUP_DATA` when not one row of a batch could be read.
 * @remarks All ranks share one order of the epoch, cut into blocks of `batchSize` rows: batch t of rank r is block t · worldSize + r, so that the ranks together
 *   read what one rank would with `worldSize` times the batch. All ranks take the same number of steps: with `dropLast` the rows at the end that do not make a
 *   batch for each rank are left out of the epoch, without it the order is continued from its start, and all ranks have equally many rows.
 *   A batch has fewer rows where images could not be decoded.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { createLoader, shapes } from '@selfsup/data';
 * const loader = createLoader(shapes({ count: 64, seed: 0 }), { batchSize: 32, rng: createRng(0) });
 * for await (const batch of loader.epoch(0)) console.log(batch.shape); // twice [32, 32, 32, 3]
 * ```
 */
export function createLoader<R extends Rows>(dataset: RowsDataset<R>, options: LoaderOptions): Loader<R> {
  const { batchSize, rng, shuffle = true, dropLast = true, rank = 0, worldSize = 1, prefetch = 2 } = options;
  checkInteger('createLoader: `batchSize`', batchSize, { min: 1 });
  checkInteger('createLoader: `worldSize`', worldSize, { min: 1 });
  checkInteger('createLoader: `rank`', rank, { min: 0, max: worldSize - 1 });
  checkInteger('createLoader: `prefetch`', prefetch, { min: 0 });
  const { length, unit = 'images' } = dataset;
  const name = printable(dataset.name);
  if (length === 0) fail(`createLoader: \`dataset\` "${name}" has no ${unit}; give one that has some`, 'SELFSUP_DATA');
  const share = dropLast ? Math.floor(length / worldSize) : Math.ceil(length / worldSize); // rows of each rank
  if (dropLast && batchSize > share) {
    const ranks = worldSize === 1 ? '' : ` for each of ${worldSize} ranks`;
    fail(
      `createLoader: \`batchSize\` must be at most ${share}, the number of ${unit} in "${name}"${ranks}, got ${batchSize}; ` +
        `use a smaller batch or more ${unit}`,
    );
  }
  const stepsPerEpoch = dropLast ? Math.floor(share / batchSize) : Math.ceil(share / batchSize);
  const shuffleRng = rng.fold('shuffle');
  let secondsReading = 0;

  const shareOf = (epoch: number): Int32Array => {
    const order = shuffle ? drawPermutation(shuffleRng.fold(epoch), length) : Int32Array.from({ length }, (_, i) => i);
    return Int32Array.from({ length: share }, (_, i) => {
      const step = Math.floor(i / batchSize);
      const rows = Math.min(batchSize, share - step * batchSize);
      return order[(step * batchSize * worldSize + rank * rows + (i % batchSize)) % length]!;
    });
  };

  const read = async (indices: Int32Array): Promise<R> => {
    const start = performance.now();
    try {
      const batch = await dataset.read(indices);
      if (batch.indices.length === 0)
        fail(
          `createLoader: not one of the ${indices.length} ${unit} of a batch of "${name}" could be ${unit === 'images' ? 'decoded' : 'read'}; check its files`,
          'SELFSUP_DATA',
        );
      return batch;
    } finally {
      secondsReading += (performance.now() - start) / 1000;
    }
  };

  return {
    stepsPerEpoch,
    batchSize,
    get secondsReading() {
      return secondsReading;
    },
    epoch(epoch, { firstStep = 0 } = {}) {
      checkInteger('Loader.epoch: `epoch`', epoch, { min: 0 });
      checkInteger('Loader.epoch: `firstStep`', firstStep, { min: 0, max: stepsPerEpoch });
      return {
        [Symbol.asyncIterator]() {
          const indices = shareOf(epoch);
          const batch = (i: number) => read(indices.subarray((firstStep + i) * batchSize, (firstStep + i + 1) * batchSize));
          return readAhead(stepsPerEpoch - firstStep, batch, prefetch);
        },
      };
    },
  };
}
