import { selectBackend } from '@selfsup/backends';
import { SelfsupError, soloCollective, type Collective } from '@selfsup/core';
import { builtinPlugins } from './builtins.ts';
import { iterateEvents } from './channel.ts';
import { detectTask } from './detect-task.ts';
import type { RunEvent } from './events.ts';
import { readFinished } from './finished-run.ts';
import { planRun } from './plan-run.ts';
import type { Progress } from './progress.ts';
import { decidedByFirst, storeOfRank } from './ranks.ts';
import { createRegistry, type Registry } from './registry.ts';
import type { RunConfig } from './run-config.ts';
import { parseRunFile } from './run-file.ts';
import { holdsRun, memoryStore, readText, runFileNames, type RunStore } from './run-store.ts';
import { runSession } from './session.ts';
import { keptEncoder, readStartEncoder } from './start-encoder.ts';
import { leavesOpen } from './suggested-plan.ts';
import { assertTeacher } from './teacher.ts';

/** What {@link pretrain} is told beside the run itself. */
export interface PretrainOptions {
  /** Where the run is kept; default memory. `runFolder(path)` of `@selfsup/pretrain/node` is a folder. */
  store?: RunStore;
  /** What there is beside what selfsup brings and the plugins of the config. */
  registry?: Registry;
  /** Stops after the update under way, with a checkpoint; the last event is `stopped` then. */
  signal?: AbortSignal;
  /** Whether the last event carries what a report shows; default false: it takes some seconds. */
  report?: boolean;
  /**
   * The processes or threads that share each batch, such as the collective of `@selfsup/distributed`: each calls `pretrain` with the same config. Rank 0 measures,
   * reports and writes; the events of the others end with the training. Default: this process alone.
   */
  collective?: Collective;
  /** Called on each rank when nothing more is to be said to the others: the collective can be closed, while rank 0 goes on to measure. */
  onTrained?: () => void | Promise<void>;
  /** How an option is written where the user wrote it, for messages; default the name in backticks. */
  nameOf?: (name: string) => string;
}

/** Progress as events. */
function progressOf(post: (event: RunEvent) => void): Progress {
  return {
    stage(stage, { total, unit }) {
      let done = 0;
      let last = -Infinity;
      let details: Readonly<Record<string, string>> = {};
      const tell = (ended: boolean) => {
        post({ type: 'progress', stage, done, total, unit, details, ended });
      };
      tell(false);
      return {
        update(now, shown = {}) {
          done = now;
          details = shown;
          if (performance.now() - last < 100 && now < total) return; // ten times a second is plenty
          last = performance.now();
          tell(false);
        },
        end: () => {
          tell(true);
        },
      };
    },
    line: (text) => {
      post({ type: 'notice', level: 'line', text });
    },
    warn: (text) => {
      post({ type: 'notice', level: 'warning', text });
    },
  };
}

async function assertFree(store: RunStore, overwrite: boolean): Promise<void> {
  const names = await store.list();
  const [isRun, isTrained] = [names.includes(runFileNames.run), names.includes(runFileNames.checkpoint)];
  if (!isRun && !isTrained) return; // of a run that was killed before it began, nothing counts
  if (!overwrite && (isTrained || (await holdsRun(store))))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      isRun
        ? `${store.name} already holds a run; continue it (resume), replace it (overwrite), or choose another place`
        : `${store.name} holds ${runFileNames.checkpoint} without its ${runFileNames.run}; restore that and continue (resume), replace both (overwrite), or choose another place`,
    );
  const owned: readonly string[] = Object.values(runFileNames);
  const mine = names.filter((name) => owned.includes(name) || name === 'tokenizer.json' || /^fine-tune-.*\.json$/.test(name));
  // run.json at the end: whoever is killed here leaves a run that can be replaced or begun again, never one with the checkpoint of another
  for (const name of mine.filter((name) => name !== runFileNames.run)) await store.remove(name);
  await store.remove(runFileNames.run);
}

/**
 * Pretrains an encoder and says what happens while it does: in Node and in a browser, on files or on arrays in memory.
 *
 * @param config what to learn from what, see {@link RunConfig}
 * @param options see {@link PretrainOptions}
 * @returns the events of the run, in order; training waits while the consumer is busy with one, and stops when the loop is left
 * @throws SelfsupError while iterating: `SELFSUP_OPTION` on an option that does not fit and when the store holds another run, `SELFSUP_DATA` on data that cannot be
 * used, `SELFSUP_STATE` when another process trains in it, `SELFSUP_CHECKPOINT` when a run cannot be continued or the encoder of
 * `init` does not fit, `SELFSUP_BACKEND` without a backend that can train, and whatever training throws
 * @example
 * ```ts
 * import { loadEncoder, pretrain } from '@selfsup/pretrain';
 * for await (const event of pretrain({ task: 'simclr', data: 'shapes', limit: 256, batchSize: 64, epochs: 1 })) {
 *   if (event.type === 'step') console.log(event.step, event.loss);
 *   if (event.type === 'end') {
 *     const encoder = await loadEncoder(event.encoder);
 *     console.log(encoder.origin, event.result.verdict[0]);
 *     encoder.dispose();
 *   }
 * }
 * ```
 */
export function pretrain(config: RunConfig, options: PretrainOptions = {}): AsyncIterableIterator<RunEvent> {
  const { registry = createRegistry(builtinPlugins), signal, report = false, nameOf, collective = soloCollective, onTrained } = options;
  return iterateEvents<RunEvent>(async (emit, post, left) => {
    const began = performance.now();
    const store = await storeOfRank(options.store ?? memoryStore(), collective);
    const named = nameOf ?? ((name: string) => `\`${name}\``);
    if (config.resume === true && config.overwrite === true)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `${named('resume')} goes on with a run and ${named('overwrite')} replaces it; give one of them`,
      );
    const text = config.resume === true ? await readText(store, runFileNames.run) : undefined;
    if (config.resume === true && text === undefined)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `${store.name} holds no run to continue (there is no ${runFileNames.run}); begin one without \`resume\`, or choose its place`,
      );
    const earlier = text === undefined ? undefined : parseRunFile(text, `${store.name}/${runFileNames.run}`);
    if (config.minutes !== undefined && collective.worldSize > 1)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `${named('minutes')} plans for the speed of one process; with ${collective.worldSize} ranks give \`epochs\` and \`maxSeconds\`, or the selfsup.config.json of a run that was planned so`,
      );
    const given = config.init === undefined ? undefined : await readStartEncoder(config.init, named);
    if (earlier && given && given.record.sha256 !== earlier.init?.sha256)
      throw new SelfsupError(
        'SELFSUP_CHECKPOINT',
        `this run ${earlier.init ? 'started from another encoder' : 'started with fresh weights'}; resume without ${named('init')}, or start a new run in another folder`,
      );
    const teacher = config.teacher === undefined ? undefined : await readStartEncoder(config.teacher, named, 'teacher');
    const task = config.task ?? (earlier ? undefined : await detectTask(config.data, registry));
    const modality =
      leavesOpen(config) && typeof task === 'string' ? registry.modalities.get(registry.tasks.get(task).modality) : undefined;
    const complete = { ...(modality?.withinOptions as RunConfig | undefined), ...config, ...(task !== undefined && { task }) };
    const plan = planRun(complete, { registry, earlier, ...(!earlier && given && { start: given.description }), nameOf: named });
    assertTeacher(plan, teacher, named);
    const unlock = await store.lock();
    try {
      const finished = earlier && collective.rank === 0 ? await readFinished(store, { plan, earlier, report }) : undefined;
      if (await decidedByFirst(collective, finished !== undefined)) {
        await onTrained?.();
        if (finished) await emit({ type: 'end', ...finished, wasFinished: true });
        return;
      }
      if (!earlier) await assertFree(store, config.overwrite ?? false);
      const backend = await selectBackend({
        prefer: config.backend ?? 'auto',
        threads: config.threads ?? 'auto',
        wideVectors: config.wideVectors ?? false,
        backends: plan.registry.backends.all,
      });
      for (const reason of backend.rejected) post({ type: 'notice', level: 'warning', text: reason });
      await runSession(plan, {
        store,
        backend,
        session: config,
        report,
        nameOf: named,
        ...(config.minutes !== undefined && { within: { config, minutes: config.minutes, began } }),
        start: earlier ? await keptEncoder(store, earlier, 'init') : given,
        teacher: earlier ? await keptEncoder(store, earlier, 'teacher') : teacher,
        emit,
        progress: progressOf(post),
        collective,
        onTrained,
        signal: signal ? AbortSignal.any([signal, left]) : left,
      });
    } finally {
      await unlock();
    }
  });
}
