import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { printable, SelfsupError } from '@selfsup/core';
import type { RunStore } from '../run-store.ts';

const LOCK = 'run.lock';

interface LockFile {
  readonly pid: number;
  readonly host: string;
}

const isMissing = (error: unknown): boolean => (error as { code?: string }).code === 'ENOENT';

/** Whether a process has ended and nobody has asked for its exit code: where process 1 never asks, as in many containers, it stays listed for good. Linux alone tells. */
function hasEnded(pid: number): boolean {
  try {
    const facts = readFileSync(`/proc/${pid}/stat`, 'utf8'); // `17 (name) Z …`
    return /^[ZX]/.test(facts.slice(facts.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** Whether the process that wrote a lock is still there; of another machine that cannot be known, so it counts as there. */
function isAlive({ pid, host }: LockFile): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return !hasEnded(pid);
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

function parseLock(text: string): LockFile | undefined {
  try {
    const value = JSON.parse(text) as Partial<LockFile> | null;
    return typeof value?.pid === 'number' && typeof value.host === 'string' ? { pid: value.pid, host: value.host } : undefined;
  } catch {
    return undefined; // a lock that a kill cut off
  }
}

/**
 * A folder as the place of a run.
 *
 * @param path the folder; it is made with the first file
 * @returns see {@link RunStore}; `lock` refuses a folder in which another process trains, and takes over from one that was killed; its end takes a folder back that it
 * made and that stayed empty
 * @throws SelfsupError from its methods: `SELFSUP_DATA` when a file cannot be read or written, `SELFSUP_STATE` from `lock`
 */
export function runFolder(path: string): RunStore {
  const shown = printable(path);
  const fail = (what: string, error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SelfsupError('SELFSUP_DATA', `cannot ${what} in the run folder ${shown}: ${reason}`, { cause: error });
  };
  const prepare = async () => {
    if (existsSync(path) && !statSync(path).isDirectory())
      throw new SelfsupError('SELFSUP_OPTION', `the place of a run must be a folder, but ${shown} is a file; choose another`);
    try {
      return await mkdir(path, { recursive: true });
    } catch (error) {
      // where a file system is read-only, `recursive` complains of a folder that is missing
      let plain: unknown;
      try {
        await mkdir(path);
        return path;
      } catch (again) {
        plain = again;
      }
      const reason = isMissing(plain) ? error : plain;
      throw new SelfsupError(
        'SELFSUP_DATA',
        `cannot make the run folder ${shown}: ${reason instanceof Error ? reason.message : String(reason)}; choose another place`,
        {
          cause: error,
        },
      );
    }
  };
  /** Takes back folders that were made and stayed empty: of a run that never began, nothing is left. */
  const takeBack = async (made: string | undefined) => {
    if (made === undefined) return;
    for (let folder = resolve(path); ; folder = dirname(folder)) {
      const isEmpty = await rmdir(folder).then(
        () => true,
        () => false,
      );
      if (!isEmpty || folder === resolve(made)) return;
    }
  };
  /** What was appended since the last write. */
  const appended = new Set<string>();
  return {
    name: path,
    read: (name) =>
      readFile(join(path, name)).then(
        (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        (error: unknown) => (isMissing(error) ? undefined : fail(`read ${name}`, error)),
      ),
    async write(name, bytes) {
      await prepare();
      for (const other of appended) await sync(join(path, other)); // a checkpoint must not outlive a loss of power that its metrics do not
      appended.clear();
      // a name of its own, so that two processes cannot write one temporary file
      const temporary = join(path, `.${name}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
      try {
        const file = await open(temporary, 'w');
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, join(path, name));
      } catch (error) {
        await rm(temporary, { force: true });
        fail(`write ${name}`, error);
      }
    },
    append(name, text) {
      try {
        appendFileSync(join(path, name), text);
        appended.add(name);
        return Promise.resolve();
      } catch (error) {
        return Promise.reject(error instanceof SelfsupError ? error : toError(`write ${name}`, shown, error));
      }
    },
    remove: (name) => rm(join(path, name), { force: true }),
    list: () => readdir(path).then((names) => names.filter((name) => name !== LOCK && !name.endsWith('.tmp')), (error: unknown) => (isMissing(error) ? [] : fail('list the files', error))), // prettier-ignore
    async lock() {
      const made = await prepare();
      const file = join(path, LOCK);
      const mine = JSON.stringify({ pid: process.pid, host: hostname() });
      for (let tries = 0; ; tries++) {
        try {
          await writeFile(file, mine, { flag: 'wx' });
          break;
        } catch (error) {
          if ((error as { code?: string }).code !== 'EEXIST' || tries === 3) fail('make a lock', error);
        }
        const other = parseLock(await readFile(file, 'utf8').catch(() => ''));
        if (other && isAlive(other))
          throw new SelfsupError(
            'SELFSUP_STATE',
            `another process (${other.pid} on ${printable(other.host)}) is training in ${shown}; wait for it, choose another place, or remove ${join(shown, LOCK)} if it is not so`,
          );
        await rm(file, { force: true });
      }
      return async () => {
        await rm(file, { force: true });
        await takeBack(made);
      };
    },
  };
}

/** Waits until a file, if it is there, is on the disk. */
async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+').catch(() => undefined);
  try {
    await file?.sync();
  } finally {
    await file?.close();
  }
}

function toError(what: string, shown: string, error: unknown): SelfsupError {
  const reason = error instanceof Error ? error.message : String(error);
  return new SelfsupError('SELFSUP_DATA', `cannot ${what} in the run folder ${shown}: ${reason}`, { cause: error });
}
