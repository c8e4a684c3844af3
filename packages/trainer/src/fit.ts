import { SelfsupError, type Batch, type Targets } from '@selfsup/core';
import { writeCheckpoint } from './checkpoint/write-checkpoint.ts';
import type { Trainer } from './create-trainer.ts';
import type { FitCallbacks, Timings } from './fit-callbacks.ts';
import { readMicroBatches, seconds, type PrepareContext } from './read-micro-batches.ts';
import { createMeans } from './running-means.ts';
import { agreeToStop, compareRanks } from './synchronize-ranks.ts';

/** Where raw batches come from; the loader of @selfsup/data is one. */
export interface Source<Raw> {
  /** How many batches an epoch has; an integer ≥ 1. */
  readonly stepsPerEpoch: number;
  /** The batches of one epoch from number `firstStep` on; the same epoch always gives the same batches. */
  epoch(epoch: number, options?: { firstStep?: number }): AsyncIterable<Raw>;
}

/** When and where `fit` writes checkpoints; one is always written at the end, when training was aborted too. */
export interface FitCheckpoint {
  /** The file; it is replaced each time. */
  path: string;
  /** Also after every so many steps; an integer ≥ 1; default never. */
  everySteps?: number;
  /** Also after every so many epochs; an integer ≥ 1; default never. */
  everyEpochs?: number;
  /** More strings for the metadata of each checkpoint, see {@link Trainer.save}. */
  metadata?: Readonly<Record<string, string>>;
  /** How to write; default {@link writeCheckpoint}, which needs Node. */
  write?: (path: string, bytes: Uint8Array) => Promise<void>;
}

/** Options of {@link fit}. */
export interface FitOptions<Raw, B extends Batch> {
  /** Raw batches. */
  source: Source<Raw>;
  /** Makes the task's batch, such as augmented views; runs in `tf.tidy`, `fit` disposes the result after the step. */
  prepare: (raw: Raw, context: PrepareContext) => B;
  /** Passes over the data, counted from the run's beginning; an integer ≥ 0. */
  epochs: number;
  /** How many batches make one update, see {@link Trainer.trainStep}; the last update of an epoch has what is left. An integer ≥ 1; default 1. */
  accumulate?: number;
  /** What to report to. */
  callbacks?: FitCallbacks<FitResult>;
  /** Default: no checkpoints. */
  checkpoint?: FitCheckpoint;
  /** Stops after the step under way. */
  signal?: AbortSignal;
  /** Stops before a step that would probably (as long as the last one) exceed this time of reading, preparing and training; > 0; default none. */
  maxSeconds?: number;
  /** After how many steps ranks make sure that their weights are the same, see {@link compareRanks}; an integer ≥ 1; default 100. Without effect on one rank. */
  compareRanksEvery?: number;
}

/** How training ended. */
export interface FitResult {
  /** Optimizer updates done so far, resumed ones included. */
  readonly step: number;
  /** Optimizer updates done by this call. */
  readonly steps: number;
  /** Whole passes over the data, resumed ones included. */
  readonly epochs: number;
  /** Why it stopped: all epochs done, the signal, or `maxSeconds`. */
  readonly stoppedBy: 'end' | 'signal' | 'time';
  /** Where this call's time went; callbacks and checkpoints do not count. */
  readonly seconds: Timings;
}

function checkOptions({ source, epochs, accumulate, checkpoint, maxSeconds, compareRanksEvery }: FitOptions<never, never>): void {
  const counts: [string, number | undefined, number][] = [
    ['source.stepsPerEpoch', source.stepsPerEpoch, 1],
    ['epochs', epochs, 0],
    ['accumulate', accumulate, 1],
    ['compareRanksEvery', compareRanksEvery, 1],
    ['checkpoint.everySteps', checkpoint?.everySteps, 1],
    ['checkpoint.everyEpochs', checkpoint?.everyEpochs, 1],
  ];
  for (const [name, value, min] of counts)
    if (value !== undefined && (!Number.isSafeInteger(value) || value < min))
      throw new SelfsupError('SELFSUP_OPTION', `fit: \`${name}\` must be an integer >= ${min}, got ${value}`);
  if (maxSeconds !== undefined && !(maxSeconds > 0))
    throw new SelfsupError('SELFSUP_OPTION', `fit: \`maxSeconds\` must be > 0, got ${maxSeconds}`);
}

const total = ({ reading, preparing, training }: Timings) => reading + preparing + training;

/**
 * Trains for a number of epochs: read → prepare → train step, with reports, checkpoints and resume.
 *
 * @param trainer from `createTrainer`; a restored one continues at `trainer.step`, in the middle of an epoch too
 * @param options see {@link FitOptions}
 * @returns see {@link FitResult}
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range, `SELFSUP_DATA` when an epoch ends before `stepsPerEpoch`, `SELFSUP_COLLECTIVE` when
 * ranks have come apart, and whatever source,
 * `prepare`, task, callbacks and file system throw; no checkpoint is written then, and the last one stays
 * @remarks Step s prepares from a stream of its own, its i-th micro-batch on rank r as part i · worldSize + r of the update's batch (`partOfStep` of
 * `@selfsup/core`), so a resumed run sees the same views, and so does one on other ranks or with other micro-batches. Between batches the event loop gets a turn, so that a prefetching source proceeds. Only rank 0 writes checkpoints; ranks stop
 * together when one of them is to stop.
 * @example
 * ```ts
 * import { sgd } from '@selfsup/optim';
 * import { createTrainer, fit } from '@selfsup/trainer';
 * const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.1 }), totalSteps: 10 * loader.stepsPerEpoch, seed: 0 });
 * await fit(trainer, {
 *   source: loader,
 *   prepare: (pixels, { rng }) => ({ views: views(toImages(pixels), rng) }),
 *   epochs: 10,
 *   callbacks: { onEpochEnd: ({ epoch, loss }) => console.log(epoch, loss) },
 *   checkpoint: { path: 'checkpoint.safetensors', everyEpochs: 1 },
 * });
 * ```
 */
export async function fit<Raw, B extends Batch, T extends Targets>(
  trainer: Trainer<B, T>,
  options: FitOptions<Raw, B>,
): Promise<FitResult> {
  checkOptions(options as unknown as FitOptions<never, never>);
  const { source, prepare, epochs, accumulate = 1, callbacks = {}, checkpoint, signal, maxSeconds = Infinity } = options;
  const { compareRanksEvery = 100 } = options;
  const { collective } = trainer;
  const stepsPerEpoch = Math.ceil(source.stepsPerEpoch / accumulate); // updates
  const first = trainer.step;
  const lastStep = epochs * stepsPerEpoch;
  const spent = { reading: 0, preparing: 0, training: 0 };
  let savedAt = -1;
  let lastDuration = 0;
  let stoppedBy: FitResult['stoppedBy'] = 'end';

  const save = async () => {
    if (!checkpoint || collective.rank !== 0 || savedAt === trainer.step) return;
    const bytes = await trainer.save({ metadata: checkpoint.metadata ?? {} });
    await (checkpoint.write ?? writeCheckpoint)(checkpoint.path, bytes);
    savedAt = trainer.step;
    await callbacks.onCheckpoint?.({ path: checkpoint.path, step: savedAt, bytes: bytes.length });
  };
  const mustStop = async () => {
    const late = total(spent) + lastDuration > maxSeconds;
    stoppedBy = (await agreeToStop(collective, signal?.aborted ? 'signal' : late ? 'time' : undefined)) ?? stoppedBy;
    return stoppedBy !== 'end';
  };
  const trainEpoch = async (epoch: number) => {
    const end = (epoch + 1) * stepsPerEpoch;
    const means = createMeans();
    const iterator = source.epoch(epoch, { firstStep: (trainer.step - epoch * stepsPerEpoch) * accumulate })[Symbol.asyncIterator]();
    try {
      while (trainer.step < end && !(await mustStop())) {
        const start = seconds();
        const timings = { reading: 0, preparing: 0, training: 0 };
        const batches = readMicroBatches(trainer, { iterator, prepare, epoch, accumulate, batchesPerEpoch: source.stepsPerEpoch, timings });
        const metrics = await trainer.trainStep(batches);
        timings.training = seconds() - start - timings.reading - timings.preparing;
        for (const key of ['reading', 'preparing', 'training'] as const) spent[key] += timings[key];
        lastDuration = total(timings);
        means.add(metrics, timings);
        if (trainer.step % compareRanksEvery === 0) await compareRanks(trainer);
        await callbacks.onStep?.({ ...metrics, epoch, seconds: timings });
        if (trainer.step < end && checkpoint?.everySteps && trainer.step % checkpoint.everySteps === 0) await save();
      }
    } finally {
      await iterator.return?.();
    }
    if (trainer.step < end) return;
    await callbacks.onEpochEnd?.({ epoch, step: trainer.step, ...means.read() });
    const byStep = checkpoint?.everySteps && trainer.step % checkpoint.everySteps === 0;
    const byEpoch = checkpoint?.everyEpochs && (epoch + 1) % checkpoint.everyEpochs === 0;
    if (byStep || byEpoch) await save();
  };

  await callbacks.onStart?.({ step: first, epoch: Math.floor(first / stepsPerEpoch), stepsPerEpoch, resumed: first > 0 });
  while (trainer.step < lastStep && stoppedBy === 'end' && !(await mustStop())) await trainEpoch(Math.floor(trainer.step / stepsPerEpoch));
  await save();
  const result: FitResult = {
    step: trainer.step,
    steps: trainer.step - first,
    epochs: Math.floor(trainer.step / stepsPerEpoch),
    stoppedBy,
    seconds: spent,
  };
  await callbacks.onEnd?.(result);
  return result;
}
