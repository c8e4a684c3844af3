import { setTimeout } from 'node:timers/promises';
import { join } from 'node:path';
import { printable, SelfsupError } from '@selfsup/core';
import { silentProgress, type Progress } from '../../progress.ts';
import { sizesOf } from './folder-shelf.ts';
import { hubCache, type HubBlob, type HubCache } from './hub-cache.ts';
import type { HubName } from './hub-name.ts';
import { hubFetch, inWords } from './hub-request.ts';
import type { Shelf } from './shelf.ts';

/** How a hub is reached. Internal. */
export interface HubShelfOptions {
  readonly cacheFolder?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly token?: string | undefined;
  readonly offline?: boolean | undefined;
  readonly progress?: Progress | undefined;
}

const PIECE = 16 * 2 ** 20;
const ATTEMPTS = 4;

type HubLibrary = typeof import('@huggingface/hub');

interface Entry extends HubBlob {
  readonly path: string;
}

interface Download {
  readonly hub: HubLibrary;
  readonly request: { readonly hubUrl: string; readonly fetch: typeof fetch; readonly accessToken?: string };
  readonly repository: string;
  readonly commit: string;
  readonly cache: HubCache;
  readonly progress: Progress;
}

function fail(what: string, cause?: unknown): never {
  throw new SelfsupError('SELFSUP_DATA', what, { cause });
}

/** Reads a piece of a file, again where the connection breaks. */
async function readPiece(blob: Blob, [from, to]: readonly [number, number], what: string): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++)
    try {
      const piece = new Uint8Array(await blob.slice(from, to).arrayBuffer());
      if (piece.length !== to - from) throw new Error(`got ${piece.length} bytes instead of ${to - from}`);
      return piece;
    } catch (error) {
      if (attempt === ATTEMPTS) throw inWords(error, `${what} broke off at byte ${from}, ${ATTEMPTS} times`);
      await setTimeout(200 * attempt);
    }
}

/** Downloads a file piece by piece into the cache. */
async function download(entry: Entry, { hub, request, repository, commit, cache, progress }: Download): Promise<void> {
  const what = `the download of ${printable(entry.path)} from hf:${repository}`;
  const stage = progress.stage(`Downloading ${printable(entry.path, { maxLength: 60 })}`, {
    total: Math.ceil(entry.size / 1e6),
    unit: 'MB',
  });
  try {
    const source = { repo: { type: 'model' as const, name: repository }, path: entry.path, revision: commit, xet: false, ...request };
    // plain HTTP, of which a part can be asked for again; the library's own download into the cache checks no hash and prints
    const blob = entry.size === 0 ? new Blob([]) : await hub.downloadFile(source);
    if (!blob) fail(`${what} failed: the file is not there`);
    if (blob.size !== entry.size) fail(`${what} failed: it has ${blob.size} bytes, expected ${entry.size}`);
    await cache.write(entry, async (write) => {
      for (let at = 0; at < entry.size; at += PIECE) {
        const end = Math.min(entry.size, at + PIECE);
        await write(await readPiece(blob, [at, end], what));
        stage.update(Math.ceil(end / 1e6));
      }
    });
  } catch (error) {
    throw inWords(error, `${what} failed`);
  } finally {
    stage.end();
  }
}

async function offlineShelf(name: HubName, cache: HubCache, cacheFolder: string): Promise<Shelf> {
  const label = `hf:${name.repository}`;
  const commit = await cache.commitOf(name.revision);
  const folder = join(cache.snapshot(commit ?? 'none'), name.folder);
  const sizes = commit === undefined ? undefined : await sizesOf(folder).catch(() => undefined);
  if (commit === undefined || sizes === undefined)
    fail(
      `${label}@${printable(name.revision)} is not in the cache ${printable(cacheFolder)}, and HF_HUB_OFFLINE allows no download; unset HF_HUB_OFFLINE, or fetch it where there is a network`,
    );
  const pathOf = (file: string) => (name.folder === '' ? file : `${name.folder}/${file}`);
  return {
    label,
    revision: commit,
    sizes,
    read: async (file) =>
      sizes.has(file)
        ? cache.read(commit, pathOf(file))
        : fail(`${printable(file)} of ${label} is not in the cache ${printable(cacheFolder)}, and HF_HUB_OFFLINE allows no download`),
  };
}

/** What lies in a folder of the repository. */
async function listEntries(
  { hub, request, repository, commit }: Omit<Download, 'progress' | 'cache'>,
  folder: string,
): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const query = {
    repo: { type: 'model' as const, name: repository },
    revision: commit,
    ...(folder !== '' && { path: folder }),
    ...request,
  };
  for await (const { type, path, size, oid, lfs } of hub.listFiles(query)) {
    const file = folder === '' ? path : path.slice(folder.length + 1);
    const [etag, bytes] = lfs ? [lfs.oid, lfs.size] : [oid, size];
    const isKnown =
      typeof etag === 'string' && (lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(etag) && Number.isSafeInteger(bytes) && bytes >= 0;
    if (type !== 'file' || !isKnown || /[/\\:\p{Cc}]/u.test(file) || /^\.*$/.test(file)) continue;
    entries.set(file, { path, etag, size: bytes });
  }
  return entries;
}

/**
 * The files of a repository on Hugging Face, through the cache that Python has, too; files are downloaded when they are read. Internal.
 *
 * @param name see `parseHubName`
 * @param options default what the environment says: HF_HUB_CACHE, HF_HOME, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE
 * @throws SelfsupError `SELFSUP_DATA` when there is no such repository or revision, no access, no network, or no cached copy while offline
 */
export async function hubShelf(name: HubName, options: HubShelfOptions = {}): Promise<Shelf> {
  const { env } = process;
  const hub = await import('@huggingface/hub');
  const cacheFolder = options.cacheFolder ?? hub.getHFHubCachePath();
  const cache = hubCache(join(cacheFolder, hub.getRepoFolderName({ type: 'model', name: name.repository })));
  if (options.offline ?? /^(1|true|yes|on)$/i.test(env['HF_HUB_OFFLINE'] ?? '')) return offlineShelf(name, cache, cacheFolder);
  const endpoint = (options.endpoint ?? (env['HF_ENDPOINT'] || 'https://huggingface.co')).replace(/\/+$/, '');
  if (!URL.canParse(endpoint)) fail(`HF_ENDPOINT must be a URL such as https://huggingface.co, got ${printable(endpoint)}`);
  const token = options.token ?? (env['HF_TOKEN'] || undefined);
  if (token !== undefined && !/^hf_\w+$/.test(token))
    fail(`HF_TOKEN must be a token that begins with hf_; make one at ${endpoint}/settings/tokens`);
  const isCached = async () => {
    const commit = await cache.commitOf(name.revision);
    return commit !== undefined && (await sizesOf(cache.snapshot(commit)).catch(() => undefined)) !== undefined;
  };
  const context = { endpoint, repository: name.repository, revision: name.revision, hasToken: token !== undefined, isCached };
  const request = { hubUrl: endpoint, fetch: hubFetch(context), ...(token !== undefined && { accessToken: token }) };
  const label = `hf:${name.repository}`;
  try {
    const { sha: commit } = await hub.modelInfo({ name: name.repository, revision: name.revision, additionalFields: ['sha'], ...request });
    if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit))
      fail(`${endpoint} gave no commit of ${label}@${printable(name.revision)}`);
    const place = { hub, request, repository: name.repository, commit };
    const entries = await listEntries(place, name.folder).catch((error: unknown) => {
      if (error instanceof hub.HubApiError && error.statusCode === 404)
        return fail(`${label} has no folder ${printable(name.folder)}`, error);
      throw error;
    });
    await cache.keepCommit(name.revision, commit);
    return {
      label,
      revision: commit,
      sizes: new Map([...entries].map(([file, { size }]) => [file, size])),
      async read(file) {
        const entry = entries.get(file) ?? fail(`${label} has no file ${printable(file)}`);
        const isThere = (await cache.has(commit, entry.path, entry.size)) || (await cache.link(commit, entry.path, entry));
        if (!isThere) {
          await download(entry, { ...place, cache, progress: options.progress ?? silentProgress });
          await cache.link(commit, entry.path, entry);
        }
        return cache.read(commit, entry.path);
      },
    };
  } catch (error) {
    throw inWords(error, `${endpoint} did not answer as Hugging Face does`);
  }
}
