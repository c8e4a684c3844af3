import { readFileSync } from 'node:fs';
import { printable, SelfsupError } from '@selfsup/core';
import type { Launcher } from '../launcher.ts';

/** The functions of MPI that are used; each returns 0 or a code of an error. */
export interface MpiFunctions {
  readonly [name: string]: MpiFunction;
}

/** A C function, which can also run on another thread. */
export interface MpiFunction {
  (...args: unknown[]): number;
  async(...args: unknown[]): void;
}

/** A loaded MPI library. */
export interface MpiLibrary {
  /** The first line of its own version, such as `Open MPI v4.1.4`. */
  readonly version: string;
  readonly family: 'open-mpi' | 'mpich';
  /** The file that was loaded. */
  readonly file: string;
  readonly functions: MpiFunctions;
  /** Handles, as the functions take them. */
  readonly world: bigint | number;
  readonly byte: bigint | number;
  readonly returnErrors: bigint | number;
  /** Bytes of its own for a status or a small result. */
  readonly int: () => Int32Array;
  /** Keeps what is loaded where it is until the process ends. */
  readonly pin: () => void;
}

interface Koffi {
  load(path: string, options?: { global?: boolean }): { func(prototype: string): MpiFunction; symbol(name: string): unknown };
  address(value: unknown): bigint;
  config(options: Record<string, number>): void;
}

const files = {
  'open-mpi': ['libmpi.so.40', 'libmpi.so.80', 'libmpi.40.dylib', 'libmpi.dylib'],
  mpich: ['libmpi.so.12', 'libmpich.so.12', 'libmpi.12.dylib', 'libmpich.dylib'],
};
/** Enough for MPICH, which needs more than the 128 KiB that an asynchronous call has by itself. */
const STACK = 2 << 20;

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default;
  } catch (cause) {
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      'MPI needs the package `koffi`, which is not installed or has no binary here; `npm install koffi`',
      { cause },
    );
  }
}

/** MPI functions by their types; `H` is the type of a handle. */
const prototypes = (H: string) => ({
  initThread: `int MPI_Init_thread(void *argc, void *argv, int required, void *provided)`,
  rank: `int MPI_Comm_rank(${H} comm, void *rank)`,
  size: `int MPI_Comm_size(${H} comm, void *size)`,
  setErrorHandler: `int MPI_Comm_set_errhandler(${H} comm, ${H} handler)`,
  errorString: `int MPI_Error_string(int code, void *text, void *length)`,
  allToAll: `int MPI_Alltoall(void *sent, int sentCount, ${H} sentType, void *received, int receivedCount, ${H} receivedType, ${H} comm)`,
  allGather: `int MPI_Allgather(void *sent, int sentCount, ${H} sentType, void *received, int receivedCount, ${H} receivedType, ${H} comm)`,
  broadcast: `int MPI_Bcast(void *buffer, int count, ${H} type, int root, ${H} comm)`,
  barrier: `int MPI_Barrier(${H} comm)`,
  abort: `int MPI_Abort(${H} comm, int code)`,
  finalize: `int MPI_Finalize()`,
});

/** RTLD_NOW | RTLD_NODELETE of Linux. */
const STAYS = 2 | 0x1000;

/**
 * Keeps all shared objects of the process where they are. Open MPI unloads its components in `MPI_Finalize`; threads that have called it still have values whose
 * destructors lie there, and a process that ends with them ends with a segmentation fault.
 */
function pinObjects(koffi: Koffi): void {
  if (process.platform !== 'linux') return;
  let open: MpiFunction;
  try {
    open = koffi.load('libc.so.6').func('void *dlopen(const char *file, int flags)');
  } catch {
    return; // another C library: musl unloads nothing
  }
  const mapped = readFileSync('/proc/self/maps', 'utf8').matchAll(/ (\/\S+\.so[^\s]*)$/gm);
  for (const file of new Set([...mapped].map(([, path]) => path!))) open(file, STAYS);
}

/** What a library says of itself, in one line: `Open MPI v4.1.4`, `MPICH 4.0.2`. */
function versionOf(library: ReturnType<Koffi['load']>, file: string): string {
  let ask: MpiFunction;
  try {
    ask = library.func('int MPI_Get_library_version(void *version, void *length)');
  } catch (cause) {
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      `${printable(file)} is not a library of MPI 3 or later: it has no MPI_Get_library_version; name the file in MPI_LIBRARY, such as libmpi.so.40`,
      { cause },
    );
  }
  const text = new Uint8Array(8192);
  const length = new Int32Array(1);
  ask(text, length);
  return new TextDecoder()
    .decode(text.subarray(0, length[0]))
    .split(/[\n\0]/)[0]!
    .replace(/,.*/, '')
    .replace(/\s*version:\s*/i, ' ')
    .trim();
}

/**
 * Loads the MPI library of the machine. Internal.
 *
 * @param launcher whose kind is tried first
 * @param given a file in place of those that are usual, default the variable `MPI_LIBRARY`
 * @throws SelfsupError `SELFSUP_COLLECTIVE` without koffi, without a library, or when the file is a library of something else
 */
export async function loadMpi(launcher: Launcher | undefined, given: string | undefined = process.env['MPI_LIBRARY']): Promise<MpiLibrary> {
  const koffi = await loadKoffi();
  koffi.config({ async_stack_size: STACK });
  const order = launcher?.mpi === 'mpich' ? [...files.mpich, ...files['open-mpi']] : [...files['open-mpi'], ...files.mpich];
  const tried: string[] = [];
  for (const file of given ? [given] : order) {
    let library: ReturnType<Koffi['load']>;
    try {
      library = koffi.load(file, { global: true });
    } catch (error) {
      tried.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    const version = versionOf(library, file);
    const family = /open mpi/i.test(version) ? 'open-mpi' : 'mpich';
    const H = family === 'open-mpi' ? 'intptr_t' : 'int';
    const functions = Object.fromEntries(Object.entries(prototypes(H)).map(([name, prototype]) => [name, library.func(prototype)]));
    // in Open MPI a handle is the address of an object of the library, in MPICH a number that its ABI fixes
    const address = (name: string) => koffi.address(library.symbol(name));
    const handles =
      family === 'open-mpi'
        ? { world: address('ompi_mpi_comm_world'), byte: address('ompi_mpi_byte'), returnErrors: address('ompi_mpi_errors_return') }
        : { world: 0x44000000, byte: 0x4c00010d, returnErrors: 0x54000001 };
    return {
      ...{ version, family, file, functions, ...handles },
      int: () => new Int32Array(1),
      pin: () => {
        pinObjects(koffi);
      },
    };
  }
  throw new SelfsupError(
    'SELFSUP_COLLECTIVE',
    `no MPI library was found (${tried.map((line) => line.slice(0, 120)).join('; ')}); install Open MPI or MPICH, or name the file in MPI_LIBRARY`,
  );
}
