import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable, SelfsupError } from '@selfsup/core';

/** The variable that tells a rank where the command that launched it listens. */
const VARIABLE = 'SELFSUP_LIFELINE';
/** What a rank says before it leaves in good order. */
const FAREWELL = 'farewell';

/** Connections that ranks hold for as long as they live: the system closes them, however a rank ends. */
export interface Lifelines {
  /** What ranks need in their environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Kills the ranks that are still there. */
  killRanks(): void;
  /** Listens no more. */
  close(): void;
}

/**
 * Listens for the ends of ranks on this machine.
 *
 * @param onLost told of each rank that ends without a farewell
 * @returns see {@link Lifelines}
 * @throws SelfsupError `SELFSUP_COLLECTIVE` when the folder for temporary files cannot hold a socket
 * @remarks Ranks on other machines cannot connect, and are not watched. Nor is any rank on Windows, where sockets are not files.
 */
export async function openLifelines(onLost: () => void): Promise<Lifelines> {
  if (process.platform === 'win32') return { environment: {}, killRanks: () => undefined, close: () => undefined };
  const ranks = new Map<Socket, string>();
  const server = createServer((socket) => {
    ranks.set(socket, '');
    socket.setEncoding('utf8').on('data', (said: string) => ranks.set(socket, ranks.get(socket)! + said));
    socket.on('error', () => undefined); // which closes it
    socket.on('close', () => {
      if (!ranks.get(socket)!.includes(FAREWELL)) onLost();
      ranks.delete(socket);
    });
  });
  const folder = mkdtempSync(join(tmpdir(), 'selfsup-ranks-'));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  const path = join(folder, 'lifeline');
  try {
    server.listen(path);
    await once(server, 'listening');
  } catch (error) {
    remove();
    throw new SelfsupError(
      'SELFSUP_COLLECTIVE',
      `the folder for temporary files must be able to hold a socket, which ${printable(path)} is not; set TMPDIR to a folder with a shorter name`,
      { cause: error },
    );
  }
  process.on('exit', remove);
  return {
    environment: { [VARIABLE]: path },
    killRanks() {
      for (const said of ranks.values()) {
        const pid = Number.parseInt(said, 10);
        if (pid > 1) killIfThere(pid);
      }
    },
    close() {
      server.close();
      for (const socket of ranks.keys()) socket.removeAllListeners('close').destroy();
      process.off('exit', remove);
      remove();
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}

/** Whether `selfsup --ranks` started the launcher of this process. */
export const isLaunched = (): boolean => process.env[VARIABLE] !== undefined;

/**
 * As a rank: connects to the command that launched it, if that is on this machine.
 *
 * @param path where it listens; default what the environment says
 * @returns says that this rank leaves in good order
 */
export async function holdLifeline(path = process.env[VARIABLE]): Promise<() => Promise<void>> {
  const alone = () => Promise.resolve();
  if (path === undefined) return alone;
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch {
    return alone;
  }
  socket.on('error', () => undefined); // the command is gone: that is no reason to stop
  socket.unref();
  socket.write(`${process.pid}\n`);
  return () => new Promise((resolve) => socket.end(FAREWELL, resolve));
}
