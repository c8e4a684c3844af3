import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csvFiles } from './csv-files.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'series-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function open(files: Readonly<Record<string, string>>, options: object = {}, path = '') {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return csvFiles.open(join(root, path), { seed: 0, options: { ...options } });
}

describe('opening files of recordings', () => {
  it('takes folders as classes, and skips what does not fit', async () => {
    const { channelNames, recordings, skipped } = await open({
      'walk/1.csv': 'x,y\n1,2\n3,4',
      'run/1.CSV': 'x,y\n5,6',
      'run/notes.txt': 'not data',
      'run/2.csv': 'x,z\n1,1',
      'loose.csv': 'x,y\n1,2',
      'run/3.csv': 'x,y\n1,oops',
    });
    expect(channelNames).toEqual(['x', 'y']);
    expect(recordings.map(({ id, label, part, values }) => [id, label, part, [...values]])).toEqual([
      ['run/1.CSV', 'run', undefined, [5, 6]],
      ['walk/1.csv', 'walk', undefined, [1, 2, 3, 4]],
    ]);
    expect(Object.fromEntries(skipped!.map(({ path, reason }) => [path.slice(root.length + 1).replaceAll('\\', '/'), reason]))).toEqual({
      'loose.csv': 'it does not lie in the folder of a class',
      'run/2.csv': 'it has the channels x, z, other files x, y',
      'run/3.csv': "run/3.csv: line 2: 'y' must be a number, got 'oops'",
    });
  });

  it('keeps the parts that there are', async () => {
    const { recordings } = await open({ 'train/a/1.csv': 'x\n1', 'test/a/1.csv': 'x\n2', 'train/b/1.csv': 'x\n3' });
    expect(recordings.map(({ id, label, part }) => [id, label, part])).toEqual([
      ['test/a/1.csv', 'a', 'test'],
      ['train/a/1.csv', 'a', 'train'],
      ['train/b/1.csv', 'b', 'train'],
    ]);
  });

  it('takes a single file with a column of labels apart', async () => {
    const { name, recordings } = await open(
      { 'all.csv': 'x,who,what\n1,7,a\n2,7,a\n3,8,b' },
      { labelColumn: 'what', recordingColumn: 'who' },
      'all.csv',
    );
    expect(name).toBe(join(root, 'all.csv'));
    expect(recordings.map(({ id, label, values }) => [id, label, [...values]])).toEqual([
      ['all.csv#7', 'a', [1, 2]],
      ['all.csv#8', 'b', [3]],
    ]);
  });

  it('has no labels in a folder without classes', async () => {
    const { recordings } = await open({ '1.csv': '1,2', '2.csv': '3,4' });
    expect(recordings.map(({ label }) => label)).toEqual([undefined, undefined]);
  });

  it('says when there is nothing to open', async () => {
    await expect(open({}, {}, 'missing')).rejects.toThrow('missing; give a CSV file or a folder of them');
    await expect(open({})).rejects.toThrow('has no recordings; give CSV files');
    await expect(open({ '1.csv': '' })).rejects.toThrow(/has no recordings.*1\.csv: the file is empty/);
  });
});
