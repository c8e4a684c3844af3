import { expect, it } from 'vitest';
import { corpusFolder } from '../../../test/corpus-fixture.ts';
import { countDocuments } from './count-documents.ts';

const { at, put } = corpusFolder();

it('counts files, chapters and what blank lines part, up to a number', async () => {
  const chapter = (i: number) => `CHAPTER ${i}\n\n${'some words\n'.repeat(120)}\n`;
  await put('corpus/a.txt', chapter(1) + chapter(2) + chapter(3));
  await put('corpus/b.txt', Buffer.from('caf\xe9\n\n\nau\nlait\n', 'latin1'));
  await put('corpus/empty.txt', '');
  expect(await countDocuments(at('corpus'))).toBe(2); // an empty file is no document
  expect(await countDocuments(at('corpus'), { documents: 'chapter' })).toBe(4);
  expect(await countDocuments(at('corpus'), { documents: 'blank-line' })).toBe(8); // a heading, too, stands alone
  expect(await countDocuments(at('corpus'), { documents: 'line' })).toBe(3 * 121 + 3);
  expect(await countDocuments(at('corpus'), { documents: 'blank-line', atMost: 5 })).toBe(5);
  expect(await countDocuments([at('corpus/a.txt')], { documents: /^CHAPTER [23]/ })).toBe(3);
  await expect(countDocuments(at('none'))).rejects.toThrow('countDocuments: no file matches');
});
