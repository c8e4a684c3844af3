import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentProgress } from '../../progress.ts';
import { chooseDocuments } from './choose-documents.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-documents-'));
const put = (name: string, text: string) => (writeFileSync(join(root, name), text), join(root, name));

async function choose(data: string, testFraction = 0.05) {
  let said = '';
  const progress = { ...silentProgress, line: (text: string) => void (said += text) };
  return { rule: await chooseDocuments(data, { testFraction, progress }), said };
}

it('keeps files where there are enough of them, or nothing is held out', async () => {
  mkdirSync(join(root, 'many'));
  for (let i = 0; i < 10; i++) put(`many/${i}.txt`, 'one\n\ntwo');
  expect(await choose(join(root, 'many'))).toEqual({ rule: 'file', said: '' });
  expect(await choose(put('one.txt', 'a\n\nb\n\nc'), 0)).toEqual({ rule: 'file', said: '' });
});

it('takes chapters where there are enough, else blank lines, and says so', async () => {
  const chapters = Array.from({ length: 10 }, (_, i) => `Chapter ${i + 1}\n${'words and words\n\n'.repeat(80)}`);
  const { rule, said } = await choose(put('novel.txt', chapters.join('')));
  expect(rule).toBe('chapter');
  expect(said).toBe(
    'No `documents` given, and one file is too few to hold any out: its chapters count as documents (`documents`: chapter)',
  );
  expect(await choose(put('notes.txt', 'a note\n\n'.repeat(10)))).toEqual({
    rule: 'blank-line',
    said: expect.stringContaining('what blank lines separate count as documents') as string,
  });
  expect((await choose(join(root, 'n*.txt'))).said).toContain('2 files are too few');
});

it('takes lines where there is nothing coarser, such as one sentence in each', async () => {
  expect(await choose(put('sentences.txt', 'a sentence\n'.repeat(10)))).toEqual({
    rule: 'line',
    said: expect.stringContaining('its lines count as documents') as string,
  });
});

it('leaves it at files where nothing cuts fine enough', async () => {
  expect(await choose(put('short.txt', 'a note\n\n'.repeat(9)))).toEqual({ rule: 'file', said: '' });
  expect((await choose(join(root, 'short.txt'), 0.2)).rule).toBe('blank-line'); // three are enough for a fifth
});

it('reads the column of a table that was asked for', async () => {
  const table = put('table.tsv', 'a sentence of some words\t1\nanother one with others\t0\n'.repeat(10));
  await expect(choose(table)).rejects.toThrow('must have one column');
  expect(await chooseDocuments(table, { testFraction: 0.05, progress: silentProgress, textColumn: 0 })).toBe('file');
});
