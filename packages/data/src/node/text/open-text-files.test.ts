import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTextFiles } from './open-text-files.ts';

/** A folder with these files. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), 'selfsup-open-text-files-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}
const from = (root: string, paths: readonly string[]) => paths.map((path) => relative(root, path));

const classes = { 'ham/1.txt': 'see you\nat noon\n', 'ham/2.txt': 'thanks', 'spam/1.txt': 'win', 'spam/2.TXT': 'buy' };

describe('openTextFiles', () => {
  it('reads each file as one text, of the class that its folder names', async () => {
    const root = folderOf(classes);
    for (const patterns of [root, `${root}/**/*.{txt,TXT}`]) {
      const { texts, paths, labels, classNames, files, test, unused } = await openTextFiles(patterns);
      expect(texts).toEqual(['see you\nat noon', 'thanks', 'win', 'buy']);
      expect(from(root, paths)).toEqual(Object.keys(classes));
      expect([[...labels!], classNames, files, test, unused]).toEqual([[0, 0, 1, 1], ['ham', 'spam'], 4, undefined, []]);
    }
  });

  it('has no classes where most texts lie loose, or folders hold one text each', async () => {
    const loose = await openTextFiles(folderOf({ 'a.txt': 'a', 'b.txt': 'b', 'c/c.txt': 'c' }));
    expect([loose.texts, loose.labels, loose.classNames]).toEqual([['a', 'b', 'c'], undefined, undefined]);
    const single = await openTextFiles(folderOf({ 'a/a.txt': 'a', 'b/b.txt': 'b', 'c/c.txt': 'c' }));
    expect([single.texts, single.labels]).toEqual([['a', 'b', 'c'], undefined]);
  });

  it('leaves out what has no text or no class, and says so', async () => {
    const { texts, unused } = await openTextFiles(folderOf({ ...classes, 'ham/3.txt': ' \n', 'notes.txt': 'x', 'ham/a.pdf': '' }));
    expect(texts).toHaveLength(4);
    expect(unused.map(({ kind, count, example }) => [kind, count, example])).toEqual([
      ['.pdf files', 1, join('ham', 'a.pdf')],
      ['empty files', 1, join('ham', '3.txt')],
      ['texts without a class', 1, 'notes.txt'],
    ]);
  });

  it('knows parts for training and testing', async () => {
    const names = Object.entries(classes);
    const root = folderOf(
      Object.fromEntries(['train', 'test'].flatMap((part) => names.map(([name, text]) => [`${part}/${name}`, `${part} ${text}`]))),
    );
    const { texts, labels, test } = await openTextFiles(root);
    expect([texts[1], [...labels!]]).toEqual(['train thanks', [0, 0, 1, 1]]);
    expect([test!.texts[1], [...test!.labels!]]).toEqual(['test thanks', [0, 0, 1, 1]]);
  });

  it('takes the classes of other texts, and refuses those that are not among them', async () => {
    const root = folderOf({ 'spam/1.txt': 'win' });
    const { labels, classNames } = await openTextFiles(root, { classNames: ['ham', 'spam'] });
    expect([[...labels!], classNames]).toEqual([[1], ['ham', 'spam']]);
    const other = folderOf(classes);
    await expect(openTextFiles(other, { classNames: ['ham', 'eggs'] })).rejects.toThrow(
      'must be in a folder named as one of the classes ham, eggs',
    );
  });

  it('cuts files as it is told', async () => {
    const root = folderOf({ 'a.txt': 'one\ntwo\n\nthree\n' });
    const textsOf = async (documents: 'line' | 'blank-line' | 'file') => (await openTextFiles(root, { documents })).texts;
    expect(await textsOf('line')).toEqual(['one', 'two', 'three']);
    expect(await textsOf('blank-line')).toEqual(['one\ntwo', 'three']);
    expect(await textsOf('file')).toEqual(['one\ntwo\n\nthree']);
  });

  it.each<[string, () => string, object, RegExp]>([
    ['nothing there', () => folderOf({}), {}, /no file matches .*give text files, a folder with \.txt files/],
    ['no text', () => folderOf({ 'a.txt': '', 'b.txt': '\n' }), {}, /there is no text in any of the 2 files of .*give files with words/],
    ['not UTF-8', () => folderOf({ 'a.txt': Buffer.from('caf\xe9', 'latin1') }), {}, /a\.txt.*UTF-8/],
    ['too much', () => folderOf({ 'a.txt': 'long' }), { maxBytes: 3 }, /must have at most 3 bytes, got 4; raise `maxBytes`/],
    ['a limit out of range', () => folderOf({ 'a.txt': 'a' }), { maxBytes: 0 }, /`maxBytes` must be an integer >= 1, got 0/],
  ])('says what is wrong: %s', async (_, given, options, message) => {
    await expect(openTextFiles(given(), options)).rejects.toThrow(message);
  });
});
