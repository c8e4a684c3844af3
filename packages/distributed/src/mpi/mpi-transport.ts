import { SelfsupError } from '@selfsup/core';
import { findLauncher, type Launcher } from '../launcher.ts';
import type { Transport } from '../transport.ts';
import { loadMpi, type MpiFunction, type MpiLibrary } from './load-mpi.ts';
import { watchCalls } from './watch-calls.ts';

/** MPI_THREAD_SERIALIZED: any thread may call, one at a time. */
const SERIALIZED = 2;
/** Bytes of one call: MPI counts in int. */
const MOST = 1 << 30;
/** What a process ends with that leaves without `close`. */
const LEFT = 70;

/** Options of {@link mpiTransport}. */
export interface MpiTransportOptions {
  /** The file of the MPI library; default the variable `MPI_LIBRARY`, else the usual names. */
  library?: string;
  /** Who started the process; default {@link findLauncher}. */
  launcher?: Launcher;
  /** Seconds that a rank waits for the others before it ends the job, > 0; default 1800. */
  timeoutSeconds?: number;
}

function checkWorld({ version, file }: MpiLibrary, launcher: Launcher | undefined, worldSize: number): void {
  if (!launcher || launcher.worldSize === worldSize) return;
  throw new SelfsupError(
    'SELFSUP_COLLECTIVE',
    `${launcher.name} started ${launcher.worldSize} ranks, the library ${file} (${version}) knows of ${worldSize}: launcher and library do not belong together. ` +
      (launcher.mpi === undefined
        ? 'Say how srun and the library talk: --mpi=pmix for Open MPI, --mpi=pmi2 for MPICH and Intel MPI; `srun --mpi=list` shows what there is. Or use mpirun inside the allocation'
        : 'Name the library of the launcher in MPI_LIBRARY, or use the launcher of the library'),
  );
}

let opened = false;

/**
 * The transport of an MPI job; this process becomes one of its ranks.
 *
 * @param options see {@link MpiTransportOptions}
 * @returns the transport; the process must `close` it before it ends, else the job is aborted
 * @throws SelfsupError `SELFSUP_COLLECTIVE` without koffi or an MPI library, when launcher and library do not belong together, or MPI reports an error;
 * `SELFSUP_STATE` when it is called twice: MPI begins once in a process
 * @remarks MPI is fail-stop: where one rank ends, all do. Write checkpoints, and start the job again.
 */
export async function mpiTransport({
  library: file,
  launcher = findLauncher(),
  timeoutSeconds = 1800,
}: MpiTransportOptions = {}): Promise<Transport> {
  if (opened) throw new SelfsupError('SELFSUP_STATE', 'MPI begins once in a process; keep the collective of the first call');
  opened = true;
  const mpi = await loadMpi(launcher, file).catch((error: unknown) => {
    opened = false;
    throw error;
  });
  const { functions, world, byte } = mpi;
  const describe = (code: number): string => {
    const [text, length] = [new Uint8Array(1024), mpi.int()];
    functions['errorString']!(code, text, length);
    return new TextDecoder().decode(text.subarray(0, length[0]));
  };
  const check = (code: number, what: string): void => {
    if (code !== 0) throw new SelfsupError('SELFSUP_COLLECTIVE', `${what}: ${mpi.version} says ${describe(code)}`);
  };
  const provided = mpi.int();
  check(functions['initThread']!(null, null, SERIALIZED, provided), 'MPI_Init_thread');
  check(functions['setErrorHandler']!(world, mpi.returnErrors), 'MPI_Comm_set_errhandler');
  const numbers = ['rank', 'size'].map((name) => {
    const value = mpi.int();
    check(functions[name]!(world, value), `MPI_Comm_${name}`);
    return value[0]!;
  });
  const [rank, worldSize] = numbers as [number, number];
  let closed = false;
  const onExit = (code: number): void => {
    if (!closed) functions['abort']!(world, code === 0 ? LEFT : code);
  };
  process.on('exit', onExit);
  try {
    checkWorld(mpi, launcher, worldSize);
    if (provided[0]! < SERIALIZED)
      throw new SelfsupError(
        'SELFSUP_COLLECTIVE',
        `${mpi.version} cannot be called from several threads; use a build with MPI_THREAD_SERIALIZED`,
      );
  } catch (error) {
    closed = true;
    process.off('exit', onExit);
    functions['finalize']!();
    throw error;
  }
  const watch = watchCalls({ seconds: timeoutSeconds, rank });
  const abort = (reason: Error): void => {
    process.stderr.write(`selfsup: rank ${rank} of ${worldSize} ends the job: ${reason.message}\n`);
    functions['abort']!(world, 1);
  };
  const call = (name: string, ...args: unknown[]): void => {
    watch.begin();
    const code = functions[name]!(...args);
    watch.end();
    check(code, name);
  };
  /** On another thread, so that timers and signals are served. */
  const callAsync = async (name: string, ...args: unknown[]): Promise<void> => {
    watch.begin();
    const result = await new Promise<number>((resolve, reject) => {
      (functions[name] as MpiFunction).async(...args, (error: Error | null, code: number) => {
        watch.end();
        if (error) reject(error);
        else resolve(code);
      });
    });
    check(result, name);
  };

  type Call = readonly [name: string, ...args: unknown[]];
  /** The calls of an exchange of parts of at most {@link MOST} bytes, with what comes before and after each. */
  function* inPieces(name: 'allToAll' | 'allGather', sent: Uint8Array, received: Uint8Array): Generator<Call, void> {
    const parts = name === 'allToAll' ? worldSize : 1;
    const bytes = sent.length / parts;
    if (bytes <= MOST) {
      yield [name, sent, bytes, byte, received, bytes, byte, world];
      return;
    }
    for (let from = 0; from < bytes; from += MOST) {
      const count = Math.min(MOST, bytes - from);
      const piece = new Uint8Array(parts * count);
      for (let r = 0; r < parts; r++) piece.set(sent.subarray(r * bytes + from, r * bytes + from + count), r * count);
      const got = new Uint8Array(worldSize * count);
      yield [name, piece, count, byte, got, count, byte, world];
      for (let r = 0; r < worldSize; r++) received.set(got.subarray(r * count, (r + 1) * count), r * bytes + from);
    }
  }
  const runSync = (calls: Iterable<Call>): void => {
    for (const one of calls) call(...one);
  };
  const run = async (calls: Iterable<Call>): Promise<void> => {
    for (const one of calls) await callAsync(...one);
  };
  return {
    kind: 'mpi',
    description: `${mpi.version}, rank ${rank} of ${worldSize}${launcher ? ` (${launcher.name})` : ''}`,
    rank,
    worldSize,
    allToAll: (sent, received) => run(inPieces('allToAll', sent, received)),
    allToAllSync: (sent, received) => {
      runSync(inPieces('allToAll', sent, received));
    },
    allGather: (sent, received) => run(inPieces('allGather', sent, received)),
    allGatherSync: (sent, received) => {
      runSync(inPieces('allGather', sent, received));
    },
    async broadcast(bytes, root) {
      for (let from = 0; from < bytes.length; from += MOST) {
        const piece = bytes.subarray(from, from + MOST);
        await callAsync('broadcast', piece, piece.length, byte, root, world);
      }
    },
    barrier: () => callAsync('barrier', world),
    async close() {
      if (closed) return;
      await callAsync('barrier', world);
      closed = true;
      process.off('exit', onExit);
      mpi.pin();
      call('finalize');
      watch.close();
    },
    abort,
  };
}
