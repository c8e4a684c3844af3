import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { arrayTexts } from '../../text/array-texts.ts';
import { openCorpus } from './open-corpus.ts';
import { openLabeledText } from './open-labeled-text.ts';
import { openTokenizer } from './open-tokenizer.ts';

// Real files, kept outside the repository: SELFSUP_DATA, or shared/data beside the checkout.
const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../../../..');
const root = process.env.SELFSUP_DATA ?? resolve(repository, '../shared/data');
const at = (path: string) => join(root, path);
const missing = (...folders: string[]) => {
  const absent = folders.filter((folder) => !existsSync(at(folder)));
  if (absent.length > 0) console.warn(`skipped: there is no ${absent.map(at).join(', ')}; set SELFSUP_DATA to the folder of the real data`);
  return absent.length > 0;
};
const counts = (labels: Int32Array) => [...labels].reduce<number[]>((all, label) => ((all[label] = (all[label] ?? 0) + 1), all), []);

describe.skipIf(missing('gutenberg', 'bert-base-uncased'))('novels', () => {
  it('are read chapter by chapter, whole', async () => {
    const cacheFolder = await mkdtemp(join(tmpdir(), 'selfsup-novels-'));
    try {
      const tokenizer = await openTokenizer(at('bert-base-uncased'));
      const options = { tokenizer, documents: 'chapter', validationFraction: 0.1, length: 128, cacheFolder } as const;
      const { train, validation, statistics } = await openCorpus(at('gutenberg/*.txt'), options);
      expect(statistics).toMatchObject({ files: 11, invalidBytes: 0, cached: false });
      expect(statistics.documents).toBeGreaterThan(700);
      expect(statistics.tokens).toBe(2_703_613);
      const total = async (set: typeof train) =>
        (await set.read(Array.from({ length: set.length }, (_, i) => i))).attentionMask.reduce((sum, one) => sum + one, -2 * set.length);
      const [seen, held] = [await total(train), await total(validation!)];
      expect(seen + held).toBe(statistics.tokens);
      expect(held / statistics.tokens).toBeGreaterThan(0.06);
      expect(held / statistics.tokens).toBeLessThan(0.14);
      expect((await openCorpus(at('gutenberg/*.txt'), { ...options, length: 64 })).statistics.cached).toBe(true);
    } finally {
      await rm(cacheFolder, { recursive: true });
    }
  });
});

describe.skipIf(missing('sst2', 'trec', 'bert-base-uncased'))('labeled sentences', () => {
  it('have the published sizes and classes', async () => {
    const sst2 = await openLabeledText(at('sst2/train.tsv'));
    expect([sst2.texts.length, sst2.classNames, counts(sst2.labels)]).toEqual([6920, ['0', '1'], [3310, 3610]]);
    expect((await openLabeledText(at('sst2/dev.tsv'))).texts.length).toBe(872);
    expect((await openLabeledText(at('sst2/test.tsv'))).texts.length).toBe(1821);
    const trec = await openLabeledText(at('trec/train.txt'));
    expect([trec.texts.length, trec.classNames]).toEqual([5452, ['ABBR', 'DESC', 'ENTY', 'HUM', 'LOC', 'NUM']]);
    expect(counts(trec.labels)).toEqual([86, 1162, 1250, 1223, 835, 896]);
    const test = await openLabeledText(at('trec/test.txt'), { classNames: trec.classNames });
    expect(counts(test.labels)).toEqual([9, 138, 94, 65, 81, 113]);
    expect((await openLabeledText(at('trec/train.txt'), { fine: true })).classNames.length).toBe(50);
    const dataset = arrayTexts(test.texts, { tokenizer: await openTokenizer(at('bert-base-uncased/vocab.txt')), length: 32, ...test });
    expect(dataset).toMatchObject({ length: 500, name: 'test.txt', sequenceLength: 32 });
  });
});
