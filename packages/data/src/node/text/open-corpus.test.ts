import { symlink } from 'node:fs/promises';
import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { createLoader } from '../../create-loader.ts';
import { takeFirst } from '../../subset.ts';
import { toTokens } from '../../text/to-tokens.ts';
import { corpusFolder, rows, tokenizer, words } from '../../../test/corpus-fixture.ts';

const { at, open, put } = corpusFolder();
const id = (word: string) => tokenizer.idOf(word)!;

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
    expect(await sequences(at('corpus/*.txt'))).toEqual(['[CLS] w0 [SEP]']);
    expect(await sequences([at('corpus/b.text'), at('**/*.txt'), at('corpus')])).toEqual(['[CLS] w0 [SEP]', '[CLS] w1 [SEP]']);
  });

  it('takes patterns whose folder lies behind a link, and braces over several folders', async () => {
    await put('real/a/1.txt', 'w0');
    await put('real/b/2.txt', 'w1');
    await symlink('real', at('linked'));
    const sequences = async (pattern: string) => rows((await open({}, at(pattern))).train);
    expect(await sequences('linked/a/*.txt')).toEqual(['[CLS] w0 [SEP]']);
    expect(await sequences('linked/{a/*.txt,b/2.txt}')).toEqual(['[CLS] w0 [SEP]', '[CLS] w1 [SEP]']);
    await expect(sequences('nowhere/*.txt')).rejects.toThrow('no file matches');
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
