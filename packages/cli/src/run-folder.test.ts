import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assertFreeForRun, createRunFolder, runFolder } from './run-folder.ts';

const fresh = () => join(mkdtempSync(join(tmpdir(), 'selfsup-folder-')), 'deep', 'run');
const step = (number: number) => ({ type: 'step', step: number, epoch: number / 4, seconds: number, loss: 1 / number }) as const;

describe('createRunFolder', () => {
  it('writes run.json, and removes what an older run left but nothing else', async () => {
    const path = fresh();
    await createRunFolder(path, { seed: 1 });
    for (const name of ['result.json', 'report.html', 'checkpoint.safetensors', 'notes.txt']) writeFileSync(join(path, name), 'old');
    await createRunFolder(path, { seed: 2 });
    expect(readdirSync(path).sort()).toEqual(['metrics.jsonl', 'notes.txt', 'run.json']);
    expect(JSON.parse(readFileSync(join(path, 'run.json'), 'utf8'))).toEqual({ seed: 2 });
  });

  it('says so when it cannot write', async () => {
    const path = fresh();
    await createRunFolder(path, {});
    await expect(createRunFolder(join(path, 'run.json', 'x'), {})).rejects.toThrow('choose another --out');
  });
});

describe('assertFreeForRun', () => {
  it('refuses a folder that holds a run', async () => {
    const path = fresh();
    assertFreeForRun(path, { overwrite: false });
    await createRunFolder(path, {});
    expect(() => {
      assertFreeForRun(path, { overwrite: false });
    }).toThrow('already holds a run');
    assertFreeForRun(path, { overwrite: true });
  });

  it('refuses a file', async () => {
    const path = fresh();
    await createRunFolder(path, {});
    expect(() => {
      assertFreeForRun(join(path, 'run.json'), { overwrite: true });
    }).toThrow('--out must be a folder');
  });
});

describe('RunFolder', () => {
  it('writes whole files and leaves no temporary ones', async () => {
    const folder = await createRunFolder(fresh(), {});
    await folder.writeJson('result.json', { a: 1 });
    await folder.writeReport('<p>');
    expect(readdirSync(folder.path).sort()).toEqual(['metrics.jsonl', 'report.html', 'result.json', 'run.json']);
  });

  it('keeps the old file when a write fails', async () => {
    const folder = await createRunFolder(fresh(), {});
    await folder.writeReport('old');
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(() => folder.writeJson('result.json', circle)).toThrow('circular');
    expect(existsSync(join(folder.path, 'result.json'))).toBe(false);
    expect(readFileSync(folder.report, 'utf8')).toBe('old');
  });

  it('drops metrics beyond the checkpoint, and a line that a kill cut off', async () => {
    const folder = await createRunFolder(fresh(), {});
    for (let i = 1; i <= 5; i++) folder.appendMetrics(step(i));
    appendFileSync(join(folder.path, 'metrics.jsonl'), '{"type":"step","st');
    expect(folder.readMetrics()).toHaveLength(5);
    await folder.truncateMetrics(3);
    folder.appendMetrics(step(4));
    expect(folder.readMetrics().map((record) => record.step)).toEqual([1, 2, 3, 4]);
    expect(readFileSync(join(folder.path, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(4);
  });

  it('hashes the checkpoint', async () => {
    const folder = await createRunFolder(fresh(), {});
    writeFileSync(folder.checkpoint, 'abc');
    expect(await folder.hashCheckpoint()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(runFolder(folder.path).readMetrics()).toEqual([]);
  });
});
