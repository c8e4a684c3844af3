import { synchronizeRanks } from '@selfsup/trainer';
import { alarmsOfStart } from './alarms-of-start.ts';
import { buildPlanned } from './build-planned.ts';
import type { BuiltRun } from './build-run.ts';
import type { RunEvent } from './events.ts';
import { createFeatureHealth } from './feature-health.ts';
import { finishRun } from './finish-run.ts';
import type { RunData } from './modality.ts';
import { assertOnlineProbe, createOnlineProbe, type OnlineProbe } from './online-probe.ts';
import { openRecords } from './open-records.ts';
import { openRunData } from './open-run-data.ts';
import type { RunPlan } from './plan-run.ts';
import { probesOfRun } from './probes-of-run.ts';
import { readRunCheckpoint } from './run-checkpoint.ts';
import type { RunFile } from './run-file.ts';
import type { Session, SessionContext } from './session-at-work.ts';
import { countSkipped } from './skipped.ts';
import { describeStart, RANDOM } from './start-alone.ts';
import { startProbes } from './start-probes.ts';
import { trainSession } from './train-session.ts';
import { createWatch, type Watch } from './watch.ts';
import { withWayOut } from './way-out.ts';

/** The event that a session begins with. */
function startEvent(
  { store, backend }: SessionContext,
  { file, data, built, step }: { file: RunFile; data: RunData; built: BuiltRun; step: number },
): RunEvent {
  const { settings, dataset } = file;
  return {
    ...{ type: 'start', run: store.name, task: settings.task, modality: file.modality, encoder: file.encoder.name },
    begins: describeStart({ start: settings.start, init: file.init?.origin }),
    ...{ epochs: settings.epochs, batchSize: settings.batchSize, backend: backend.name, backendDescription: backend.description },
    ...{ dataset: dataset.name, unit: dataset.unit, train: dataset.train, test: dataset.test, skipped: countSkipped(data.skipped()) },
    ...{ stepsPerEpoch: built.stepsPerEpoch, totalSteps: built.totalSteps, step },
  };
}

/** The health of the features that a run starts from, and alarms of a start that cannot serve. */
async function measureStart(
  { plan, data, built, log, encoding, emit, start }: Pick<Session, 'plan' | 'data' | 'built' | 'log' | 'encoding' | 'emit' | 'start'>,
  watch: Watch,
): Promise<void> {
  const at = { step: 0, epoch: 0, seconds: 0 };
  await watch.measure('untrained', at);
  const { modality, settings } = plan;
  const isComputed = settings.start !== RANDOM && !start;
  const alarms = await alarmsOfStart(built.features, { modality, data, seed: settings.seed, encoding, isComputed });
  for (const { message, likelyCause, ...fields } of alarms) {
    await log.append({ type: 'alarm', ...at, ...fields, likelyCause });
    await emit({ type: 'alarm', step: 0, ...fields, message });
  }
}

/** Trains a run from its plan to its result, or until it is stopped. Internal; see `pretrain`. */
export async function runSession(first: RunPlan, context: SessionContext): Promise<void> {
  const { store, emit, progress, collective } = context;
  const leads = collective.rank === 0;
  const data = await openRunData(first, context);
  const wantsOnline = leads && context.session.onlineProbe === true;
  if (wantsOnline) assertOnlineProbe({ modality: first.modality, data });
  const { plan, built, reasons } = await buildPlanned(first, data, context);
  const { modality, recipe, settings, earlier } = plan;
  const { trainer, encoder, features } = built;
  let online: OnlineProbe | undefined;
  try {
    const saved = earlier && (await readRunCheckpoint(store));
    const step = saved?.step ?? 0;
    const { file, files, log } = await openRecords(context, { plan, data, built, reasons, step });
    await emit(startEvent(context, { file, data, built, step }));
    const encoding = { input: file.input, files, progress };
    const judges = leads ? probesOfRun(plan, { data, built, file, encoding }) : undefined;
    const knn = judges?.knn;
    online = wantsOnline ? createOnlineProbe(features, { modality, data, encoded: () => knn?.encoded }) : undefined;
    const probes = await startProbes(
      [knn, online, ...(judges?.own ?? [])].filter((probe) => probe !== undefined),
      { log, emit },
    );
    const health = createFeatureHealth(encoder, { modality, data, seed: settings.seed, encoding, prepare: built.prepare });
    const { collapseCauses: causes } = modality;
    const rules = { ...(causes && { causes }), ...recipe.collapse?.(settings.taskOptions, settings) };
    const watching = { rules, health, emit };
    if (leads && !log.records.some(({ type }) => type === 'health'))
      await measureStart({ ...context, plan, data, built, log, encoding }, createWatch(log, watching));
    if (saved) await trainer.restore(saved.bytes);
    await synchronizeRanks(trainer);
    const watch = createWatch(log, watching); // knows the alarms before this update
    const session: Session = { ...context, plan, data, built, file, log, encoding, probes, watch, online };
    const { result, seconds } = await trainSession(session).catch((error: unknown) => {
      throw withWayOut(error, { settings, step: trainer.step, nameOf: context.nameOf });
    });
    await context.onTrained?.();
    if (!judges) return;
    if (result.stoppedBy === 'signal') {
      await emit({ type: 'stopped', step: result.step, totalSteps: built.totalSteps });
      return;
    }
    await finishRun(session, { result, seconds, knn, probeContext: judges.context });
  } finally {
    online?.dispose();
    trainer.dispose();
  }
}
