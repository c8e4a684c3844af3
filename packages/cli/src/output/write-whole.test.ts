import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertWritable, writeWholeFile } from './write-whole-file.ts';
import { beginWholeFolder } from './write-whole-folder.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'selfsup-whole-'));
  writeFileSync(join(root, 'file'), 'old');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});
const bytes = (text: string) => new TextEncoder().encode(text);

describe('a file that is there whole or not at all', () => {
  it('is written into a folder that it makes, over what was there, and leaves nothing else', async () => {
    await writeWholeFile(join(root, 'a/b.csv'), 'x');
    await writeWholeFile(join(root, 'file'), 'new');
    expect([readFileSync(join(root, 'a/b.csv'), 'utf8'), readFileSync(join(root, 'file'), 'utf8')]).toEqual(['x', 'new']);
    expect([readdirSync(root).sort(), readdirSync(join(root, 'a'))]).toEqual([['a', 'file'], ['b.csv']]);
  });

  it('keeps what was there where it cannot be written', async () => {
    mkdirSync(join(root, 'folder'));
    await expect(writeWholeFile(join(root, 'file/x.csv'), 'x')).rejects.toThrow(/cannot write .*choose another place/);
    await expect(writeWholeFile(join(root, 'folder'), 'x')).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
    expect(readdirSync(root).sort()).toEqual(['file', 'folder']);
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('old');
  });

  it('is refused before the work begins, by the name of the flag', async () => {
    await expect(assertWritable(join(root, 'file/x.csv'), '--out')).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
    await expect(assertWritable(root, '--report')).rejects.toThrow('--report must be a file, got the folder');
    await assertWritable(join(root, 'file'), '--out');
    await assertWritable(undefined, '--out');
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('old');
    expect(readdirSync(root)).toEqual(['file']);
  });
});

describe('a folder that is there whole or not at all', () => {
  it('appears with its last file, where there was none or an empty one', async () => {
    mkdirSync(join(root, 'empty'));
    for (const name of ['empty', 'new/deep/']) {
      const folder = await beginWholeFolder(join(root, name), '--out');
      expect(existsSync(join(root, name, 'README.md'))).toBe(false);
      await folder.keep({ 'onnx/model.onnx': bytes('m'), 'README.md': bytes('r') });
      await folder.drop();
      expect(readdirSync(join(root, name)).sort()).toEqual(['README.md', 'onnx']);
      expect(readFileSync(join(root, name, 'onnx/model.onnx'), 'utf8')).toBe('m');
    }
    expect(readdirSync(root).sort()).toEqual(['empty', 'file', 'new']);
  });

  it('leaves nothing when the work fails', async () => {
    const folder = await beginWholeFolder(join(root, 'x'), '--out');
    await folder.drop();
    expect(readdirSync(root)).toEqual(['file']);
  });

  it('is refused where something is, or where none can be', async () => {
    await expect(beginWholeFolder(root, '--out')).rejects.toThrow(/--out must be a new or empty folder, but .* holds file; choose another/);
    await expect(beginWholeFolder(join(root, 'file'), '--out')).rejects.toThrow('--out must be a folder');
    await expect(beginWholeFolder(join(root, 'file/x'), '--out')).rejects.toThrow(/--out must be a folder|cannot write/);
    expect(readdirSync(root)).toEqual(['file']);
  });
});
