import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { toTokens } from '../../text/to-tokens.ts';
import { all, corpusFolder } from '../../../test/corpus-fixture.ts';

const { open, put } = corpusFolder();

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
