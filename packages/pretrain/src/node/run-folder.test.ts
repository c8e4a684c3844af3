import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runFolder } from './run-folder.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'selfsup-run-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('keeps files whole, in a folder that is made when it is needed', async () => {
  const store = runFolder(join(folder, 'a', 'b'));
  expect(await store.list()).toEqual([]);
  expect(await store.read('run.json')).toBeUndefined();
  await Promise.all(Array.from({ length: 8 }, (_, i) => store.write('x.json', new Uint8Array(1000).fill(i))));
  const bytes = (await store.read('x.json'))!;
  expect(new Set(bytes).size).toBe(1); // one of the eight, whole
  await store.append('metrics.jsonl', '1\n');
  await store.append('metrics.jsonl', '2\n');
  expect(new TextDecoder().decode(await store.read('metrics.jsonl'))).toBe('1\n2\n');
  expect((await readdir(join(folder, 'a', 'b'))).sort()).toEqual(['metrics.jsonl', 'x.json']);
  await store.remove('x.json');
  expect(await store.list()).toEqual(['metrics.jsonl']);
});

it('says why a folder cannot be made', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(runFolder(join(folder, 'file', 'run')).write('run.json', Uint8Array.of(1))).rejects.toThrow(
    /^cannot make the run folder .*run: ENOTDIR.*; choose another place$/,
  );
});

it('is locked while somebody trains in it', async () => {
  const store = runFolder(folder);
  const unlock = await store.lock();
  await expect(runFolder(folder).lock()).rejects.toThrow(`another process (${process.pid} on ${hostname()}) is training in`);
  await unlock();
  await (
    await runFolder(folder).lock()
  )();
});

it.skipIf(process.platform !== 'linux')('takes over from a process that has ended and is still listed', async () => {
  // `sleep` does not ask for the exit code of the process that the shell started before it became `sleep`
  const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(said.toString());
    await vi.waitFor(() => {
      expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
    });
    await writeFile(join(folder, 'run.lock'), JSON.stringify({ pid, host: hostname() }));
    await (
      await runFolder(folder).lock()
    )();
  } finally {
    parent.kill('SIGKILL');
  }
});

it('takes over the lock of a process that was killed, and one that was cut off', async () => {
  await writeFile(join(folder, 'run.lock'), JSON.stringify({ pid: 2 ** 22 + 12345, host: hostname() }));
  await (
    await runFolder(folder).lock()
  )();
  await writeFile(join(folder, 'run.lock'), '{"pi');
  await (
    await runFolder(folder).lock()
  )();
});

it('says what is in the way', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(runFolder(file).lock()).rejects.toThrow('the place of a run must be a folder, but');
});
