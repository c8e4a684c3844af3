import { existsSync } from 'node:fs';
import { selectBackend } from '@selfsup/backends';
import { readCheckpoint } from '@selfsup/trainer';
import { rawPixels } from '../encode-images.ts';
import { createKnnProbe, type KnnProbe } from '../knn-probe.ts';
import { openData, unitOf } from '../open-data.ts';
import type { RunConfig } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import { tasks } from '../registry-tasks.ts';
import { createRunFolder, runFolder, type RunFolder } from '../run-folder.ts';
import { createFeatureHealth } from '../training/feature-health.ts';
import { createLearningRun, type LearningRun } from '../training/learning-run.ts';
import { createRunWatch } from '../training/run-watch.ts';
import { trainSession, type SessionProbe } from '../training/train-session.ts';
import { stopOnInterrupt } from '../training/stop-on-interrupt.ts';
import { assertSameData, describeRun, planRun } from './start-run.ts';
import { finishRun, type Baselines } from './finish-run.ts';

/** Measures what the trained encoder is compared with, or reads it from an earlier session. */
async function measureBaselines(run: LearningRun, options: { probe: KnnProbe; folder: RunFolder; output: Output }): Promise<Baselines> {
  const { probe, folder, output } = options;
  if (!probe.hasLabels) return {};
  const earlier = folder.readMetrics().find(({ type, step }) => type === 'knn' && step === 0);
  if (typeof earlier?.['knn'] === 'number' && typeof earlier['rawPixels'] === 'number')
    return { rawPixels: earlier['rawPixels'], untrained: earlier['knn'] };
  const rawPixelsFinding = await probe.measure(rawPixels, 'raw pixels');
  const untrained = await probe.measure(run.backbone, 'untrained');
  const rounded = (percent: number) => Number(percent.toPrecision(6));
  const baselines = { rawPixels: rounded(rawPixelsFinding.accuracy!), untrained: rounded(untrained.accuracy!) };
  folder.appendMetrics({ type: 'knn', step: 0, epoch: 0, seconds: 0, knn: baselines.untrained, rawPixels: baselines.rawPixels });
  output.event('metrics', { epoch: 0, step: 0, knnRawPixels: baselines.rawPixels, knnUntrained: baselines.untrained });
  output.line(`kNN of the raw pixels ${baselines.rawPixels.toFixed(2)} %, of the untrained encoder ${baselines.untrained.toFixed(2)} %`);
  return baselines;
}

/** The probe as a session takes it. */
const knnBetweenEpochs = (run: LearningRun, probe: KnnProbe): SessionProbe => ({
  type: 'knn',
  async measure() {
    const { accuracy } = await probe.measure(run.backbone, 'training');
    return accuracy === undefined ? undefined : { knn: accuracy };
  },
  describe: (values) => `kNN ${values['knn']!.toFixed(2)} %`,
});

/**
 * `selfsup train` on images: pretrains an encoder and writes the folder of the run.
 *
 * @param flags the flags of the command line
 * @param options `configFile` of `--config`; where to report
 * @returns the exit code: 0, or 130 after an interrupt
 */
export async function runTrainImages(flags: RunConfig, options: { configFile: string | undefined; output: Output }): Promise<number> {
  const { configFile, output } = options;
  const plan = await planRun(flags, configFile);
  const { settings, config, path, earlier } = plan;
  const backend = await selectBackend({ prefer: config.backend ?? 'auto' });
  for (const reason of backend.rejected) output.warn(`selfsup: ${reason}`);
  const opened = await openData(settings, output);
  if (earlier) assertSameData(earlier, opened);
  const data = earlier ? { ...opened, mean: earlier.images.mean, std: earlier.images.std } : opened;
  const run = createLearningRun(settings, { data, config });
  try {
    const file = earlier ?? describeRun(plan, { data, backend, run });
    const saved = earlier && existsSync(runFolder(path).checkpoint) ? await readCheckpoint(runFolder(path).checkpoint) : undefined;
    const { dataset } = file;
    output.event('start', {
      run: path,
      task: settings.task,
      encoder: settings.encoder,
      backend: backend.name,
      ...dataset,
      epochs: settings.epochs,
      totalSteps: run.totalSteps,
    });
    output.line(
      `${settings.task} on ${dataset.name}: ${dataset.train} ${unitOf(opened)} to learn from, ${dataset.test} to test on, ${opened.skipped().length} skipped`,
    );
    output.line(
      `${settings.encoder} on ${backend.description}; ${run.totalSteps} updates in ${settings.epochs} ${settings.epochs === 1 ? 'epoch' : 'epochs'}, into ${path}`,
    );
    const folder = earlier ? runFolder(path) : await createRunFolder(path, file);
    const probe = createKnnProbe(data, { settings, output });
    const baselines = await measureBaselines(run, { probe, folder, output }); // before the weights are restored
    const watched = {
      ...{ folder, output, momentum: tasks.get(settings.task).targetMomentum },
      embeddingDim: config.projectionHead ? undefined : settings.headOutput,
      measure: createFeatureHealth(data.clips ? { backbone: run.backbone } : run, { data, seed: settings.seed, output }),
    };
    if (!folder.readMetrics().some(({ type }) => type === 'health'))
      await createRunWatch(watched).measure('untrained', { step: 0, epoch: 0, seconds: 0 });
    if (saved) await run.trainer.restore(saved);
    if (earlier) await folder.truncateMetrics(run.trainer.step);
    if (earlier) output.line(`Continuing at update ${run.trainer.step}`);
    const watch = createRunWatch(watched); // knows the alarms before this update
    const before = folder.readMetrics().reduce((longest, { seconds }) => Math.max(longest, seconds), 0);
    const interrupt = stopOnInterrupt(output);
    const session = await trainSession(run, {
      folder,
      epochs: settings.epochs,
      throughput: { unit: 'images', perUpdate: run.imagesPerUpdate },
      session: config,
      probe: probe.hasLabels ? knnBetweenEpochs(run, probe) : undefined,
      watch,
      secondsBefore: before,
      output,
      signal: interrupt.signal,
    }).finally(interrupt.release);
    if (session.stoppedBy === 'signal') {
      const resume = `selfsup train --resume --out ${path}`;
      output.event('stopped', { step: session.step, totalSteps: run.totalSteps, checkpoint: folder.checkpoint, resume });
      output.warn(`selfsup: stopped after update ${session.step} of ${run.totalSteps}; continue with: ${resume}`);
      return 130;
    }
    await finishRun({
      run,
      file,
      data,
      folder,
      probe,
      watch,
      baselines,
      session,
      backend: backend.name,
      report: config.report ?? true,
      output,
    });
    return 0;
  } finally {
    run.trainer.dispose();
  }
}
