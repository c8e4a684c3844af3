import type { SelectedBackend } from '@selfsup/backends';
import { countOf, printable, SelfsupError } from '@selfsup/core';
import { fit, synchronizeRanks, type FitResult } from '@selfsup/trainer';
import { alarmsOfStart } from './alarms-of-start.ts';
import { buildRun, prefixOf, startWeights, type BuiltRun } from './build-run.ts';
import { createFeatureHealth } from './feature-health.ts';
import { finishRun } from './finish-run.ts';
import { createKnnProbe, hasLabels, type KnnProbe, type KnnProbeOptions } from './knn-probe.ts';
import { openMetricsLog } from './metrics-log.ts';
import type { RunData, ProbeContext } from './modality.ts';
import { continuedNames } from './continued-settings.ts';
import { describeStart, RANDOM } from './start-alone.ts';
import { assertOnlineProbe, createOnlineProbe, type OnlineProbe } from './online-probe.ts';
import { createOpenContext } from './open-dataset.ts';
import type { RunPlan } from './plan-run.ts';
import type { Measures, Probe } from './probe.ts';
import { elsewhere, type RunFile } from './run-file.ts';
import { assertSameData, fingerprintOf } from './same-data.ts';
import { readRunCheckpoint } from './run-checkpoint.ts';
import { readText, runFileNames, writeChecked, type RunStore } from './run-store.ts';
import type { Settings } from './settings.ts';
import { sha256 } from './sha256.ts';
import { version } from './version.ts';
import { countSkipped } from './skipped.ts';
import { measureProbes, roundedAll, type ProbeAtWork, type Session, type SessionContext } from './session-at-work.ts';
import type { StartEncoder } from './start-encoder.ts';
import { withWayOut } from './way-out.ts';
import { planWithin } from './within-minutes.ts';
import { createWatch, rounded } from './watch.ts';

const moments: readonly string[] = ['type', 'step', 'epoch', 'seconds'];

/** The numbers of a line of metrics.jsonl. Internal. */
export const measuresIn = (record: Readonly<Record<string, unknown>>): Measures =>
  Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, number] => !moments.includes(entry[0]) && typeof entry[1] === 'number'),
  );

/** What the encoder of a run began with, as its kNN probe takes it. Internal. */
export const startOf = ({ init, settings }: RunFile): NonNullable<KnnProbeOptions['start']> => {
  if (init) return 'run';
  if (settings.start === RANDOM) return 'fresh';
  return settings.epochs === 0 ? 'data only' : 'data';
};

/** What run.json says of the encoders that are kept beside that of the run. */
function furtherEncoders({ encoders = {} }: RunData, { trainer }: BuiltRun): RunFile['encoders'] {
  return Object.fromEntries(
    Object.entries(encoders).map(([name, { modality, encoder, input, options }]) => {
      const module = trainer.run.encoders[name];
      if (!module)
        throw new SelfsupError(
          'SELFSUP_PLUGIN_API',
          `the task keeps no encoder \`${printable(name)}\`, which the data is for; it keeps ${Object.keys(trainer.run.encoders).join(', ')}`,
        );
      const prefix = prefixOf(trainer.run, module);
      return [
        name,
        { modality, encoder: { ...encoder, options: { ...encoder.options }, prefix }, input: { ...input }, options: { ...options } },
      ];
    }),
  );
}

/** What run.json says of a run that begins. Internal. */
export function describeRun(
  plan: RunPlan,
  parts: {
    data: RunData;
    built: BuiltRun;
    backend: Pick<SelectedBackend, 'name'>;
    start: StartEncoder | undefined;
    teacher?: StartEncoder | undefined;
    reasons?: readonly string[];
  },
): RunFile {
  const { settings, options, modality, functions, optimizer, registry } = plan;
  const { data, built, backend, start, teacher, reasons = [] } = parts;
  const { train, test, testFrom, unit, name } = data;
  const own = [plan.recipe, plan.encoder].flatMap((thing) =>
    registry.plugins
      .filter(({ tasks = [], encoders = [] }) => [...tasks, ...encoders].includes(thing as never))
      .map((plugin) => plugin.name),
  );
  return {
    format: 1,
    selfsup: version,
    modality: modality.name,
    data: typeof plan.data === 'string' ? plan.data : '(in memory)',
    settings,
    options: { ...options },
    encoder: { name: plan.encoder.name, options: { ...built.encoderOptions }, prefix: built.prefix },
    input: { ...data.input },
    encoders: furtherEncoders(data, built),
    fingerprint: fingerprintOf(data),
    ...(data.content !== undefined && { content: data.content }),
    files: {},
    dataset: { name, unit, train: train.length, test: test?.length ?? 0, ...(testFrom && { testFrom }) },
    stepsPerEpoch: built.stepsPerEpoch,
    totalSteps: built.totalSteps,
    backend: backend.name,
    optimizer: [...built.optimizer],
    changes: [],
    reasons: [...reasons],
    ...(start && { init: start.record }),
    ...(teacher && { teacher: teacher.record }),
    brought: {
      plugins: [...new Set(own)].filter((plugin) => !plugin.startsWith('@selfsup/pretrain')),
      functions: [...Object.keys(functions), ...(optimizer ? ['optimizer'] : [])],
    },
  };
}

/** The files of a run beside run.json and checkpoint, such as its tokenizer. */
export async function readRunFiles(store: RunStore): Promise<Record<string, string>> {
  const own: readonly string[] = Object.values(runFileNames);
  const names = (await store.list()).filter(
    (name) => !own.includes(name) && /^[\w-]+\.(json|txt)$/.test(name) && !name.startsWith('fine-tune-'),
  );
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await readText(store, name)) ?? ''] as const)));
}

const hashesOf = async (files: Readonly<Record<string, string>>): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(files).map(async ([name, text]) => [name, await sha256(new TextEncoder().encode(text))] as const)),
  );

/** The files of a run that goes on, as they were when it began. */
async function readOwnFiles(store: RunStore, { files: before }: RunFile): Promise<Record<string, string>> {
  const files = await readRunFiles(store);
  const now = await hashesOf(files);
  for (const [name, hash] of Object.entries(before))
    if (now[name] !== hash)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `${printable(name)} of ${store.name} ${now[name] === undefined ? 'is missing' : 'is damaged or was changed'} since the run began; restore it, or start a new run`,
      );
  return files;
}

/** Opens the data of a run, and makes sure that it is the same when the run is continued. Internal. */
export async function openData(
  plan: RunPlan,
  { store, progress, start }: Pick<SessionContext, 'store' | 'progress' | 'start'>,
): Promise<RunData> {
  const { modality, registry, recipe, settings, options, data, earlier } = plan;
  const context = createOpenContext(registry, modality.name, {
    progress,
    earlier: earlier
      ? { input: earlier.input, files: await readOwnFiles(store, earlier) }
      : start && { input: start.description.input, files: start.description.files },
    start: !earlier && start !== undefined,
  });
  const opened = (await modality.open({ data, options, settings, recipe }, context)) as RunData;
  if (!earlier) return opened;
  assertSameData(opened, earlier, progress);
  return { ...opened, input: earlier.input };
}

/** Measures what the encoder is compared with, before its weights are restored; or reads it from an earlier session. */
async function startProbes(probes: readonly Probe[], { log, emit }: Pick<Session, 'log' | 'emit'>): Promise<ProbeAtWork[]> {
  const started: ProbeAtWork[] = [];
  for (const probe of probes) {
    const earlier = log.records.find(({ type, step }) => type === probe.name && step === 0);
    const baselines = earlier ? measuresIn(earlier) : roundedAll(await probe.baselines());
    if (!earlier) {
      await log.append({ type: probe.name, step: 0, epoch: 0, seconds: 0, ...baselines });
      await emit({
        type: 'probe',
        probe: probe.name,
        epoch: 0,
        step: 0,
        measures: baselines,
        text: `Before training: ${probe.describe(baselines)}`,
      });
    }
    started.push({ probe, baselines });
  }
  return started;
}

async function train(session: Session): Promise<{ result: FitResult; seconds: number }> {
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

/** What differs from the settings that a run had so far. */
function changesOf({ settings: before }: RunFile, { settings, step }: { settings: Settings; step: number }): RunFile['changes'] {
  const changed = continuedNames.filter((setting) => settings[setting] !== before[setting]);
  return changed.map((setting) => ({ step, setting, from: before[setting], to: settings[setting] }));
}

/** What a change means for the run. */
const describeChange = ({ setting, from, to }: RunFile['changes'][number]): string =>
  setting === 'epochs'
    ? `Planned for ${countOf(from, 'epochs')}, continued to ${to}: learning rate and schedules are from here on those of the longer run`
    : setting === 'batchSize'
      ? `Forward passes have ${countOf(to, 'samples')} instead of ${from} from here on; updates have as many as before, so steps, epochs and schedules stay`
      : `Each update is made from ${countOf(to, 'forward passes', 'forward pass')} instead of ${from}`;

/** A plan whose batch is no larger than the data, where nothing is trained: then it serves nothing but a later session. */
function fittingWithoutTraining(plan: RunPlan, { train }: RunData): RunPlan {
  const { settings, earlier } = plan;
  if (earlier || settings.epochs > 0 || settings.batchSize <= train.length) return plan;
  return { ...plan, settings: { ...settings, batchSize: Math.max(1, train.length) } };
}

/** The plan that runs: the first one, or what suits its data and the time; built. */
async function buildPlanned(first: RunPlan, data: RunData, context: SessionContext) {
  const { start, within } = context;
  const planned = within && !first.earlier ? await planWithin(first, data, { ...context, ...within }) : undefined;
  const plan = fittingWithoutTraining(planned?.plan ?? first, data);
  const started = planned ? planned.started : await startWeights(plan, data, { ...context, start });
  try {
    return {
      plan,
      built: buildRun(plan, data, {
        ...started,
        gradientCheckpointing: context.session.gradientCheckpointing,
        collective: context.collective,
      }),
      reasons: planned?.reasons ?? [],
    };
  } finally {
    started.dispose();
  }
}

/** A config that plans the same run again, whatever the machine: JSON for `--config`. */
function configOf({ settings, options, data }: RunPlan): string {
  const given = typeof data === 'string' ? { data } : {};
  return `${JSON.stringify({ ...given, ...settings, ...options }, null, 2)}\n`;
}

/** Trains a run from its plan to its result, or until it is stopped. Internal; see `pretrain`. */
export async function runSession(first: RunPlan, context: SessionContext): Promise<void> {
  const { store, backend, emit, progress, collective } = context;
  const leads = collective.rank === 0;
  const data = await openData(first, context);
  if (leads && context.session.onlineProbe) assertOnlineProbe({ modality: first.modality, data });
  const { plan, built, reasons } = await buildPlanned(first, data, context);
  const { modality, recipe, settings, options, earlier } = plan;
  const { trainer, encoder, features } = built;
  let online: OnlineProbe | undefined;
  try {
    const saved = earlier && (await readRunCheckpoint(store));
    const step = saved?.step ?? 0;
    const files = data.files ?? {};
    const changes = earlier ? changesOf(earlier, { settings, step }) : [];
    const file: RunFile = earlier
      ? { ...earlier, settings, totalSteps: built.totalSteps, changes: [...earlier.changes, ...changes] }
      : {
          ...describeRun(plan, { data, built, backend, start: context.start, teacher: context.teacher, reasons }),
          files: await hashesOf(files),
        };
    for (const reason of reasons) progress.line(reason);
    if (!earlier) {
      for (const [name, text] of Object.entries(files)) await store.write(name, new TextEncoder().encode(text));
      if (context.start) await store.write(runFileNames.start, context.start.bytes);
      if (context.teacher) await store.write(runFileNames.teacher, context.teacher.bytes);
      if (context.within) await store.write(runFileNames.config, new TextEncoder().encode(configOf(plan)));
      await store.write(runFileNames.metrics, new Uint8Array(0));
      await writeChecked(store, runFileNames.run, file); // at the end: from here on there is a run
    }
    const log = await openMetricsLog(store, { step });
    if (changes.length > 0) {
      await writeChecked(store, runFileNames.run, file);
      for (const line of changes.map(describeChange)) progress.line(line);
    }
    const { dataset } = file;
    const facts = {
      task: settings.task,
      modality: modality.name,
      encoder: file.encoder.name,
      begins: describeStart({ start: settings.start, init: file.init?.origin }),
      epochs: settings.epochs,
      batchSize: settings.batchSize,
    };
    await emit({
      ...{ type: 'start', run: store.name, ...facts, backend: backend.name, backendDescription: backend.description },
      ...{ dataset: dataset.name, unit: dataset.unit, train: dataset.train, test: dataset.test, skipped: countSkipped(data.skipped()) },
      ...{ stepsPerEpoch: built.stepsPerEpoch, totalSteps: built.totalSteps, step },
    });
    const encoding = { input: file.input, files, progress };
    const probeContext: ProbeContext = {
      ...{ data, settings, options, recipe, taskOptions: settings.taskOptions, task: trainer.run, encoder },
      ...{ totalSteps: Math.max(1, built.totalSteps), run: file, encoding },
    };
    const knn: KnnProbe | undefined =
      leads && hasLabels(data)
        ? createKnnProbe(features, {
            modality,
            train: data.train,
            test: data.test,
            settings,
            encoding,
            start: startOf(file),
            createUntrained: built.createUntrained,
            unit: data.unit,
          })
        : undefined;
    online =
      leads && context.session.onlineProbe ? createOnlineProbe(features, { modality, data, encoded: () => knn?.encoded }) : undefined;
    const all = leads ? [...(knn ? [knn] : []), ...(online ? [online] : []), ...(modality.probes?.(probeContext) ?? [])] : [];
    const probes = await startProbes(all, { log, emit });
    const health = createFeatureHealth(encoder, { modality, data, seed: settings.seed, encoding, prepare: built.prepare });
    const { collapseCauses: causes } = modality;
    const rules = { ...(causes && { causes }), ...recipe.collapse?.(settings.taskOptions, settings) };
    const start = { step: 0, epoch: 0, seconds: 0 };
    if (leads && !log.records.some(({ type }) => type === 'health')) {
      await createWatch(log, { rules, health, emit }).measure('untrained', start);
      const isComputed = settings.start !== RANDOM && !context.start;
      for (const alarm of await alarmsOfStart(features, { modality, data, seed: settings.seed, encoding, isComputed })) {
        const { message, likelyCause, ...fields } = alarm;
        await log.append({ type: 'alarm', ...start, ...fields, likelyCause });
        await emit({ type: 'alarm', step: 0, ...fields, message });
      }
    }
    if (saved) await trainer.restore(saved.bytes);
    await synchronizeRanks(trainer);
    const watch = createWatch(log, { rules, health, emit }); // knows the alarms before this update
    const session: Session = { ...context, plan, data, built, file, log, encoding, probes, watch, online };
    const { result, seconds } = await train(session).catch((error: unknown) => {
      throw withWayOut(error, { settings, step: trainer.step, nameOf: context.nameOf });
    });
    await context.onTrained?.();
    if (!leads) return;
    if (result.stoppedBy === 'signal') {
      await emit({ type: 'stopped', step: result.step, totalSteps: built.totalSteps });
      return;
    }
    await finishRun(session, { result, seconds, knn, probeContext });
  } finally {
    online?.dispose();
    trainer.dispose();
  }
}
