import { SelfsupError } from './errors.ts';
import type { KernelExports } from './kernel-exports.ts';
import { CONTROL, controlBytes } from './pool-worker.ts';
import { startThread, type PoolThread } from './start-thread.ts';
import type { Geometry } from './fork-costs.ts';

/** Milliseconds that a worker looks for its next job before it sleeps. */
const WORKER_SPIN = 0.2;
/** Milliseconds that the caller looks for the end of a job before it sleeps. */
const CALLER_SPIN = 0.1;
/** Of the time that a member waits, what the caller gives the others after it has given up on one of them itself: who still computes writes to the heap. */
const GRACE = 0.1;
/** Milliseconds for all threads to start. */
const START_LIMIT = 5000;

/** What a pool works with. */
export interface PoolParts {
  readonly module: WebAssembly.Module;
  /** A shared memory. */
  readonly memory: WebAssembly.Memory;
  /** The calling thread's instance. */
  readonly exports: KernelExports;
  /** The address of 256 zeros on a cache line of their own: the words of the barrier. */
  readonly gate: number;
  /** All members, the calling thread included. */
  readonly seats: number;
  /** The functions that may run as a team. */
  readonly names: readonly (keyof KernelExports)[];
  /** Milliseconds that a member waits for the others, at a barrier or after its own share. */
  readonly jobLimit: number;
}

/** One job of a team: the same function with the same arguments for every member. */
export interface Job {
  readonly name: keyof KernelExports;
  readonly args: readonly number[];
  /** How many members take part, the calling thread included: at least 2, at most the seats. */
  readonly team: number;
  readonly geometry: Geometry;
}

/** Threads that compute together with the calling one. */
export interface ThreadPool {
  readonly seats: number;
  /** Why the pool cannot be used any more, or nothing. */
  readonly broken: string | undefined;
  /** Runs a job; returns the result of the first member that has one which is not negative, else −1. Throws `SELFSUP_BACKEND` when a member fails. */
  run(job: Job): number;
  /** Ends the threads. */
  dispose(): void;
}

type Function = (...args: number[]) => number | undefined;

/** Starts the threads of a pool; rejects with the reason when they do not start in time. */
export async function startPool(parts: PoolParts): Promise<ThreadPool> {
  const { module, memory, gate, seats, names, jobLimit } = parts;
  const kernels = parts.exports;
  const control = new SharedArrayBuffer(controlBytes(seats));
  const words = new Int32Array(control);
  const numbers = new Float64Array(control);
  const functions = new Map(
    names.map((name, index) => [name, { index, run: (...args: number[]) => (kernels[name] as Function)(...args) }]),
  );
  const places = Array.from({ length: seats - 1 }, (_, i) => i + 1);
  const wordOf = (place: number): number => CONTROL.places + CONTROL.line * place;
  let broken: string | undefined;
  let job = 0;
  let lastGeometry: Geometry | undefined;
  let odds = 1;

  const threads: PoolThread[] = [];
  const stop = (reason: string): void => {
    if (broken !== undefined) return;
    broken = reason;
    Atomics.store(words, CONTROL.leave, 1);
    for (const place of places) {
      Atomics.add(words, wordOf(place), 1);
      Atomics.notify(words, wordOf(place));
    }
    for (const thread of threads) void thread.terminate();
  };
  try {
    for (const place of places) {
      const data = { module, memory, control, names, place, seats, gate, patience: jobLimit, at: CONTROL, spin: WORKER_SPIN };
      threads.push(
        startThread(data, (reason) => {
          stop(`thread ${place} is gone: ${reason}`);
        }),
      );
    }
    await withinTime(Promise.all(threads.map(({ ready }) => ready)));
  } catch (error) {
    stop('it did not start');
    throw error;
  }
  for (const thread of threads) thread.unref();
  kernels.takeSeat(0, seats, gate, jobLimit);

  /** Looks for the end of the job, then sleeps until it. False when the others do not come within so many milliseconds. */
  const othersDone = (limit: number): boolean => {
    const from = performance.now();
    const patience = odds > 0.25 ? CALLER_SPIN : 0;
    for (let looks = 1; Atomics.load(words, CONTROL.finished) !== job; looks++) {
      if (looks % 32 !== 0) continue;
      const waited = performance.now() - from;
      if (waited < patience) continue;
      if (waited > limit) return false;
      Atomics.store(words, CONTROL.callerSleeps, 1);
      Atomics.wait(words, CONTROL.finished, (job - 1) | 0, Math.min(1000, limit));
      Atomics.store(words, CONTROL.callerSleeps, 0);
    }
    odds += (Number(performance.now() - from <= CALLER_SPIN) - odds) / 8;
    return true;
  };

  const write = ({ args, team, geometry }: Job, index: number): void => {
    numbers.set(args, CONTROL.args);
    if (geometry !== lastGeometry) {
      numbers.set(geometry.tensors, CONTROL.tensors);
      numbers.set(geometry.window, CONTROL.window);
      words[CONTROL.geometry]! += 1;
      lastGeometry = geometry;
    }
    words[CONTROL.kernel] = index;
    words[CONTROL.count] = args.length;
    words[CONTROL.team] = team;
    words[CONTROL.done] = 0;
    // A job may have been finished by its caller alone after an error: `finished` must be the job before this one.
    job = (job + 1) | 0;
    words[CONTROL.finished] = (job - 1) | 0;
  };

  const message = (): string => {
    const text = new Uint16Array(control, CONTROL.message * 2, words[CONTROL.messageLength]);
    return `thread ${words[CONTROL.failed]!}: ${String.fromCharCode(...text)}`;
  };

  const fail = (name: string, what: string, cause: Error | undefined): never => {
    stop(what);
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `${name}: a thread of the team failed (${what}); the kernels work on one thread from now on`,
      { cause },
    );
  };

  return {
    seats,
    get broken() {
      return broken;
    },
    run(request) {
      const { name, args, team } = request;
      if (broken !== undefined) throw new SelfsupError('SELFSUP_BACKEND', `${name}: the threads cannot be used any more (${broken})`);
      const { index, run } = functions.get(name)!;
      write(request, index);
      for (let place = 1; place < team; place++) {
        const word = wordOf(place);
        Atomics.store(words, word, job);
        if (Atomics.load(words, word + 1) !== 0) Atomics.notify(words, word);
      }
      kernels.setTeam(team);
      const start = performance.now();
      let result = -1;
      let error: Error | undefined;
      try {
        result = run(...args) ?? -1;
      } catch (thrown) {
        error = thrown as Error;
        kernels.breakTeam();
      }
      kernels.setTeam(1);
      // At a barrier the caller has waited already: who does not come is lost, and the wait is not made twice.
      const left = error === undefined ? jobLimit : Math.max(GRACE * jobLimit, jobLimit - (performance.now() - start));
      const came = othersDone(left);
      if (!came) {
        kernels.breakTeam();
        return fail(name, `a member has not answered within ${jobLimit} ms`, error);
      }
      // Whoever waited for the one that failed stops at an `unreachable`: not the reason.
      const ownReason = error !== undefined && (words[CONTROL.failed] === 0 || !String(error).includes('unreachable'));
      if (ownReason) return fail(name, `the calling thread: ${String(error)}`, error);
      if (words[CONTROL.failed] !== 0) return fail(name, message(), error);
      for (let place = 1; result < 0 && place < team; place++) result = numbers[wordOf(place) / 2 + 4]!;
      return result;
    },
    dispose: () => {
      stop('it was disposed of');
    },
  };
}

async function withinTime(started: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the threads did not start within ${START_LIMIT} ms`));
    }, START_LIMIT);
  });
  try {
    await Promise.race([started, late]);
  } finally {
    clearTimeout(timer);
  }
}
