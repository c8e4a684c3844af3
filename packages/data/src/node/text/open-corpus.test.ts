import { createRng } from '@selfsup/core';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoader } from '../../create-loader.ts';
import { takeFirst } from '../../subset.ts';
import { toTokens } from '../../text/to-tokens.ts';
import type { TokenDataset } from '../../text/token-dataset.ts';
import { wordPieceTokenizer } from '../../text/word-piece-tokenizer.ts';
import { openCorpus, type OpenCorpusOptions } from './open-corpus.ts';

const words = Array.from({ length: 90 }, (_, i) => `w${i}`);
const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words, '.']);
const id = (word: string) => tokenizer.idOf(word)!;
let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'selfsup-corpus-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});
async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}
const open = (options: Partial<OpenCorpusOptions> = {}, patterns: string | string[] = join(root, 'corpus')) =>
  openCorpus(patterns, { tokenizer, cacheFolder: join(root, 'cache'), ...options });
const all = async (dataset: TokenDataset) => dataset.read(Array.from({ length: dataset.length }, (_, i) => i));
/** The rows as text, without filling. */
async function rows(dataset: TokenDataset): Promise<string[]> {
  const { tokenIds, attentionMask, shape } = await all(dataset);
  return Array.from({ length: shape[0] }, (_, row) => {
    const span = (values: Int32Array) => values.subarray(row * shape[1], (row + 1) * shape[1]);
    const count = span(attentionMask).reduce((sum, one) => sum + one, 0);
    expect(span(attentionMask).subarray(0, count).every((one) => one === 1)).toBe(true); // prettier-ignore
    expect(span(tokenIds).subarray(count).every((token) => token === 0)).toBe(true); // prettier-ignore
    return Array.from(span(tokenIds).subarray(0, count), (token) => tokenizer.tokenOf(token)).join(' ');
  });
}
const cacheFiles = async () => {
  const [key] = await readdir(join(root, 'cache'));
  return { folder: join(root, 'cache', key!), names: (await readdir(join(root, 'cache', key!))).sort() };
};

describe('openCorpus', () => {
  it('cuts each file into sequences that hold one document only', async () => {
    await put('corpus/a.txt', 'w0 w1 w2\nw3 w4\n');
    await put('corpus/deep/b.txt', 'w5');
    await put('corpus/c.md', 'w6');
    const { train, validation, statistics } = await open({ length: 5 });
    expect(train).toMatchObject({ length: 3, sequenceLength: 5, vocabularySize: 96, unit: 'sequences' });
    expect(await rows(train)).toEqual(['[CLS] w0 w1 w2 [SEP]', '[CLS] w3 w4 [SEP]', '[CLS] w5 [SEP]']);
    expect(validation).toBeUndefined();
    expect(statistics).toEqual({ files: 2, bytes: 17, documents: 2, tokens: 6, unknownTokens: 0, invalidBytes: 0, cached: false });
    const some = await train.read([2, 0, 2]);
    expect([...some.indices]).toEqual([2, 0, 2]);
    expect([...some.tokenIds]).toEqual([2, id('w5'), 3, 0, 0, 2, id('w0'), id('w1'), id('w2'), 3, 2, id('w5'), 3, 0, 0]);
    await expect(train.read([3])).rejects.toThrow('`indices[0]` must be an integer from 0 to 2 (there are 3 sequences), got 3');
  });

  it('takes patterns, files and lists of them, each file once', async () => {
    await put('corpus/a.txt', 'w0');
    await put('corpus/b.text', 'w1');
    const sequences = async (patterns: string | string[]) => rows((await open({}, patterns)).train);
    expect(await sequences(join(root, 'corpus/*.txt'))).toEqual(['[CLS] w0 [SEP]']);
    expect(await sequences([join(root, 'corpus/b.text'), join(root, '**/*.txt'), join(root, 'corpus')])).toEqual([
      '[CLS] w0 [SEP]',
      '[CLS] w1 [SEP]',
    ]);
  });

  it.each([
    ['blank-line', 'w0\nw1\n\n \nw2\n\n', ['w0 w1', 'w2']],
    [/^= /, 'w0\n= w1\nw2 = w3\n= w4', ['w0', '[UNK] w1 w2 [UNK] w3', '[UNK] w4']],
    ['file', 'w0\n\nw1', ['w0 w1']],
  ] as const)('splits documents by %s', async (documents, text, expected) => {
    await put('corpus/a.txt', text);
    const { train, statistics } = await open({ documents });
    expect(await rows(train)).toEqual(expected.map((document) => `[CLS] ${document} [SEP]`));
    expect(statistics.documents).toBe(expected.length);
  });

  it('knows chapters, and takes a table of contents for none', async () => {
    const chapter = (n: string) => `CHAPTER ${n}\n\n${'w0 '.repeat(400)}\n`;
    await put('corpus/a.txt', `CONTENTS\n CHAPTER I\n CHAPTER II\n${chapter('I')}${chapter('II')}part I have\n`);
    expect((await open({ documents: 'chapter' })).statistics.documents).toBe(2);
  });

  it('goes on across documents where asked to', async () => {
    await put('corpus/a.txt', 'w0 w1\n\nw2 w3 w4');
    const { train } = await open({ length: 5, documents: 'blank-line', acrossDocuments: true });
    expect(await rows(train)).toEqual(['[CLS] w0 w1 [SEP] [SEP]', '[CLS] w2 w3 w4 [SEP]']);
  });

  it('holds out every 1/fraction-th document, the same ones each time', async () => {
    await put('corpus/a.txt', words.slice(0, 20).join('\n\n'));
    const { train, validation } = await open({ documents: 'blank-line', validationFraction: 0.25 });
    expect(await rows(validation!)).toEqual(['w1', 'w5', 'w9', 'w13', 'w17'].map((word) => `[CLS] ${word} [SEP]`));
    expect(train.length).toBe(15);
    const [seen, held] = [new Set(await rows(train)), await rows(validation!)];
    expect(held.some((row) => seen.has(row))).toBe(false);
  });

  it('feeds the loader, and makes tensors', async () => {
    await put('corpus/a.txt', words.join('\n\n'));
    const { train } = await open({ length: 4, documents: 'blank-line' });
    const loader = createLoader(takeFirst(train, 80), { batchSize: 32, rng: createRng(1) });
    const seen = new Set<number>();
    for await (const batch of loader.epoch(0)) {
      const tensors = toTokens(batch);
      expect(tensors.tokenIds.shape).toEqual([32, 4]);
      expect([tensors.tokenIds.dtype, tensors.attentionMask.dtype]).toEqual(['int32', 'int32']);
      expect(Object.keys(tensors)).toEqual(['tokenIds', 'attentionMask']);
      for (const index of batch.indices) seen.add(index);
      tensors.tokenIds.dispose();
      tensors.attentionMask.dispose();
    }
    expect(seen.size).toBe(64);
    expect(() => createLoader(train, { batchSize: 200, rng: createRng(1) })).toThrow('the number of sequences in');
    expect(() => toTokens({ tokenIds: new Int32Array(3), attentionMask: new Int32Array(4), shape: [1, 4] })).toThrow(
      '`tokenIds` must have 4',
    );
  });
});

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
    await rm(join(root, 'cache'), { recursive: true });
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
    await rm(join(root, 'cache'), { recursive: true });
    let interruptions = 0;
    for (let pieces = 1; ; interruptions++) {
      const stop = new AbortController();
      let left = pieces;
      const onProgress = ({ phase }: { phase: string }) => {
        if (phase !== 'tokenising') return;
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

  it.each([
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
});

describe('bad text', () => {
  it.each([
    [Uint8Array.of(0x77, 0x30, 0xff, 0x20), 'a.txt must be UTF-8, got 0xff at byte 2'],
    [Uint8Array.of(0x77, 0x20, 0xe2, 0x82), 'got 0xe2 at byte 2'],
    [Uint8Array.of(0xff, 0xfe, 0x77, 0x00), 'got 0xff at byte 0'],
    [Buffer.concat([Buffer.from('w0 w1\n'.repeat(400_000)), Uint8Array.of(0xc0, 0xaf)]), 'got 0xc0 at byte 2400000'],
  ])('names file and byte of invalid UTF-8', async (bytes, message) => {
    await put('corpus/a.txt', bytes);
    await expect(open()).rejects.toThrow(message);
    await expect(open()).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
  });

  it('replaces and counts invalid UTF-8 where asked to', async () => {
    await put('corpus/a.txt', Buffer.concat([Buffer.from('\ufeffw0 \ufffd '), Uint8Array.of(0xff, 0x20, 0xfe), Buffer.from(' w1')]));
    const { train, statistics } = await open({ invalidUtf8: 'replace' });
    expect(await rows(train)).toEqual(['[CLS] w0 w1 [SEP]']);
    expect(statistics.invalidBytes).toBe(2);
    expect(statistics.firstInvalid).toEqual({ path: join(root, 'corpus', 'a.txt'), byte: 10 });
  });

  it('says that a corpus is empty', async () => {
    const refused = async (expected: string) => {
      await expect(open()).rejects.toMatchObject({ code: 'SELFSUP_DATA', message: expect.stringContaining(expected) as string });
    };
    await refused(`openCorpus: no file matches ${join(root, 'corpus')}`);
    await put('corpus/a.txt', '');
    await refused(`openCorpus: there is no text in ${join(root, 'corpus', 'a.txt')}`);
    await put('corpus/b.txt', ' \n\t\n');
    await refused('there is no text in any of 2 files');
    await put('corpus/a.txt', 'w0');
    await expect(open({ validationFraction: 0.1 })).rejects.toThrow(
      '`validationFraction` 0.1 leaves no document for validation, there are 1',
    );
  });

  it('says what a vocabulary lacks', async () => {
    await put('corpus/a.txt', 'w0');
    await expect(open({ tokenizer: wordPieceTokenizer('[UNK]\n[CLS]\n[PAD]') })).rejects.toThrow(
      'must have a separator token such as [SEP]',
    );
    await expect(open({ tokenizer: wordPieceTokenizer('[UNK]') })).rejects.toThrow('must have a pad token such as [PAD]');
  });

  it('refuses options out of range', async () => {
    await expect(open({ length: 3 })).rejects.toThrow('`length` must be an integer >= 4, got 3');
    await expect(open({ validationFraction: 1 })).rejects.toThrow('`validationFraction` must be in [0, 1), got 1');
    await expect(open({ shortFraction: -1 })).rejects.toMatchObject({ code: 'SELFSUP_OPTION' });
  });

  it('reads a line of 50 MB, spaced or not, in little memory', async () => {
    await put('corpus/a.txt', 'w0 w1 '.repeat(7_000_000) + '\n' + 'é'.repeat(4_000_000));
    const before = process.memoryUsage().rss;
    let most = 0;
    const onProgress = () => {
      most = Math.max(most, process.memoryUsage().rss - before);
    };
    const { train, statistics } = await open({ onProgress, shardTokens: 1 << 20 });
    expect(statistics.tokens - statistics.unknownTokens).toBe(14_000_000);
    expect(train.length).toBe(Math.ceil(statistics.tokens / 126));
    expect(most).toBeLessThan(400e6);
  });
});

describe('pairs for next-sentence prediction', () => {
  // document d has sentences of 3 words, all of them w<d>
  const document = (d: number, sentences: number) => Array.from({ length: sentences }, () => `w${d} w${d} w${d}`).join('\n');
  const put60 = () => put('corpus/a.txt', Array.from({ length: 60 }, (_, d) => document(d, 10 + (d % 7))).join('\n\n'));
  const options = { documents: 'blank-line', nextSentence: true, sentences: 'lines', length: 24 } as const;

  it('are of one document, or of two, half and half, and named right', async () => {
    await put60();
    const { train } = await open(options);
    const { tokenIds, segmentIds, attentionMask, nextSentenceLabels, shape } = await all(train);
    let random = 0;
    for (let row = 0; row < shape[0]; row++) {
      const ids = tokenIds.subarray(row * 24, (row + 1) * 24);
      const separators = [...ids.keys()].filter((i) => ids[i] === 3);
      expect(ids[0]).toBe(2);
      expect(separators.length).toBe(2);
      const [first, second] = separators as [number, number];
      const [a, b] = [new Set(ids.subarray(1, first)), new Set(ids.subarray(first + 1, second))];
      expect([a.size, b.size]).toEqual([1, 1]); // neither is empty, nor of two documents
      expect([...a][0] === [...b][0]).toBe(nextSentenceLabels![row] === 0);
      random += nextSentenceLabels![row]!;
      const inside = (from: number, to: number) => Array.from({ length: 24 }, (_, i) => (i >= from && i < to ? 1 : 0));
      expect([...segmentIds!.subarray(row * 24, (row + 1) * 24)]).toEqual(inside(first + 1, second + 1));
      expect([...attentionMask.subarray(row * 24, (row + 1) * 24)]).toEqual(inside(0, second + 1));
    }
    // a chunk of one sentence is always random, so a little more than half
    expect(random / shape[0]).toBeGreaterThan(0.45);
    expect(random / shape[0]).toBeLessThan(0.7);
  });

  it('use every sentence that fits, and follow the seed', async () => {
    await put60();
    const seeded = async (seed: number) => all((await open({ ...options, length: 64, shortFraction: 0, rng: createRng(seed) })).train);
    const one = await seeded(1);
    expect(await seeded(1)).toEqual(one);
    expect(await seeded(2)).not.toEqual(one);
    expect(new Set(one.tokenIds).size).toBe(60 + 3); // every document; [CLS], [SEP] and [PAD]
  });

  it('split sentences by punctuation across lines', async () => {
    await put('corpus/a.txt', 'w0 w0\nw0. w0\n\nw1 w1. w1 w1.');
    const { train, statistics } = await open({ ...options, sentences: 'split' });
    expect(statistics).toMatchObject({ documents: 2, tokens: 11 });
    expect(train.length).toBeGreaterThan(1);
  });

  it('need two documents', async () => {
    await put('corpus/a.txt', document(0, 5));
    await expect(open(options)).rejects.toThrow('`nextSentence` needs at least 2 documents to draw other sentences from, got 1');
  });

  it('give tensors', async () => {
    await put60();
    const tensors = toTokens(await (await open(options)).train.read([0, 1]));
    expect([tensors.segmentIds!.shape, tensors.nextSentenceLabels!.shape, tensors.nextSentenceLabels!.dtype]).toEqual([
      [2, 24],
      [2],
      'int32',
    ]);
    for (const tensor of Object.values(tensors)) tensor.dispose();
  });
});
