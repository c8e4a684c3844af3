import { fit } from '@selfsup/trainer';
import { buildRun, startWeights, type BuiltRun, type StartedNetworks } from './build-run.ts';
import type { RunData } from './modality.ts';
import { planRun, type RunPlan } from './plan-run.ts';
import type { Progress } from './progress.ts';
import type { RunConfig } from './run-config.ts';
import type { StartEncoder } from './start-encoder.ts';
import { givenIn, leavesOpen, mergeSuggestion, reasonsWithout } from './suggested-plan.ts';

/** What {@link planWithin} is told. */
export interface WithinOptions {
  /** What the user gave; it goes before what is chosen here. */
  readonly config: RunConfig;
  /** Minutes from the beginning to the end of all that a run does. */
  readonly minutes: number;
  /** When the run began, in milliseconds of `performance.now()`. */
  readonly began: number;
  /** The encoder whose weights the run starts from. */
  readonly start?: StartEncoder | undefined;
  /** The encoder that the task learns from. */
  readonly teacher?: StartEncoder | undefined;
  readonly nameOf: (name: string) => string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A run that fits into a time. */
export interface PlanWithin {
  readonly plan: RunPlan;
  /** The weights that it starts with, already computed; dispose it. */
  readonly started: StartedNetworks;
  /** Why it is planned so: sentences. */
  readonly reasons: readonly string[];
}

/** Updates that are timed; the first of them also compiles and allocates, and does not count. */
const TIMED = 4;
/** Samples whose features are timed. */
const ENCODED = 256;
/** How much of the time is planned: the rest is for what varies, and for judging the encoder afterwards. */
const PLANNED = 0.85;

const secondsSince = (began: number) => (performance.now() - began) / 1000;

/** Seconds of an update, by the faster half of a few. */
async function timeUpdates(
  { trainer, source, prepare }: BuiltRun,
  accumulate: number,
  { progress, signal }: WithinOptions,
): Promise<number> {
  const stage = progress.stage('Timing updates', { total: TIMED, unit: 'updates' });
  const enough = new AbortController();
  const times: number[] = [];
  await fit(trainer, {
    source,
    prepare,
    epochs: TIMED, // an epoch may be a single update
    accumulate,
    signal: AbortSignal.any([signal, enough.signal]),
    callbacks: {
      onStep({ seconds: { reading, preparing, training } }) {
        stage.update(times.push(reading + preparing + training));
        if (times.length === TIMED) enough.abort();
      },
    },
  });
  signal.throwIfAborted();
  stage.end();
  const [, ...warm] = times;
  return [...(warm.length > 0 ? warm : times)].sort((a, b) => a - b)[Math.floor((warm.length - 1) / 2)] ?? times[0]!;
}

/** Seconds in which all features that a probe needs are computed once. */
async function timeFeatures(
  { features }: BuiltRun,
  { plan, data }: { plan: RunPlan; data: RunData },
  { progress, signal }: WithinOptions,
): Promise<number> {
  if (!data.train.labels && !data.test) return 0;
  const count = Math.min(ENCODED, data.train.length);
  const indices = Int32Array.from({ length: count }, (_, i) => i);
  const encoding = { input: data.input, files: data.files ?? {}, progress, signal, indices };
  const began = performance.now();
  await plan.modality.encode(features, data.train, { ...encoding, stage: 'Timing features' });
  const samples = Math.min(data.train.length, plan.settings.knnBank) + (data.test?.length ?? 0);
  return (secondsSince(began) * samples) / count;
}

/** What is said where the time does not limit what is suggested for the data. */
const isAll = (minutes: number) => `more than ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} would give the same run`;

const minutesOf = (seconds: number) => (seconds < 90 ? `${Math.round(seconds)} seconds` : `${(seconds / 60).toFixed(1)} minutes`);

/**
 * Plans a run that fits into a time: what suits the data, and as many epochs as there is time for on this machine.
 *
 * @param first a plan whose data has been opened; what the user left open is chosen anew
 * @param data its data
 * @param options see {@link WithinOptions}
 * @returns see {@link PlanWithin}
 * @throws SelfsupError as `planRun` and `buildRun`
 * @remarks The number of epochs depends on how fast the machine is at that moment, so the plan is recorded: the same config gives the same bits.
 */
export async function planWithin(first: RunPlan, data: RunData, options: WithinOptions): Promise<PlanWithin> {
  const { config, minutes, began, start, teacher, nameOf, progress, signal } = options;
  const { modality, registry } = first;
  const suggestion = modality.suggest?.({ data, options: first.options, minutes });
  const merged = suggestion && leavesOpen(config) ? mergeSuggestion(suggestion, config, nameOf) : undefined;
  const { settings = {} } = merged ?? {};
  const planned: RunConfig = {
    ...{ task: first.recipe.name, ...first.options, ...settings, ...givenIn(config) },
    ...(settings.readoutOptions && { readoutOptions: settings.readoutOptions }),
    minutes: undefined, // a plan is what comes of it
  };
  const planOf = (more: RunConfig) => planRun({ ...planned, ...more }, { registry, nameOf, ...(start && { start: start.description }) });
  const usual = planOf({}).settings;
  const reasons = [...(merged?.reasons ?? (suggestion ? reasonsWithout(suggestion, { planned: usual, config }, nameOf) : []))];
  const { batchSize } = usual;
  // a batch that nobody gave fits the data
  const fitting = planned.batchSize === undefined && data.train.length > 1 ? { batchSize: Math.min(batchSize, data.train.length) } : {};
  const plan = planOf(fitting);
  const most = config.epochs === undefined ? planned.epochs : undefined;
  const started = await startWeights(plan, data, { start, teacher, progress, signal });
  const over = secondsSince(began) - 60 * minutes;
  if (over > 0)
    progress.warn(
      `${nameOf('minutes')} ${minutes} was over before training: opening the data and computing the start took ${((60 * minutes + over) / 60).toFixed(2)} minutes`,
    );
  try {
    if (config.epochs !== undefined) return { plan, started, reasons };
    if (most === 0) return { plan, started, reasons: over > 0 ? reasons : [...reasons, isAll(minutes)] };
    const trial = buildRun(planOf({ ...fitting, epochs: 1 }), data, { ...started, gradientCheckpointing: config.gradientCheckpointing });
    try {
      const features = await timeFeatures(trial, { plan, data }, options);
      const update = await timeUpdates(trial, plan.settings.accumulate, options);
      const left = 60 * PLANNED * minutes - secondsSince(began) - 3 * features; // of the start, at the end, and of what it is compared with
      const epoch = trial.stepsPerEpoch * update;
      const possible = Math.max(0, Math.floor(left / epoch));
      if (most !== undefined && possible >= most) return { plan, started, reasons: [...reasons, isAll(minutes)] };
      const epochs = most === undefined ? Math.max(1, possible) : possible; // what starts from the data can do without training
      reasons.push(
        `${most === undefined ? epochs : `${epochs} of ${most}`} ${epochs === 1 && most === undefined ? 'epoch' : 'epochs'}: an update takes ${update < 1 ? `${Math.round(1000 * update)} ms` : `${update.toFixed(1)} s`} here, an epoch of ${trial.stepsPerEpoch} updates ${minutesOf(epoch)}, and ${minutesOf(Math.max(0, left))} of ${minutes} minutes are left for them`,
      );
      if (epochs > possible)
        progress.warn(`one epoch takes ${minutesOf(epoch)}, more than there is time for; give fewer samples (\`limit\`) or more minutes`);
      return { plan: planOf({ ...fitting, epochs }), started, reasons };
    } finally {
      trial.trainer.dispose();
    }
  } catch (error) {
    started.dispose();
    throw error;
  }
}
