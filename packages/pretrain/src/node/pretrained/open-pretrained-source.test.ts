import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors } from '@selfsup/safetensors';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPretrainedSource } from './open-pretrained-source.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-source-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
let count = 0;
const fresh = (files: Readonly<Record<string, string | Uint8Array>> = {}) => {
  const folder = join(root, `folder${count++}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
};
const tensors = (...names: string[]) =>
  encodeSafetensors({
    metadata: {},
    tensors: new Map(names.map((name, i) => [name, { dtype: 'F32' as const, shape: [1], data: Float32Array.of(i) }])),
  });
const torch = (() => {
  const path = new URL('../../../../safetensors/fixtures/pytorch.json', import.meta.url);
  const { files } = JSON.parse(readFileSync(path, 'utf8')) as { files: Record<string, string> };
  return (name: string) => new Uint8Array(Buffer.from(files[name]!, 'base64'));
})();
const shards = {
  'model-00001-of-00002.safetensors': tensors('a', 'b'),
  'model-00002-of-00002.safetensors': tensors('c'),
  'model.safetensors.index.json': JSON.stringify({
    weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00001-of-00002.safetensors', c: 'model-00002-of-00002.safetensors' },
  }),
};
const sha = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const refusal = (message: string, code = 'SELFSUP_DATA') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error;

describe('openPretrainedSource: files and folders', () => {
  it('reads a file of safetensors, and the texts beside it if it has a standard name', async () => {
    const folder = fresh({ 'model.safetensors': tensors('a'), 'other.safetensors': tensors('b'), 'config.json': '{}', 'note.txt': 'x' });
    const standard = await openPretrainedSource(join(folder, 'model.safetensors'));
    expect([...standard.tensors.keys()]).toEqual(['a']);
    expect(standard.files).toEqual({ 'config.json': '{}' });
    expect(standard.sha256).toBe(sha(tensors('a')));
    expect(standard.revision).toBeUndefined();
    const other = await openPretrainedSource(join(folder, 'other.safetensors'), { sha256: sha(tensors('b')).slice(0, 8) });
    expect([[...other.tensors.keys()], other.files]).toEqual([['b'], {}]);
  });

  it.each(['net.pth', 'net.pt', 'net.bin', 'net.pth.tar'])('reads %s of PyTorch', async (name) => {
    const { tensors: found, left } = await openPretrainedSource(join(fresh({ [name]: torch('checkpoint') }), name));
    expect(found.get('model.0.weight')!.shape).toEqual([2, 3]);
    expect(left).toContain('args');
  });

  it('reads a folder: safetensors rather than PyTorch, the standard name rather than others', async () => {
    const files = { 'pytorch_model.bin': torch('plain'), 'model.safetensors': tensors('b'), 'other.safetensors': tensors('c') };
    const source = await openPretrainedSource(fresh({ ...files, 'preprocessor_config.json': '{"size":224}', 'vocab.txt': '[PAD]\n' }));
    expect([...source.tensors.keys()]).toEqual(['b']);
    expect(source.files).toEqual({ 'preprocessor_config.json': '{"size":224}', 'vocab.txt': '[PAD]\n' });
    expect([...(await openPretrainedSource(fresh({ 'pytorch_model.bin': torch('plain') }))).tensors.keys()]).toEqual(['a']);
    const alone = fresh({ 'vits16.pth': torch('plain'), 'optimizer.pt': torch('plain'), 'training_args.bin': torch('plain') });
    expect([...(await openPretrainedSource(alone)).tensors.keys()]).toEqual(['a']);
  });

  it('reads shards', async () => {
    const folder = fresh(shards);
    const source = await openPretrainedSource(folder);
    expect([...source.tensors.keys()]).toEqual(['a', 'b', 'c']);
    const names = Object.keys(shards).slice(0, 2) as (keyof typeof shards)[];
    expect(source.weights.map(({ name }) => name)).toEqual(names);
    expect(source.sha256).toBe(sha(names.map((name) => `${sha(shards[name])}  ${name}\n`).join('')));
    const ofTorch = { 'one.bin': torch('plain'), 'pytorch_model.bin.index.json': '{"weight_map":{"a":"one.bin"}}' };
    expect([...(await openPretrainedSource(fresh(ofTorch))).tensors.keys()]).toEqual(['a']);
    expect([...(await openPretrainedSource(join(folder, 'model.safetensors.index.json'))).tensors.keys()]).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['nothing', 'nowhere/at/all', 'nowhere/at/all is neither a file nor a folder'],
    ['a name of Hugging Face without hf:', 'timm/resnet18.a1_in1k', 'on Hugging Face, write hf:timm/resnet18.a1_in1k'],
    ['an address', 'https://huggingface.co/timm/resnet18.a1_in1k', 'write hf:timm/resnet18.a1_in1k'],
  ])('refuses %s', async (_, spec, message) => {
    await expect(openPretrainedSource(spec)).rejects.toThrow(refusal(message));
  });

  const index = 'model.safetensors.index.json';
  const first = 'model-00001-of-00002.safetensors';
  it.each<[string, Readonly<Record<string, string | Uint8Array>>, string, string?]>([
    ['a folder without weights', { 'tf_model.h5': 'x', 'flax_model.msgpack': 'x' }, 'has no weights that can be read (.safetensors, .pth, .pt, .bin); there are: flax_model.msgpack, tf_model.h5'], // prettier-ignore
    ['an empty folder', {}, 'there are: nothing'],
    ['several files', { 'a.pth': torch('plain'), 'b.pth': torch('plain') }, 'has several files of weights; name one: '],
    ['a pickle that would run a command', { 'a.pth': torch('evil') }, 'a.pth: decodePytorch: the file asks for `posix.system`', 'SELFSUP_CHECKPOINT'], // prettier-ignore
    [
      'damaged safetensors',
      { 'model.safetensors': tensors('a').subarray(1) },
      'model.safetensors: decodeSafetensors: ',
      'SELFSUP_CHECKPOINT',
    ],
    ['a missing shard', { [index]: shards[index], [first]: shards[first] }, 'has no file model-00002-of-00002.safetensors'],
    ['a truncated shard', { ...shards, [first]: shards[first].subarray(0, -1) }, `${index}: the shard ${first}: decodeSafetensors: `, 'SELFSUP_CHECKPOINT'], // prettier-ignore
    [
      'a shard by a path',
      { [index]: '{"weight_map":{"a":"../a.safetensors"}}' },
      'the name of a file beside the index',
      'SELFSUP_CHECKPOINT',
    ],
  ])('refuses %s', async (_, files, message, code) => {
    await expect(openPretrainedSource(fresh(files))).rejects.toThrow(refusal(message, code));
  });

  it('refuses another SHA-256, weights that are too large, and files that are no weights', async () => {
    const folder = fresh({ 'model.safetensors': tensors('a'), 'model.h5': 'x' });
    await expect(openPretrainedSource(folder, { sha256: '0'.repeat(64) })).rejects.toThrow(refusal('must have the SHA-256 000000'));
    await expect(openPretrainedSource(folder, { sha256: 'x' })).rejects.toThrow(refusal('8 to 64 hexadecimal digits', 'SELFSUP_OPTION'));
    await expect(openPretrainedSource(folder, { maxBytes: 50 })).rejects.toThrow(refusal('must have at most 0 MB'));
    await expect(openPretrainedSource(join(folder, 'model.h5'))).rejects.toThrow(refusal('model.h5 must be a file .safetensors'));
  });
});

interface Repository {
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  readonly access?: 'gated' | 'private';
}

const COMMIT = 'c'.repeat(40);
const TOKEN = 'hf_test';
const gitHash = (bytes: Uint8Array) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** A hub on the loopback: what the library asks of one, with large files on another server, as on the real one. */
class LocalHub {
  repositories: Record<string, Repository> = {};
  readonly asked: string[] = [];
  readonly tokensElsewhere: string[] = [];
  /** Transfers that break off half way before one gets through. */
  breaks = 0;
  /** Changes what is sent. */
  change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes;
  #hub!: Server;
  #store!: Server;

  async start(): Promise<void> {
    this.#store = createServer((request, response) => {
      if (request.headers.authorization !== undefined) this.tokensElsewhere.push(request.headers.authorization);
      const [, owner, name, path] = /^\/([^/]+)\/([^/]+)\/(.+)$/.exec(request.url!)!;
      this.#send(request, response, this.#file(`${owner}/${name}`, path!)!);
    });
    this.#hub = createServer((request, response) => {
      this.#answer(request, response);
    });
    for (const server of [this.#store, this.#hub]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    for (const server of [this.#store, this.#hub]) {
      server.close();
      server.closeAllConnections();
    }
  }

  reset(): void {
    this.repositories = {};
    this.asked.length = this.tokensElsewhere.length = this.breaks = 0;
    this.change = (bytes) => bytes;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  #file(repository: string, path: string): Uint8Array | undefined {
    const content = this.repositories[repository]?.files[path];
    return content === undefined ? undefined : Buffer.from(content);
  }

  #send(request: IncomingMessage, response: ServerResponse, content: Uint8Array): ServerResponse {
    const bytes = this.change(content);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [from, to] = range ? [Number(range[1]), Math.min(Number(range[2]) + 1, bytes.length)] : [0, bytes.length];
    const headers = { 'content-length': to - from, ...(range && { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` }) };
    response.writeHead(range ? 206 : 200, headers);
    if (to - from > 1 && this.breaks > 0) {
      this.breaks--;
      response.write(bytes.subarray(from, from + Math.floor((to - from) / 2)), () => response.destroy());
      return response;
    }
    return response.end(bytes.subarray(from, to));
  }

  #answer(request: IncomingMessage, response: ServerResponse): ServerResponse {
    const url = new URL(request.url!, this.url);
    this.asked.push(url.pathname);
    const refuse = (status: number, code?: string) => {
      response.writeHead(status, { 'content-type': 'application/json', ...(code !== undefined && { 'x-error-code': code }) });
      return response.end(JSON.stringify({ error: 'no' }));
    };
    const json = (value: unknown, headers = {}) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      return response.end(JSON.stringify(value));
    };
    const name = /^(?:\/api\/models)?\/([^/]+\/[^/]+)/.exec(url.pathname)![1]!;
    const repository = this.repositories[name];
    const isAllowed = request.headers.authorization === `Bearer ${TOKEN}`;
    if (!repository || (repository.access === 'private' && !isAllowed)) return refuse(401, 'RepoNotFound');
    const rest = url.pathname.slice(url.pathname.indexOf(name) + name.length).split('/').slice(1); // prettier-ignore
    const [verb, revision] = [rest[0], decodeURIComponent(rest[1]!)];
    if (![COMMIT, 'main', 'v1'].includes(revision)) return refuse(404, 'RevisionNotFound');
    if (verb === 'revision') return json({ _id: '1', id: name, sha: COMMIT, gated: repository.access === 'gated', private: false });
    const path = rest.slice(2).join('/');
    const isLarge = (file: string) => /\.(safetensors|bin|pth)$/.test(file);
    if (verb === 'tree') {
      const inFolder = (file: string) => (path === '' ? !file.includes('/') : file.startsWith(`${path}/`));
      const all = Object.keys(repository.files).filter(inFolder);
      if (path !== '' && all.length === 0) return refuse(404, 'EntryNotFound');
      const start = Number(url.searchParams.get('cursor') ?? 0);
      const entries = all.slice(start, start + 2).map((file) => {
        const bytes = this.#file(name, file)!;
        const lfs = { oid: sha(bytes), size: bytes.length, pointerSize: 130 };
        return {
          type: 'file',
          path: file,
          size: bytes.length,
          oid: gitHash(bytes),
          ...(isLarge(file) && { lfs, xetHash: '0'.repeat(64) }),
        };
      });
      return json(entries, start + 2 < all.length ? { link: `<${this.url}${url.pathname}?cursor=${start + 2}>; rel="next"` } : {});
    }
    if (repository.access === 'gated' && !isAllowed) return refuse(401, 'GatedRepo');
    const bytes = this.#file(name, path);
    if (!bytes) return refuse(404, 'EntryNotFound');
    response.setHeader('x-repo-commit', COMMIT);
    response.setHeader('etag', `"${gitHash(bytes)}"`);
    if (!isLarge(path)) return this.#send(request, response, bytes);
    response.setHeader('x-linked-etag', `"${sha(bytes)}"`);
    response.setHeader('x-linked-size', bytes.length);
    if (request.headers.accept?.includes('xet-fileinfo') === true) {
      response.setHeader('x-xet-hash', '0'.repeat(64));
      response.setHeader('link', `<${this.url}/xet-auth>; rel="xet-auth", <${this.url}/xet>; rel="xet-reconstruction-info"`);
      return json({}, { 'content-type': 'application/vnd.xet-fileinfo+json' });
    }
    response.writeHead(302, { location: `http://127.0.0.1:${(this.#store.address() as AddressInfo).port}/${name}/${path}` });
    return response.end();
  }
}

describe('openPretrainedSource: Hugging Face', () => {
  const hub = new LocalHub();
  beforeAll(() => hub.start());
  afterAll(() => {
    hub.stop();
  });
  beforeEach(() => {
    for (const name of ['HF_TOKEN', 'HF_HUB_OFFLINE', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE']) vi.stubEnv(name, undefined);
    vi.stubEnv('HF_HOME', fresh());
    vi.stubEnv('HF_ENDPOINT', `${hub.url}/`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    hub.reset();
  });
  const weights = tensors('conv1.weight');
  const config = '{"architecture":"resnet18","pretrained_cfg":{"mean":[0.5,0.5,0.5]}}';
  const timm = { 'config.json': config, 'model.safetensors': weights, 'pytorch_model.bin': 'x', 'README.md': '# ', 'tf_model.h5': 'x' };
  const repositoryFolder = () => join(process.env['HF_HOME']!, 'hub', 'models--timm--resnet18');

  it('downloads what is needed into the cache that Python has, and no more', async () => {
    hub.repositories['timm/resnet18'] = { files: timm };
    const source = await openPretrainedSource('hf:timm/resnet18');
    expect([...source.tensors.keys()]).toEqual(['conv1.weight']);
    expect(source).toMatchObject({ name: 'hf:timm/resnet18', revision: COMMIT, files: { 'config.json': config }, sha256: sha(weights) });
    const folder = repositoryFolder();
    expect(readFileSync(join(folder, 'refs', 'main'), 'utf8')).toBe(COMMIT);
    expect(readdirSync(join(folder, 'snapshots', COMMIT)).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(readlinkSync(join(folder, 'snapshots', COMMIT, 'model.safetensors'))).toBe(join('..', '..', 'blobs', sha(weights)));
    expect(readdirSync(join(folder, 'blobs')).sort()).toEqual([sha(weights), gitHash(Buffer.from(config))].sort());
  });

  it('asks for nothing twice, and for nothing at all while offline', async () => {
    hub.repositories['timm/resnet18'] = { files: timm };
    const first = await openPretrainedSource('hf:timm/resnet18@v1');
    hub.asked.length = 0;
    expect(await openPretrainedSource('hf:timm/resnet18@v1')).toEqual(first);
    expect(hub.asked.filter((path) => path.includes('/resolve/'))).toEqual([]);
    hub.asked.length = 0;
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    for (const spec of ['hf:timm/resnet18@v1', `hf:timm/resnet18@${COMMIT}`, 'hf:timm/resnet18@v1/model.safetensors'])
      expect(await openPretrainedSource(spec)).toEqual({ ...first, name: spec });
    expect(hub.asked).toEqual([]);
    await expect(openPretrainedSource('hf:timm/resnet18')).rejects.toThrow(refusal('hf:timm/resnet18@main is not in the cache'));
    await expect(openPretrainedSource('hf:timm/resnet34@v1')).rejects.toThrow(refusal('HF_HUB_OFFLINE allows no download'));
  });

  it('downloads shards, a file that is named, and what lies in a folder', async () => {
    hub.repositories['own-er/name.x'] = { files: { ...shards, 'sub/a.pth': torch('plain'), 'sub/config.json': '{"a":1}' } };
    const lines: string[] = [];
    const stage = { update: (done: number) => void lines.push(String(done)), end: () => void lines.push('end') };
    const progress = { stage: (name: string) => (lines.push(name), stage), line: () => undefined, warn: () => undefined };
    expect([...(await openPretrainedSource('hf:own-er/name.x', { progress })).tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect(lines.slice(0, 3)).toEqual(['Downloading model.safetensors.index.json', '1', 'end']);
    const source = await openPretrainedSource('hf:own-er/name.x@main/sub/a.pth');
    expect([[...source.tensors.keys()], source.files]).toEqual([['a'], { 'config.json': '{"a":1}' }]);
    await expect(openPretrainedSource('hf:own-er/name.x/b.pth')).rejects.toThrow(refusal('hf:own-er/name.x has no file b.pth'));
    await expect(openPretrainedSource('hf:own-er/name.x/bus/b.pth')).rejects.toThrow(refusal('hf:own-er/name.x has no folder bus'));
  });

  it('goes on where a connection broke, and gives up without leaving half a file', async () => {
    hub.repositories['timm/resnet18'] = { files: timm };
    hub.breaks = 2;
    expect((await openPretrainedSource('hf:timm/resnet18')).tensors.size).toBe(1);
    rmSync(repositoryFolder(), { recursive: true });
    hub.breaks = 99;
    await expect(openPretrainedSource('hf:timm/resnet18')).rejects.toThrow(
      refusal('the download of model.safetensors from hf:timm/resnet18 broke off at byte 0, 4 times'),
    );
    expect(readdirSync(join(repositoryFolder(), 'blobs'))).toEqual([]);
    expect(existsSync(join(repositoryFolder(), 'snapshots'))).toBe(false);
  });

  it('refuses a download that is not what the hub says, and a cache that was damaged later', async () => {
    hub.repositories['timm/resnet18'] = { files: timm };
    hub.change = (bytes) => bytes.map((value, i) => (i === 9 ? value ^ 1 : value));
    await expect(openPretrainedSource('hf:timm/resnet18')).rejects.toThrow(refusal('what was downloaded has'));
    expect(readdirSync(join(repositoryFolder(), 'blobs'))).toEqual([]);
    hub.change = (bytes) => bytes.subarray(0, -1);
    await expect(openPretrainedSource('hf:timm/resnet18')).rejects.toThrow(refusal('broke off'));
    hub.change = (bytes) => bytes;
    await openPretrainedSource('hf:timm/resnet18');
    writeFileSync(join(repositoryFolder(), 'blobs', sha(weights)), tensors('conv2.weight'));
    await expect(openPretrainedSource('hf:timm/resnet18')).rejects.toThrow(refusal('model.safetensors is damaged: its hash does not fit'));
  });

  it('gives the token to the hub alone', async () => {
    hub.repositories['timm/resnet18'] = { files: timm, access: 'gated' };
    vi.stubEnv('HF_TOKEN', TOKEN);
    expect((await openPretrainedSource('hf:timm/resnet18')).tensors.size).toBe(1);
    expect(hub.tokensElsewhere).toEqual([]);
  });

  it.each([
    ['an unknown name', 'hf:tim/resnet18.a1_in1k', 'hf:tim/resnet18.a1_in1k does not exist, or is private or gated', 'did you mean hf:timm/resnet18.a1_in1k?'], // prettier-ignore
    ['a private repository', 'hf:own/private', 'hf:own/private does not exist, or is private or gated', 'in HF_TOKEN'],
    ['a gated repository', 'hf:own/gated', 'hf:own/gated is gated or private, and you have no access', 'in HF_TOKEN'],
    ['an unknown revision', 'hf:own/flax@v2', 'hf:own/flax has no revision v2', '/commits/main'],
    ['a repository without weights of ours', 'hf:own/flax', 'hf:own/flax has no weights that can be read', 'flax_model.msgpack'],
  ])('refuses %s in words', async (_, spec, ...messages) => {
    hub.repositories['own/private'] = { files: timm, access: 'private' };
    hub.repositories['own/gated'] = { files: timm, access: 'gated' };
    hub.repositories['own/flax'] = { files: { 'flax_model.msgpack': 'x', 'config.json': '{}' } };
    for (const message of messages) await expect(openPretrainedSource(spec)).rejects.toThrow(refusal(message));
  });

  it('says so when there is no network, and that the cache would do', async () => {
    hub.repositories['timm/resnet18'] = { files: timm };
    const endpoint = 'http://127.0.0.1:9';
    await expect(openPretrainedSource('hf:timm/resnet18', { endpoint })).rejects.toThrow(refusal('http://127.0.0.1:9 cannot be reached ('));
    await openPretrainedSource('hf:timm/resnet18');
    await expect(openPretrainedSource('hf:timm/resnet18', { endpoint })).rejects.toThrow(refusal('set HF_HUB_OFFLINE=1 to use hf:timm/resnet18 from the cache')); // prettier-ignore
  });

  it('refuses weights that are too large before it downloads them', async () => {
    hub.repositories['timm/resnet18'] = { files: timm };
    await expect(openPretrainedSource('hf:timm/resnet18', { maxBytes: 10 })).rejects.toThrow(refusal('must have at most'));
    expect(hub.asked.filter((path) => path.includes('/resolve/'))).toEqual([]);
  });

  it('refuses a token and an address that cannot be', async () => {
    await expect(openPretrainedSource('hf:a/b', { token: 'secret' })).rejects.toThrow(
      refusal('HF_TOKEN must be a token that begins with hf_'),
    );
    await expect(openPretrainedSource('hf:a/b', { endpoint: 'nowhere' })).rejects.toThrow(refusal('HF_ENDPOINT must be a URL'));
  });

  it.each([
    ['hf:bert-base-uncased', 'did you mean hf:google-bert/bert-base-uncased?'],
    ['hf:../x', 'must be hf:owner/name'],
    ['hf:a/..', 'must be hf:owner/name'],
    ['hf:a/b/../../c.pth', 'must be hf:owner/name'],
    ['hf:a/b/c?d.pth', 'must be hf:owner/name'],
    ['hf:a/b@../c', 'must be hf:owner/name'],
    ['hf:', 'must be hf:owner/name'],
  ])('refuses the name %s', async (spec, message) => {
    await expect(openPretrainedSource(spec)).rejects.toThrow(refusal(message, 'SELFSUP_OPTION'));
  });
});
