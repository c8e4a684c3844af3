import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { countOf, printable, SelfsupError } from '@selfsup/core';
import { describeEncoder, describeOptions, detectTask, holdsRun, planRun, pretrain, runFileNames, sessionSchema, type Registry, type RunConfig, type RunEvent, type RunResult, type RunStore, type SessionOptions } from '@selfsup/pretrain'; // prettier-ignore
import { openEncoder, runFolder } from '@selfsup/pretrain/node';
import { INTERRUPTED } from '../exit-codes.ts';
import type { RankFlags } from '../flags/rank-flags.ts';
import { writtenFlag } from '../flags/schema-flags.ts';
import type { Output } from '../output/output.ts';
import { resultLines } from '../output/result-lines.ts';
import { showEvents } from '../output/show-events.ts';
import { silentOutput } from '../output/silent-output.ts';
import type { CommandConfig } from '../plugins/load-config.ts';
import { chooseBackend } from './choose-backend.ts';
import { stopOnInterrupt } from '../stop-on-interrupt.ts';
import { joinJob, letFirstSpeak, type Job } from './join-job.ts';
import { writeReport } from './write-report.ts';

/** What {@link runTrain} needs beside the config. */
export interface RunTrainContext {
  readonly registry: Registry;
  readonly output: Output;
  /** With JSON also each update. */
  readonly verbose: boolean;
  /** What the user said of ranks. */
  readonly ranks?: RankFlags;
  /** Called once the run has begun, or goes on: from here on there is something to resume. */
  readonly onBegin?: () => void;
}

/** Where a run is kept unless the user says. */
async function defaultOut(config: RunConfig, registry: Registry): Promise<string> {
  const { init } = config;
  const start = init instanceof Uint8Array ? await describeEncoder(init) : undefined;
  const task = config.task ?? (await detectTask(config.data, registry));
  const { recipe, modality, encoder, data } = planRun({ ...config, task, resume: false }, { registry, start });
  if (config.minutes !== undefined) return join('runs', `${modality.nameOf?.(data) ?? 'data'}-${config.minutes}-minutes`);
  return join('runs', `${recipe.name}-${modality.nameOf?.(data) ?? 'data'}-${encoder.name}`);
}

/** Before data is read: whether the run may be written here. */
async function assertOut(store: RunStore, { resume, overwrite }: CommandConfig): Promise<void> {
  const out = printable(store.name);
  if (existsSync(store.name) && !statSync(store.name).isDirectory())
    throw new SelfsupError('SELFSUP_OPTION', `--out must be a folder, but ${out} is a file; choose another`);
  if (resume !== true && overwrite !== true && (await holdsRun(store)))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${out} already holds a run; continue it with --resume, replace it with --overwrite, or choose another --out`,
    );
}

/** What a session that is resumed has to be given again, as the command line has it: what does not change the run is not kept in it. */
function sessionFlags(config: CommandConfig, job: Job | undefined): string {
  const once: readonly string[] = ['resume', 'overwrite', 'maxSeconds', ...(job ? ['threads'] : [])];
  const flags = describeOptions(sessionSchema).flatMap((option) => {
    const value = config[option.name as keyof SessionOptions];
    return value === undefined || once.includes(option.name) ? [] : [writtenFlag(option, value)];
  });
  return [...(config.report === false ? ['--no-report'] : []), ...flags].map((flag) => ` ${flag}`).join('');
}

/** Says how an interrupted run goes on. */
async function tellHowToGoOn(
  store: RunStore,
  { output, job, config }: { output: Output; job: Job | undefined; config: CommandConfig },
  event?: Extract<RunEvent, { type: 'stopped' }>,
): Promise<number> {
  const there = (await store.list()).includes(runFileNames.run);
  const resume = `selfsup train --resume --out ${printable(store.name)}${sessionFlags(config, job)}${job?.launched ?? ''}`;
  const how = job && job.launched === undefined ? 'Continue with, under mpirun or srun as before' : 'Continue with';
  const reached = event ? `Stopped after update ${event.step} of ${event.totalSteps}` : 'Stopped';
  output.warn(there ? `${reached}. ${how}: ${resume}` : `${reached} before anything was written; start again with the same command`);
  output.event('stopped', { run: store.name, ...(event && { step: event.step, totalSteps: event.totalSteps }), ...(there && { resume }) });
  return INTERRUPTED;
}

/** Says of a run with nothing left to do how it can go on all the same. */
const alreadyFinished = ({ name }: RunStore, { epochs }: RunResult): string =>
  `This run is finished, ${epochs === 0 ? 'the start alone, without updates' : epochs === 1 ? 'the only epoch of it' : `all ${countOf(epochs, 'epochs')} of it`}; nothing was computed again. To train on: selfsup train --resume --epochs ${epochs === 0 ? 10 : 2 * epochs} --out ${printable(name)}`;

/**
 * `selfsup train`: pretrains an encoder, shows how it goes, and says what came out.
 *
 * @param config of the config file and the flags
 * @param context see {@link RunTrainContext}
 * @returns the exit code: 0, or 130 after an interrupt
 */
export async function runTrain(config: CommandConfig, context: RunTrainContext): Promise<number> {
  const job = await joinJob(context.ranks ?? {}, config);
  if (!job) return trainAlone(config, context);
  const { collective, threads } = job;
  const leads = collective.rank === 0;
  const { ranks = collective.worldSize } = context.ranks ?? {};
  if (leads && ranks !== collective.worldSize)
    context.output.warn(`--ranks ${ranks} is left aside: the launcher of this process has started ${collective.worldSize}`);
  if (leads && collective.worldSize > 1) {
    const engine = collective.description.replace(/, rank \d+ of \d+/, '');
    context.output.line(`Ranks: ${collective.worldSize}, ${engine}`);
    context.output.event('ranks', { ranks: collective.worldSize, engine, threads });
  }
  try {
    return await trainAlone({ ...config, threads }, { ...context, ...(!leads && { output: silentOutput }) }, job);
  } catch (error) {
    await letFirstSpeak(job);
    throw error;
  }
}

async function trainAlone(config: CommandConfig, context: RunTrainContext, job?: Job): Promise<number> {
  const { registry, output, verbose } = context;
  const leads = job === undefined || job.collective.rank === 0;
  const { init, teacher, ...others } = config;
  if (config.resume === true && config.out === undefined && config.data === undefined)
    throw new SelfsupError('SELFSUP_OPTION', '--resume needs to know which run to go on with; give its folder as --out');
  if (init !== undefined || teacher !== undefined) await chooseBackend(config, registry); // what other libraries wrote becomes an encoder on it
  const run: RunConfig = {
    ...others,
    ...(init !== undefined && {
      init: await openEncoder(init, {
        nameOf: '--init',
        registry,
        progress: output,
        imageSize: typeof config['imageSize'] === 'number' ? config['imageSize'] : undefined,
      }),
    }),
    ...(teacher !== undefined && { teacher: await openEncoder(teacher, { nameOf: '--teacher', registry, progress: output }) }),
  };
  const out = config.out ?? (await defaultOut(run, registry));
  const store = runFolder(out);
  if (leads) await assertOut(store, config);
  const interrupt = stopOnInterrupt(output);
  const signal = job ? AbortSignal.any([interrupt.signal, job.signal]) : interrupt.signal;
  const show = showEvents(output, { verbose });
  const events = pretrain(
    { ...run, wideVectors: config.wideVectors ?? 'auto' },
    {
      ...{ registry, store, signal, report: config.report !== false },
      ...(job && { collective: job.collective, onTrained: job.leave }),
    },
  );
  // what is read and measured before and after training has nothing to lose: an interrupt does not wait for it
  let training = false;
  let code = 0;
  let leave: (value: undefined) => void = () => undefined;
  const left = new Promise<undefined>((settle) => (leave = settle));
  const onAbort = () => {
    if (!training) leave(undefined);
  };
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      const next = await Promise.race([events.next(), left]);
      if (next === undefined) return leads ? await tellHowToGoOn(store, { output, job, config }) : INTERRUPTED;
      if (next.done) return code; // also after a stop: only now the folder is free, for a process on another machine, too
      const { value: event } = next;
      if (event.type === 'progress' && event.stage === 'Training') training = !event.ended;
      if (event.type === 'start') context.onBegin?.();
      show(event);
      if (event.type === 'stopped') code = await tellHowToGoOn(store, { output, job, config }, event);
      if (event.type !== 'end') continue;
      const { result, report } = event;
      if (event.wasFinished) output.line(alreadyFinished(store, result));
      for (const line of resultLines(result)) output.line(line);
      if (event.wasFinished && config.report !== false)
        output.line(`Report: ${pathToFileURL(resolve(store.name, runFileNames.report)).href}`);
      if (report) output.line(`Report: ${pathToFileURL(resolve(await writeReport(store, report))).href}`);
      for (const sentence of result.verdict) output.line(sentence);
      output.event('result', { command: 'train', ...result });
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    interrupt.release();
  }
}
