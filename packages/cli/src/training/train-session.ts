import type { Batch, Schedule } from '@selfsup/core';
import { fit, type FitResult, type PrepareContext, type Source, type Trainer } from '@selfsup/trainer';
import type { SessionOptions } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import type { RunFolder } from '../run-folder.ts';
import type { RunWatch } from './run-watch.ts';

/** All that a session asks of a run, on images or text. */
export interface TrainableRun<Raw, B extends Batch> {
  readonly trainer: Trainer<B>;
  readonly loader: Source<Raw>;
  readonly prepare: (raw: Raw, context: PrepareContext) => B;
  readonly learningRate: Schedule;
  readonly totalSteps: number;
  /** Batches per update; default 1. */
  readonly accumulate?: number;
}

/** How a session measures what it trains, between epochs. */
export interface SessionProbe {
  /** What the line of metrics.jsonl is. */
  readonly type: 'knn' | 'held-out';
  /** The values by name; undefined when there is nothing to say. */
  measure(): Promise<Readonly<Record<string, number>> | undefined>;
  /** The values for people. */
  describe(values: Readonly<Record<string, number>>): string;
}

/** What a session of training needs beside the run. */
export interface TrainSessionOptions {
  /** Where metrics and checkpoints go. */
  folder: RunFolder;
  /** Passes over the data. */
  epochs: number;
  /** What throughput is counted in, and how much of it an update has. */
  throughput: { unit: 'images' | 'tokens'; perUpdate: number };
  /** `maxSeconds`, `knnEvery`, `checkpointEvery`. */
  session: SessionOptions;
  /** Measures between epochs; absent without labels. */
  probe?: SessionProbe | undefined;
  /** Judges the metrics of each step, and measures the features where the probe measures. */
  watch: RunWatch;
  /** Seconds of training before this session. */
  secondsBefore: number;
  /** Shows progress. */
  output: Output;
  /** Stops after the step under way. */
  signal: AbortSignal;
}

/** What a session of training came to. */
export interface SessionResult extends FitResult {
  /** Seconds of training until now, over all sessions. */
  readonly totalSeconds: number;
}

const rounded = (value: number, digits = 6) => Number(value.toPrecision(digits));

/**
 * Trains until the end of the run, the time limit or the signal: metrics after every step, a checkpoint after every epoch.
 *
 * @param run from `createLearningRun` or `createTextRun`, restored when it continues
 * @param options see {@link TrainSessionOptions}
 * @returns see {@link SessionResult}
 */
export async function trainSession<Raw, B extends Batch>(run: TrainableRun<Raw, B>, options: TrainSessionOptions): Promise<SessionResult> {
  const { folder, epochs, throughput, session, probe, watch, secondsBefore, output, signal } = options;
  const { trainer, loader, prepare, learningRate, totalSteps, accumulate = 1 } = run;
  const stepsPerEpoch = Math.ceil(loader.stepsPerEpoch / accumulate);
  const { maxSeconds, knnEvery = Math.max(1, Math.round(epochs / 5)), checkpointEvery } = session;
  let seconds = 0;
  let processed = 0;
  const stage = output.stage('Training', { total: totalSteps, unit: 'updates' });
  stage.update(trainer.step);
  const result = await fit(trainer, {
    source: loader,
    prepare,
    epochs,
    accumulate,
    signal,
    ...(maxSeconds === undefined ? {} : { maxSeconds }),
    checkpoint: { path: folder.checkpoint, everyEpochs: 1, ...(checkpointEvery === undefined ? {} : { everySteps: checkpointEvery }) },
    callbacks: {
      onStep(report) {
        const step = report.step + 1;
        seconds += report.seconds.reading + report.seconds.preparing + report.seconds.training;
        processed += throughput.perUpdate;
        const rate = learningRate(report.step);
        const metrics = Object.fromEntries(Object.entries(report.metrics).map(([name, value]) => [name, rounded(value)]));
        folder.appendMetrics({
          ...metrics,
          type: 'step',
          step,
          epoch: rounded(step / stepsPerEpoch),
          seconds: rounded(secondsBefore + seconds),
          loss: rounded(report.loss),
          learningRate: rounded(rate),
        });
        watch.onStep(report, { step, epoch: step / stepsPerEpoch, seconds: secondsBefore + seconds });
        stage.update(step, { loss: report.loss.toFixed(4), [`${throughput.unit}/s`]: String(Math.round(processed / seconds)) });
      },
      async onEpochEnd({ epoch, step, loss: mean }) {
        const done = epoch + 1;
        output.event('epoch', {
          epoch: done,
          step,
          loss: rounded(mean),
          seconds: rounded(secondsBefore + seconds),
          [`${throughput.unit}PerSecond`]: rounded(processed / seconds),
        });
        if (knnEvery === 0 || done % knnEvery !== 0 || done === epochs) return;
        await watch.measure('training', { step, epoch: done, seconds: secondsBefore + seconds });
        const values = await probe?.measure();
        if (!probe || values === undefined) return;
        const shown = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, rounded(value)]));
        folder.appendMetrics({ type: probe.type, step, epoch: done, seconds: rounded(secondsBefore + seconds), ...shown });
        output.event('metrics', { epoch: done, step, ...shown });
        output.line(`Epoch ${done}: loss ${mean.toFixed(4)}, ${probe.describe(values)}`);
      },
      onCheckpoint({ path, step }) {
        output.event('checkpoint', { path, step });
      },
    },
  });
  stage.end();
  return { ...result, totalSeconds: secondsBefore + seconds };
}
