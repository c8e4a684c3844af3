import { fit, type FitResult } from '@selfsup/trainer';
import type { SessionOptions } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import type { RunFolder } from '../run-folder.ts';
import type { LearningRun } from './learning-run.ts';

/** What a session of training needs beside the run. */
export interface TrainSessionOptions {
  /** Where metrics and checkpoints go. */
  folder: RunFolder;
  /** Passes over the data. */
  epochs: number;
  /** Images per update. */
  batchSize: number;
  /** `maxSeconds`, `knnEvery`, `checkpointEvery`. */
  session: SessionOptions;
  /** Measures the encoder in percent, between epochs; absent without labels. */
  measure?: (() => Promise<number | undefined>) | undefined;
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
 * @param run from `createLearningRun`, restored when it continues
 * @param options see {@link TrainSessionOptions}
 * @returns see {@link SessionResult}
 */
export async function trainSession(run: LearningRun, options: TrainSessionOptions): Promise<SessionResult> {
  const { folder, epochs, batchSize, session, measure, secondsBefore, output, signal } = options;
  const { trainer, loader, prepare, learningRate, totalSteps } = run;
  const { stepsPerEpoch } = loader;
  const { maxSeconds, knnEvery = Math.max(1, Math.round(epochs / 5)), checkpointEvery } = session;
  let seconds = 0;
  let images = 0;
  const stage = output.stage('Training', { total: totalSteps, unit: 'updates' });
  stage.update(trainer.step);
  const result = await fit(trainer, {
    source: loader,
    prepare,
    epochs,
    signal,
    ...(maxSeconds === undefined ? {} : { maxSeconds }),
    checkpoint: { path: folder.checkpoint, everyEpochs: 1, ...(checkpointEvery === undefined ? {} : { everySteps: checkpointEvery }) },
    callbacks: {
      onStep(report) {
        const step = report.step + 1;
        seconds += report.seconds.reading + report.seconds.preparing + report.seconds.training;
        images += batchSize;
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
        stage.update(step, { loss: report.loss.toFixed(4), 'images/s': String(Math.round(images / seconds)) });
      },
      async onEpochEnd({ epoch, step, loss: mean }) {
        const done = epoch + 1;
        output.event('epoch', {
          epoch: done,
          step,
          loss: rounded(mean),
          seconds: rounded(secondsBefore + seconds),
          imagesPerSecond: rounded(images / seconds),
        });
        if (!measure || knnEvery === 0 || done % knnEvery !== 0 || done === epochs) return;
        const knn = await measure();
        if (knn === undefined) return;
        folder.appendMetrics({ type: 'knn', step, epoch: done, seconds: rounded(secondsBefore + seconds), knn: rounded(knn) });
        output.event('metrics', { epoch: done, step, knn: rounded(knn) });
        output.line(`Epoch ${done}: loss ${mean.toFixed(4)}, kNN ${knn.toFixed(2)} %`);
      },
      onCheckpoint({ path, step }) {
        output.event('checkpoint', { path, step });
      },
    },
  });
  stage.end();
  return { ...result, totalSeconds: secondsBefore + seconds };
}
