import { fit, type FitResult } from '@selfsup/trainer';
import { elsewhere } from './run-file.ts';
import { runFileNames } from './run-store.ts';
import { measureProbes, roundedAll, type Session } from './session-at-work.ts';
import { rounded } from './watch.ts';

/** Trains until the run ends or is stopped, and writes, logs and tells what there is to tell; `seconds` are those of all sessions. */
export async function trainSession(session: Session): Promise<{ result: FitResult; seconds: number }> {
  const { plan, built, log, emit, progress, watch, online, store, file, encoding } = session;
  const { trainer, learningRate, stepsPerEpoch, totalSteps, throughput } = built;
  const leads = session.collective.rank === 0;
  const { epochs, accumulate } = plan.settings;
  const { maxSeconds, probeEvery = Math.max(1, Math.round(epochs / 5)), checkpointEvery } = session.session;
  const before = log.records.reduce((longest, { seconds }) => Math.max(longest, seconds), 0);
  let [seconds, processed] = [0, 0];
  let right: number | undefined; // running mean of the online probe
  const stage = progress.stage('Training', { total: totalSteps, unit: 'updates' });
  stage.update(trainer.step);
  // where the data lies, and why a run was planned so, is nobody's matter but the folder's: the same run gives the same bytes
  const metadata = { run: JSON.stringify({ ...file, data: elsewhere, reasons: [] }), files: JSON.stringify(encoding.files) };
  const result = await fit(trainer, {
    source: built.source,
    prepare(raw, context) {
      const batch = built.prepare(raw, context);
      online?.observe(raw, batch);
      return batch;
    },
    epochs,
    accumulate,
    signal: session.signal,
    ...(maxSeconds !== undefined && { maxSeconds }),
    checkpoint: {
      path: runFileNames.checkpoint,
      everyEpochs: 1,
      ...(checkpointEvery !== undefined && { everySteps: checkpointEvery }),
      write: (name, bytes) => store.write(name, bytes),
      metadata,
    },
    callbacks: {
      async onStep(report) {
        const step = report.step + 1;
        seconds += report.seconds.reading + report.seconds.preparing + report.seconds.training;
        processed += throughput.perUpdate;
        const at = { step, epoch: rounded(step / stepsPerEpoch), seconds: rounded(before + seconds) };
        const beside = online ? await online.onStep() : {};
        const [loss, rate] = [rounded(report.loss), rounded(learningRate(report.step))];
        const metrics = roundedAll({ ...report.metrics, ...beside });
        const { onlineAccuracy } = metrics;
        if (onlineAccuracy !== undefined) right = right === undefined ? onlineAccuracy : 0.9 * right + 0.1 * onlineAccuracy;
        await log.append({ ...metrics, type: 'step', ...at, loss, learningRate: rate });
        if (leads) await watch.onStep(report, { ...at, seconds: before + seconds });
        stage.update(step, {
          loss: report.loss.toFixed(4),
          ...(right !== undefined && { 'online probe': `${right.toFixed(1)} %` }),
          [`${throughput.unit}/s`]: String(Math.round(processed / seconds)),
        });
        await emit({ type: 'step', ...at, loss, learningRate: rate, metrics });
      },
      async onEpochEnd({ epoch, step, loss }) {
        const done = epoch + 1;
        const at = { step, epoch: done, seconds: before + seconds };
        await emit({
          type: 'epoch',
          epoch: done,
          step,
          loss: rounded(loss),
          seconds: rounded(at.seconds),
          perSecond: rounded(processed / seconds),
          unit: throughput.unit,
        });
        if (!leads || probeEvery === 0 || done % probeEvery !== 0 || done === epochs) return;
        await watch.measure('training', at);
        await measureProbes(session, at);
      },
      onCheckpoint: ({ step, bytes }) => emit({ type: 'checkpoint', step, bytes }),
    },
  });
  stage.end();
  return { result, seconds: before + seconds };
}
