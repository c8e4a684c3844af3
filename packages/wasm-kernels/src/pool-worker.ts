/** Where things lie in the control buffer of a pool: indices of 32-bit words, and of 64-bit numbers for those that say so. */
export const CONTROL = {
  /** Not 0: the workers are to leave. */
  leave: 0,
  /** The job that all workers have finished. */
  finished: 16,
  /** Whether the caller sleeps. */
  callerSleeps: 17,
  /** How many workers have finished the job under way. */
  done: 32,
  /** The place of the first member that failed; 0: none. */
  failed: 48,
  /** The length of its message. */
  messageLength: 49,
  // The job: index of the function, number of arguments, members, number of the geometry.
  kernel: 64,
  count: 65,
  team: 66,
  geometry: 67,
  /** Numbers (64 bits): arguments, `setTensors`, `setWindow`. */
  args: 40,
  tensors: 72,
  window: 80,
  /** 16-bit characters of the message. */
  message: 384,
  messageRoom: 400,
  /** For each place a line of 16 words from here: its job, whether it sleeps, and as the fifth number its result. */
  places: 400,
  line: 16,
} as const;

/** The bytes of a control buffer for so many members. */
export function controlBytes(seats: number): number {
  return 4 * (CONTROL.places + CONTROL.line * seats);
}

/** What a worker is told when it starts. */
export interface PoolWorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  /** The functions that jobs name by their index. */
  readonly names: readonly string[];
  readonly place: number;
  readonly seats: number;
  /** The address of the words of the barrier. */
  readonly gate: number;
  /** Milliseconds that a member waits at a barrier for the others. */
  readonly patience: number;
  /** {@link CONTROL} */
  readonly at: typeof CONTROL;
  /** Milliseconds that the worker looks for the next job before it sleeps. */
  readonly spin: number;
}

/**
 * The program of a worker: instantiates the kernels on the shared memory, then does its share of job after job. It is a text without imports, so that one
 * and the same works from sources, from the built package, in bundles, in Node and in a browser. A worker that finds its jobs soon after the last one looks
 * out for the next without sleeping; one that rarely does sleeps at once.
 */
export const POOL_WORKER = `'use strict';
const work = ({ module, memory, control, names, place, seats, gate, patience, at, spin }, ready) => {
  const words = new Int32Array(control);
  const numbers = new Float64Array(control);
  const characters = new Uint16Array(control);
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;
  kernels.takeSeat(place, seats, gate, patience);
  const functions = names.map((name) => kernels[name]);
  const mine = at.places + at.line * place;
  const [sleeps, result] = [mine + 1, mine / 2 + 4];
  let job = 0;
  let geometry = 0;
  let odds = 1;
  ready();
  for (;;) {
    const from = performance.now();
    const patience = odds > 0.25 ? spin : 0;
    for (let looks = 1; Atomics.load(words, mine) === job; looks++) {
      if (looks % 32 !== 0 || performance.now() - from < patience) continue;
      Atomics.store(words, sleeps, 1);
      Atomics.wait(words, mine, job);
      Atomics.store(words, sleeps, 0);
    }
    odds += ((performance.now() - from <= spin ? 1 : 0) - odds) / 8;
    job = Atomics.load(words, mine);
    if (Atomics.load(words, at.leave) !== 0) return;
    const team = words[at.team];
    try {
      if (words[at.geometry] !== geometry) {
        kernels.setTensors(...numbers.subarray(at.tensors, at.tensors + 7));
        kernels.setWindow(...numbers.subarray(at.window, at.window + 8));
        geometry = words[at.geometry];
      }
      kernels.setTeam(team);
      const value = functions[words[at.kernel]](...numbers.subarray(at.args, at.args + words[at.count]));
      numbers[result] = value === undefined ? -1 : value;
    } catch (error) {
      if (Atomics.compareExchange(words, at.failed, 0, place) === 0) {
        const text = String(error).slice(0, at.messageRoom);
        for (let i = 0; i < text.length; i++) characters[at.message + i] = text.charCodeAt(i);
        words[at.messageLength] = text.length;
      }
      kernels.breakTeam();
    }
    if (Atomics.add(words, at.done, 1) + 2 !== team) continue;
    Atomics.store(words, at.finished, job);
    if (Atomics.load(words, at.callerSleeps) !== 0) Atomics.notify(words, at.finished);
  }
};
const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
if (node?.parentPort) work(node.workerData, () => node.parentPort.postMessage('ready'));
else globalThis.onmessage = ({ data }) => work(data, () => postMessage('ready'));
`;
