import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KnnProbe } from '../knn-probe.ts';
import type { OpenedData } from '../open-data.ts';
import { formatSeconds, type Output } from '../output/output.ts';
import { collectReport } from '../report/collect-report.ts';
import { renderReport } from '../report/render-report.ts';
import type { RunFile } from '../run-file.ts';
import type { RunFolder } from '../run-folder.ts';
import type { RunResult } from '../run-result.ts';
import { alarmsOf, healthFields, type RunWatch } from '../training/run-watch.ts';
import type { LearningRun } from '../training/learning-run.ts';
import type { SessionResult } from '../training/train-session.ts';

/** kNN accuracies in percent to compare the trained encoder with; absent without labels. */
export interface Baselines {
  readonly rawPixels?: number;
  readonly untrained?: number;
}

/** What {@link finishRun} needs. */
export interface FinishRunOptions {
  run: LearningRun;
  file: RunFile;
  data: OpenedData;
  folder: RunFolder;
  probe: KnnProbe;
  watch: RunWatch;
  baselines: Baselines;
  session: SessionResult;
  backend: string;
  report: boolean;
  output: Output;
}

const rounded = (value: number) => Number(value.toFixed(2));

/** What an earlier session measured, for one that found nothing left to train. */
function ratesBefore(folder: RunFolder): Partial<RunResult> {
  const file = join(folder.path, 'result.json');
  if (!existsSync(file)) return {};
  const earlier = JSON.parse(readFileSync(file, 'utf8')) as RunResult;
  const names = ['imagesPerSecond', 'augmentImagesPerSecond', 'trainImagesPerSecond'] as const;
  return Object.fromEntries(names.flatMap((name) => (earlier[name] === undefined ? [] : [[name, earlier[name]]])));
}

function rates({ seconds, steps }: SessionResult, imagesPerUpdate: number): Partial<RunResult> {
  const { reading, preparing, training } = seconds;
  const per = (time: number) => rounded((steps * imagesPerUpdate) / Math.max(time, 1e-9));
  return {
    imagesPerSecond: per(reading + preparing + training),
    augmentImagesPerSecond: per(preparing),
    trainImagesPerSecond: per(training),
  };
}

function summarize(result: RunResult, output: Output): void {
  const rows: [string, string][] = [];
  const add = (name: string, value: number | undefined, unit: string) => {
    if (value !== undefined) rows.push([name, `${value.toFixed(unit === '%' ? 2 : 0).padStart(8)} ${unit}`]);
  };
  add('kNN, raw pixels', result.knnRawPixels, '%');
  add('kNN, untrained encoder', result.knnUntrained, '%');
  add('kNN, trained encoder', result.knnTrained, '%');
  if (result.health)
    rows.push([
      'rank of the features',
      `${result.health.rank.toFixed(2).padStart(8)} of ${Math.min(result.health.rows, result.health.dim)}`,
    ]);
  add('reading and decoding', result.decodeImagesPerSecond, 'images/s');
  add('augmentation', result.augmentImagesPerSecond, 'images/s');
  add('train step', result.trainImagesPerSecond, 'images/s');
  add('training as a whole', result.imagesPerSecond, 'images/s');
  if (result.skipped.length > 0) add('skipped', result.skipped.length, 'images');
  output.line('');
  for (const [name, value] of rows) output.line(`  ${name.padEnd(24)}${value}`);
  output.line('');
}

/**
 * Measures the trained encoder, writes result.json and report.html, and says what came out.
 *
 * @param options see {@link FinishRunOptions}
 */
export async function finishRun(options: FinishRunOptions): Promise<void> {
  const { run, file, data, folder, probe, watch, baselines, session, output } = options;
  const { settings } = file;
  const finding = await probe.measure(run.backbone, 'trained');
  const { step, totalSeconds: seconds } = session;
  const records = folder.readMetrics();
  if (finding.accuracy !== undefined && !records.some((record) => record.type === 'knn' && record.step === step))
    folder.appendMetrics({ type: 'knn', step, epoch: step / file.stepsPerEpoch, seconds, knn: finding.accuracy });
  const health = await watch.measure('trained', { step, epoch: step / file.stepsPerEpoch, seconds });
  const alarms = alarmsOf(folder.readMetrics()).map(({ kind, metric, value, threshold, step: at }) => ({
    kind: String(kind),
    metric: String(metric),
    value: Number(value),
    threshold: Number(threshold),
    step: at,
  }));
  const lastEpoch = records.filter((record) => record.type === 'step').slice(-file.stepsPerEpoch);
  const losses = lastEpoch.map((record) => Number(record['loss']));
  const result: RunResult = {
    type: 'result',
    task: settings.task,
    dataset: file.dataset.name,
    encoder: settings.encoder,
    backend: options.backend,
    epochs: session.epochs,
    steps: step,
    stoppedBy: session.stoppedBy === 'time' ? 'time' : 'end',
    seconds: rounded(seconds),
    ...(session.steps === 0 ? ratesBefore(folder) : rates(session, run.imagesPerUpdate)),
    decodeImagesPerSecond: rounded(data.imagesPerSecond),
    trainImages: data.train.length,
    testImages: data.test?.length ?? 0,
    ...(losses.length === 0 ? {} : { loss: Number((losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toFixed(5)) }),
    ...(baselines.rawPixels === undefined ? {} : { knnRawPixels: rounded(baselines.rawPixels) }),
    ...(baselines.untrained === undefined ? {} : { knnUntrained: rounded(baselines.untrained) }),
    ...(finding.accuracy === undefined ? {} : { knnTrained: rounded(finding.accuracy) }),
    ...(health ? { health: healthFields(health) } : {}),
    alarms,
    skipped: data.skipped(),
    checkpoint: await folder.hashCheckpoint(),
    run: folder.path,
  };
  await folder.writeJson('result.json', result);
  if (options.report) {
    const bank = { dataset: probe.bank, features: finding.bank };
    const test = probe.test && finding.test ? { dataset: probe.test, features: finding.test } : undefined;
    await folder.writeReport(
      await renderReport(await collectReport({ run: file, metrics: folder.readMetrics(), result, bank, test, output })),
    );
  }
  summarize(result, output);
  output.line(
    `${result.stoppedBy === 'time' ? 'Stopped by the time limit' : 'Done'}: ${result.steps} updates in ${formatSeconds(result.seconds)}.`,
  );
  if (options.report) output.line(`Report: ${pathToFileURL(resolve(folder.report)).href}`);
  const { type, ...fields } = result;
  output.event(type, fields);
}
