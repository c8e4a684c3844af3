import {
  countOf,
  createRng,
  defaultEncoder,
  SelfsupError,
  shareOf,
  soloCollective,
  type AnyPretextTaskRun,
  type Batch,
  type Collective,
  type Targets,
  type Schedule,
} from '@selfsup/core';
import { warmupConstant, warmupCosine, warmupLinear, type GradientTransform } from '@selfsup/optim';
import { createTrainer, type PrepareContext, type Source, type Trainer } from '@selfsup/trainer';
import { adaptEncoder } from './adapt-encoder.ts';
import { findStart, freshRng, startFromData } from './data-start.ts';
import { parseOptions } from './option-schema.ts';
import { createOptimizer } from './optimizers.ts';
import type { AnyModule, RunData } from './modality.ts';
import type { RunPlan } from './plan-run.ts';
import type { Settings } from './settings.ts';
import type { Progress } from './progress.ts';
import { batchOfRank } from './ranks.ts';
import { createReadout } from './readout.ts';
import { startFrom, type StartedFactory, type StartEncoder } from './start-encoder.ts';
import type { Teacher } from './task-recipe.ts';
import { openTeacher } from './teacher.ts';

/** All that training needs, built from a plan and its data. */
export interface BuiltRun {
  /** The task, its networks and the optimizer. */
  readonly trainer: Trainer;
  /** The encoder that is kept, and where its variables lie in a checkpoint. */
  readonly encoder: AnyModule;
  readonly prefix: string;
  /** What gives the features: the encoder as its readout reads it. It shares the encoder's variables. */
  readonly features: AnyModule;
  /** Makes an encoder with fresh weights, read the same way: the control. Dispose `encoder`. */
  readonly createUntrained: () => { readonly encoder: AnyModule; readonly features: AnyModule };
  /** The encoder's options as they are in effect. */
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  readonly source: Source<unknown>;
  readonly prepare: (raw: unknown, context: PrepareContext) => Batch;
  readonly learningRate: Schedule;
  /** The transforms of the optimizer, by name, in order. */
  readonly optimizer: readonly string[];
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** What throughput counts, and how much of it an update has. */
  readonly throughput: { readonly unit: string; readonly perUpdate: number };
}

function scheduleOf({ schedule, learningRate: peak, warmupEpochs }: Settings, stepsPerEpoch: number, totalSteps: number): Schedule {
  const warmupSteps = shareOf(stepsPerEpoch, warmupEpochs, 'nearest');
  const shapes = { cosine: warmupCosine, linear: warmupLinear, constant: warmupConstant };
  return shapes[schedule]({ peak, totalSteps, warmupSteps });
}

/** Under which path the variables of an encoder of a run lie; default its first. Internal. */
export function prefixOf(run: AnyPretextTaskRun, encoder: AnyModule = defaultEncoder(run)): string {
  const [path, variable] = Object.entries(encoder.trainable)[0] ?? [];
  const full = Object.entries({ ...run.trainable, ...run.buffers }).find(([, candidate]) => candidate === variable)?.[0];
  if (path === undefined || full === undefined || !full.endsWith(`/${path}`)) return 'backbone';
  return full.slice(0, -path.length - 1);
}

/** The first batches of each epoch. */
const firstBatches = <Raw>(source: Source<Raw>, count: number): Source<Raw> =>
  source.stepsPerEpoch <= count ? source : { stepsPerEpoch: count, epoch: (epoch, options) => source.epoch(epoch, options) };

const namesOf = ({ name, links }: GradientTransform): string[] => (links ? links.flatMap(namesOf) : [name]);

/** The encoder of a run with fresh weights, and its options as they are in effect. */
function freshEncoder({ encoder, settings }: RunPlan, { input }: RunData) {
  const parsed = parseOptions(encoder.options, settings.encoderOptions, { who: `encoder ${encoder.name}` });
  const options = encoder.complete?.(parsed, input) ?? parsed;
  return { options: options as Readonly<Record<string, unknown>>, factory: encoder.create(options, input) };
}

/** What makes the networks of a run that do not start with fresh weights. */
export interface StartedNetworks {
  /** Makes the encoder. */
  readonly factory?: StartedFactory['factory'] | undefined;
  /** What the task learns from. */
  readonly teacher?: Teacher | undefined;
  /** What the task learned of the data before it is built. */
  readonly learned?: unknown;
  /** Frees the weights; to be called when the run is built. */
  readonly dispose: () => void;
}

/** What {@link startWeights} is told. */
export interface StartWeightsOptions {
  /** The encoder that the run starts from; default the setting `start`. */
  readonly start?: StartEncoder | undefined;
  /** The encoder that the task learns from. */
  readonly teacher?: StartEncoder | undefined;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The weights that the encoders of a run start with, where these are not fresh: of another run, or computed from the data.
 *
 * @param plan from `planRun`
 * @param data opened by the plan's modality
 * @param options see {@link StartWeightsOptions}
 * @returns what makes networks with these weights, to be disposed when the run is built
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when weights that were given do not fit, `SELFSUP_DATA` when the data does not suffice
 */
export async function startWeights(plan: RunPlan, data: RunData, options: StartWeightsOptions): Promise<StartedNetworks> {
  const { teacher } = options;
  const started = await startedFactory(plan, data, options);
  try {
    const opened = teacher && (await openTeacher(teacher, plan.registry));
    const learned = await learnFrom(plan, data, { ...options, opened: opened?.teacher }).catch((error: unknown) => {
      opened?.dispose();
      throw error;
    });
    return {
      factory: started?.factory,
      teacher: opened?.teacher,
      learned,
      dispose() {
        started?.dispose();
        opened?.dispose();
      },
    };
  } catch (error) {
    started?.dispose();
    throw error;
  }
}

/** What the recipe of the task learns of the data. */
function learnFrom(
  plan: RunPlan,
  data: RunData,
  { progress, signal, opened: teacher }: StartWeightsOptions & { opened: Teacher | undefined },
): Promise<unknown> {
  const { recipe, settings } = plan;
  const { factory: backbone } = freshEncoder(plan, data);
  const rng = createRng(settings.seed).fold('learn');
  const context = { samples: data.train, input: data.input, backbone, options: settings.taskOptions, teacher, rng, progress, signal };
  return recipe.learn?.(context) ?? Promise.resolve(undefined);
}

async function startedFactory(
  plan: RunPlan,
  data: RunData,
  { start, progress, signal }: StartWeightsOptions,
): Promise<StartedFactory | undefined> {
  const { factory } = freshEncoder(plan, data);
  if (start) return startFrom(factory, start, plan.encoder.growing);
  const { seed } = plan.settings;
  const recipe = findStart(plan.encoder, plan.settings.start, (name) => `\`${name}\``);
  return (
    recipe && startFromData(factory, recipe, { samples: data.train, input: data.input, files: data.files ?? {}, progress, signal, seed })
  );
}

/** What {@link buildRun} may be told: what networks start with, and how the run computes. */
export interface BuildRunOptions extends Partial<StartedNetworks> {
  /** As in {@link SessionOptions}; default false. */
  readonly gradientCheckpointing?: boolean | undefined;
  /** The ranks that share each batch; default one. */
  readonly collective?: Collective | undefined;
}

/**
 * Builds a run: encoder, task, optimizer, batches and what prepares them.
 *
 * @param plan from `planRun`
 * @param data opened by the plan's modality
 * @param started see {@link BuildRunOptions}: what makes networks that do not start with fresh weights, see {@link startWeights}; where a checkpoint is restored
 * afterwards, a teacher is enough
 * @returns see {@link BuiltRun}; dispose its trainer
 * @throws SelfsupError `SELFSUP_OPTION` when the batch is larger than the data, or an option of encoder or task is out of range,
 * `SELFSUP_CHECKPOINT` when a run would go on with other updates
 */
export function buildRun(plan: RunPlan, data: RunData, started: BuildRunOptions = {}): BuiltRun {
  const { modality, recipe, settings, options, functions, encoder: encoderRecipe, earlier } = plan;
  const { batchSize, accumulate, epochs, seed } = settings;
  const { train, unit } = data;
  if (batchSize > train.length)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `a batch of ${batchSize} is larger than the ${countOf(train.length, `training ${unit}`)} of ${data.name}; use ${[
        ...(train.length < 2 ? [] : [`a batch of ${train.length} or less`]),
        `more ${unit}`,
        ...(modality.fewSamplesAdvice === undefined ? [] : [modality.fewSamplesAdvice]),
      ].join(', or ')}`,
    );
  if (batchSize * accumulate < 2 && recipe.collapse?.(settings.taskOptions, settings).embeddingDim !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`batchSize\` must be at least 2 for the task ${recipe.name}, which compares the ${unit} of a batch with each other, got ${batchSize}`,
    );
  const { options: encoderOptions, factory: fresh } = freshEncoder(plan, data);
  const { collective = soloCollective } = started;
  const { rank, worldSize } = collective;
  const share = { batchSize: batchOfRank(batchSize, collective), rank, worldSize };
  const all = modality.createSource(data, { ...share, rng: createRng(seed).fold('loader') }) as Source<unknown>;
  if (!earlier && accumulate > all.stepsPerEpoch)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `an update of ${accumulate} batches of ${batchSize} is larger than the ${countOf(train.length, `training ${unit}`)} of ${data.name}; use \`accumulate\` ${all.stepsPerEpoch} or less, smaller batches, or more ${unit}`,
    );
  // a run that goes on in smaller forward passes reads the samples that it read before: what made no full batch stays out of the epoch
  const source = earlier ? firstBatches(all, earlier.stepsPerEpoch * accumulate) : all;
  const stepsPerEpoch = Math.ceil(source.stepsPerEpoch / accumulate);
  if (earlier && stepsPerEpoch !== earlier.stepsPerEpoch)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `this run has ${countOf(earlier.stepsPerEpoch, 'updates')} per epoch, with \`batchSize\` ${batchSize} and \`accumulate\` ${accumulate} it would have ${stepsPerEpoch}; give a smaller \`batchSize\``,
    );
  const steps = epochs * stepsPerEpoch;
  const totalSteps = Math.max(1, steps); // schedules have a length, also where nothing is trained
  const taskOptions = settings.taskOptions;
  const files = data.files ?? {};
  const adapted = adaptEncoder(started.factory ?? fresh, encoderRecipe.layers?.(encoderOptions), settings);
  const backbone = adapted.factory;
  const context = {
    data,
    settings,
    options,
    recipe,
    taskOptions,
    backbone,
    stepsPerEpoch,
    totalSteps,
    functions,
    teacher: started.teacher,
    learned: started.learned,
  };
  const prepare = modality.prepare(context) as BuiltRun['prepare'];
  const task = recipe.create(modality.taskParts(context), taskOptions);
  const learningRate = scheduleOf(settings, stepsPerEpoch, totalSteps);
  const optimizer = adapted.withRates(
    plan.optimizer?.({ learningRate, totalSteps, stepsPerEpoch }) ?? createOptimizer(settings, learningRate),
  );
  const { gradientCheckpointing = false } = started;
  const trainer = createTrainer<Batch, Targets>({
    ...{ task, optimizer, totalSteps, seed, gradientCheckpointing, collective },
    synchronizeNormalization: settings.syncBatchNorm,
  });
  const { unit: counted, perSample } = modality.throughput?.(data, settings) ?? { unit, perSample: 1 };
  const featuresOf = (encoder: AnyModule) => createReadout(encoder, encoderRecipe, { ...settings, input: data.input, files });
  const encoder = defaultEncoder(trainer.run);
  return {
    trainer,
    encoder,
    features: featuresOf(encoder),
    createUntrained() {
      const untrained = fresh(freshRng(seed));
      return { encoder: untrained, features: featuresOf(untrained) };
    },
    prefix: prefixOf(trainer.run),
    encoderOptions,
    source,
    prepare,
    learningRate,
    optimizer: namesOf(optimizer),
    stepsPerEpoch,
    totalSteps: steps,
    throughput: { unit: counted, perUpdate: batchSize * accumulate * perSample },
  };
}
