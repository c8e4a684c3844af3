import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wordPieceTokenizer } from '../../text/word-piece-tokenizer.ts';
import { all, corpusFolder, rows } from '../../../test/corpus-fixture.ts';

const { at, cacheFiles, open, put } = corpusFolder();

type Fields = Record<string, unknown>;
type Damage = (folder: string) => Promise<void>;
/** Changes the index of a folder. */
const changed = (change: (index: Fields) => unknown) => async (folder: string) => {
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as Fields;
  change(index);
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
};

describe('the cache of a corpus', () => {
  const text = Array.from({ length: 50_000 }, (_, i) => (i % 97 === 96 ? '\n' : `w${(i * i) % 90}`)).join(' '); // prettier-ignore

  it('is used again, whatever the length, and not for other bytes', async () => {
    await put('corpus/a.txt', 'w0 w1 w2');
    expect((await open()).statistics.cached).toBe(false);
    const again = await open({ length: 4 });
    expect(again.statistics).toMatchObject({ cached: true, tokens: 3 });
    expect(await rows(again.train)).toEqual(['[CLS] w0 w1 [SEP]', '[CLS] w2 [SEP]']);
    await put('corpus/a.txt', 'w0 w1 w3');
    expect((await open()).statistics.cached).toBe(false);
    const other = wordPieceTokenizer(['[UNK]', '[CLS]', '[SEP]', '[PAD]', 'w0']);
    expect((await open({ tokenizer: other })).statistics).toMatchObject({ cached: false, unknownTokens: 2 });
  });

  it('is the same in one shard and in many, in memory and from disk', async () => {
    await put('corpus/a.txt', text.repeat(12)); // above a piece of 1 MiB
    const one = await open();
    const expected = await all(one.train);
    await rm(at('cache'), { recursive: true });
    const many = await open({ shardTokens: 1000, memoryBytes: 0, documents: 'file' });
    expect((await cacheFiles()).names.length).toBeGreaterThan(2);
    expect(await all(many.train)).toEqual(expected);
    expect(many.statistics).toEqual(one.statistics);
  });

  it('goes on after an interruption with the same result', async () => {
    for (const name of ['a', 'b', 'c']) await put(`corpus/${name}.txt`, `${name === 'b' ? 'w1 ' : ''}${text.repeat(6)}`);
    const options = { documents: 'blank-line', validationFraction: 0.2, shardTokens: 1000 } as const;
    const whole = await open(options);
    const expected = [await all(whole.train), await all(whole.validation!), whole.statistics];
    await rm(at('cache'), { recursive: true });
    let interruptions = 0;
    for (let pieces = 1; ; interruptions++) {
      const stop = new AbortController();
      let left = pieces;
      const onProgress = ({ phase }: { phase: string }) => {
        if (phase !== 'tokenizing') return;
        if (--left === 0) stop.abort(new Error('interrupted'));
      };
      const result = await open({ ...options, signal: stop.signal, onProgress }).catch((error: unknown) => error as Error);
      if (result instanceof Error) {
        expect(result.message).toBe('interrupted');
        continue;
      }
      expect([await all(result.train), await all(result.validation!), result.statistics]).toEqual(expected);
      break;
    }
    expect(interruptions).toBeGreaterThan(2);
    expect((await cacheFiles()).names.some((name) => name.endsWith('.partial'))).toBe(false);
  });

  it('may be made by several processes at once', async () => {
    await put('corpus/a.txt', text.repeat(8));
    const [one, ...others] = await Promise.all([1, 2, 3].map(() => open({ shardTokens: 1000 })));
    const expected = await all(one!.train);
    for (const other of others) expect(await all(other.train)).toEqual(expected);
    expect((await open()).statistics.cached).toBe(true);
  });

  it('says when its folder cannot be made', async () => {
    await put('corpus/a.txt', 'w0');
    await expect(open({ cacheFolder: at('corpus/a.txt') })).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
  });

  it.each<[string, Damage]>([
    [
      'a shard that was cut',
      async (folder: string) => writeFile(join(folder, 'train-00000.bin'), (await readFile(join(folder, 'train-00000.bin'))).subarray(2)),
    ],
    [
      'a changed shard',
      async (folder: string) =>
        writeFile(join(folder, 'train-00000.bin'), new Uint8Array((await stat(join(folder, 'train-00000.bin'))).size)),
    ],
    ['a missing shard', (folder: string) => rm(join(folder, 'train-00000.bin'))],
    ['a damaged index', (folder: string) => writeFile(join(folder, 'index.json'), '{"format":1,')],
    ...['state', 'shards', 'complete'].map(
      (key) => [`an index without ${key}`, changed((index) => (index[key] = undefined))] as [string, Damage],
    ),
    ...['file', 'byte', 'split', 'documents', 'tokens', 'unknownTokens', 'invalid', 'open'].map(
      (key) => [`an index without state.${key}`, changed(({ state }) => ((state as Fields)[key] = undefined))] as [string, Damage],
    ),
    ['an index of more files', changed(({ state }) => ((state as Fields).file = 2))],
    ['an index that is said to be complete', changed(({ state }) => ((state as Fields).file = 0))],
    ['an index whose split is a number', changed(({ state }) => ((state as Fields).split = 3))],
    ['an index whose first invalid byte is nowhere', changed(({ state }) => ((state as Fields).invalid = { count: 0, first: {} }))],
    ['an index whose shards are no list', changed((index) => (index.shards = { train: {}, validation: [] }))],
    ['an index that is a list', (folder: string) => writeFile(join(folder, 'index.json'), '[]')],
    ['an index of another shape', (folder: string) => writeFile(join(folder, 'index.json'), '{"format":1}')],
    [
      'an index that names a file elsewhere',
      async (folder: string) =>
        writeFile(
          join(folder, 'index.json'),
          (await readFile(join(folder, 'index.json'), 'utf8')).replace('train-00000.bin', '../../secret'),
        ),
    ],
  ])('is made again after %s', async (_, damage) => {
    await put('corpus/a.txt', 'w0 w1 w2');
    const expected = await rows((await open()).train);
    await damage((await cacheFiles()).folder);
    const again = await open();
    expect(again.statistics.cached).toBe(false);
    expect(await rows(again.train)).toEqual(expected);
    expect((await open()).statistics.cached).toBe(true);
  });

  it.each(['train-00000.bin', 'index.json'])('says that a folder is in the place of %s', async (name) => {
    await put('corpus/a.txt', 'w0 w1 w2');
    await open();
    const { folder } = await cacheFiles();
    await rm(join(folder, name));
    await mkdir(join(folder, name));
    await expect(open()).rejects.toMatchObject({
      code: 'SELFSUP_DATA',
      message: expect.stringMatching(
        /^openCorpus: cannot write .*: .*; it is a part of a cache: remove what is there, or set `cacheFolder`/,
      ) as string,
    });
    expect((await cacheFiles()).names.some((each) => each.endsWith('.partial'))).toBe(false);
    await rm(join(folder, name), { recursive: true });
    expect(await rows((await open()).train)).toEqual(['[CLS] w0 w1 w2 [SEP]']);
  });
});
