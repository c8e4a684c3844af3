import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { printable, SelfsupError } from '@selfsup/core';
import { readWhole, type ShelfFile } from './shelf.ts';

/** The folder of one repository in the cache that Python's huggingface_hub has, too: `blobs`, `refs` and `snapshots`. Internal. */
export interface HubCache {
  /** The commit of a branch or tag, as it was last seen; a commit is its own. */
  commitOf(revision: string): Promise<string | undefined>;
  /** Remembers the commit of a branch or tag. */
  keepCommit(revision: string, commit: string): Promise<void>;
  /** The folder of a commit's files. */
  snapshot(commit: string): string;
  /** Whether the file is there, whole. */
  has(commit: string, path: string, size?: number): Promise<boolean>;
  /** Links a blob that is there to a file of a commit; false when there is none. */
  link(commit: string, path: string, blob: HubBlob): Promise<boolean>;
  /** Writes a blob under another name, checks it, and gives it its own: there is never half of one. */
  write(blob: HubBlob, fill: (write: (piece: Uint8Array) => Promise<void>) => Promise<void>): Promise<void>;
  /** Reads a file and checks it against the name of its blob. */
  read(commit: string, path: string): Promise<ShelfFile>;
}

/** The content of a file on a hub. Internal. */
export interface HubBlob {
  /** The SHA-256 of a large file, or the SHA-1 that Git gives to a small one. */
  readonly etag: string;
  readonly size: number;
}

const isCommit = (text: string) => /^[0-9a-f]{40}$/.test(text);
const hashOf = ({ etag, size }: HubBlob) => (etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`));
const isFile = async (path: string, size?: number) => {
  const info = await stat(path).catch(() => undefined);
  return info?.isFile() === true && (size === undefined || info.size === size);
};

function fail(what: string, cause?: unknown): never {
  throw new SelfsupError('SELFSUP_DATA', what, { cause });
}

/** Wraps what the file system says. */
async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall } = error as { code?: string; syscall?: string };
    if (typeof code !== 'string' || syscall === undefined) throw error;
    const cure = code === 'ENOSPC' ? 'make room, or ' : '';
    return fail(`the cache ${printable(folder)} cannot be written (${code}); ${cure}choose another folder with HF_HUB_CACHE`, error);
  }
}

/**
 * Opens the folder of a repository in the cache; it need not be there. Internal.
 *
 * @param folder `models--owner--name` in the cache
 */
export function hubCache(folder: string): HubCache {
  const blobPath = ({ etag }: HubBlob) => join(folder, 'blobs', etag);
  const snapshot = (commit: string) => join(folder, 'snapshots', commit);
  const pathOf = (commit: string, path: string) => join(snapshot(commit), ...path.split('/'));
  const temporary = (path: string) => `${path}.${randomBytes(6).toString('hex')}.incomplete`;
  return {
    snapshot,
    async commitOf(revision) {
      if (isCommit(revision)) return revision;
      const text = await readFile(join(folder, 'refs', ...revision.split('/')), 'utf8').catch(() => '');
      return isCommit(text.trim()) ? text.trim() : undefined;
    },
    async keepCommit(revision, commit) {
      if (isCommit(revision)) return;
      const path = join(folder, 'refs', ...revision.split('/'));
      await onDisk(folder, async () => {
        await mkdir(dirname(path), { recursive: true });
        const unfinished = temporary(path);
        await writeFile(unfinished, commit);
        await rename(unfinished, path);
      });
    },
    has: (commit, path, size) => isFile(pathOf(commit, path), size),
    async link(commit, path, blob) {
      const [source, target] = [blobPath(blob), pathOf(commit, path)];
      if (!(await isFile(source, blob.size))) return false;
      await onDisk(folder, async () => {
        await mkdir(dirname(target), { recursive: true });
        await rm(target, { force: true });
        // where links are not allowed, as on Windows, the file itself moves; Python does the same
        await symlink(relative(dirname(target), source), target).catch(() => rename(source, target));
      });
      return true;
    },
    async write(blob, fill) {
      const path = blobPath(blob);
      const unfinished = temporary(path);
      const hash = hashOf(blob);
      let size = 0;
      await onDisk(folder, () => mkdir(dirname(path), { recursive: true }));
      try {
        const handle = await onDisk(folder, () => open(unfinished, 'wx'));
        try {
          await fill(async (piece) => {
            hash.update(piece);
            size += piece.length;
            await onDisk(folder, () => handle.writeFile(piece));
          });
          await onDisk(folder, () => handle.sync());
        } finally {
          await handle.close();
        }
        const found = hash.digest('hex');
        if (size !== blob.size || found !== blob.etag)
          fail(`what was downloaded has ${size} bytes and the hash ${found}, expected ${blob.size} bytes and ${blob.etag}; try again`);
        await onDisk(folder, () => rename(unfinished, path));
      } finally {
        await rm(unfinished, { force: true });
      }
    },
    async read(commit, path) {
      const place = pathOf(commit, path);
      const file = await readWhole(place);
      const etag = basename(await realpath(place));
      const found = etag.length === 64 ? file.sha256 : hashOf({ etag, size: file.bytes.length }).update(file.bytes).digest('hex');
      const isBlob = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(etag);
      if (isBlob && found !== etag)
        fail(
          `${printable(place)} is damaged: its hash does not fit; remove ${printable(await realpath(place))} to have it downloaded again`,
        );
      return file;
    },
  };
}
