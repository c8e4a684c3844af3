import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint } from './read-checkpoint.ts';
import { writeCheckpoint } from './write-checkpoint.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'selfsup-checkpoint-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('writeCheckpoint', () => {
  it('writes, replaces and leaves nothing else behind', async () => {
    const path = join(folder, 'checkpoint.safetensors');
    await writeFile(`${path}.tmp`, 'what a killed process left, longer than the new content');
    await writeCheckpoint(path, Uint8Array.of(1, 2, 3));
    await writeCheckpoint(path, Uint8Array.of(4, 5));
    expect(await readCheckpoint(path)).toEqual(Uint8Array.of(4, 5));
    expect(await readdir(folder)).toEqual(['checkpoint.safetensors']);
  });

  it('keeps the old file when it cannot put the new one in place', async () => {
    const path = join(folder, 'taken');
    await mkdir(path);
    await writeFile(join(path, 'inside'), 'old');
    await expect(writeCheckpoint(path, Uint8Array.of(1))).rejects.toMatchObject({ code: 'SELFSUP_CHECKPOINT' });
    expect(await readdir(folder)).toEqual(['taken']);
    expect(await readFile(join(path, 'inside'), 'utf8')).toBe('old');
  });

  it('names a folder that does not exist', async () => {
    const path = join(folder, 'missing', 'x');
    await expect(writeCheckpoint(path, Uint8Array.of(1))).rejects.toThrow(`writeCheckpoint: cannot write ${path} (ENOENT`);
    await expect(readCheckpoint(path)).rejects.toMatchObject({ code: 'SELFSUP_CHECKPOINT', cause: { code: 'ENOENT' } });
  });

  // a process of its own, which really dies; it loads the TypeScript source, which Node does from 22.18 on
  it.skipIf(!(process.features as { typescript?: unknown }).typescript).each(['writeFile', 'sync', 'rename'])(
    'leaves the old file whole when the process is killed at %s',
    async (at) => {
      const path = join(folder, 'checkpoint.safetensors');
      await writeCheckpoint(path, Uint8Array.of(1, 2, 3));
      const script = `
        import files from 'node:fs/promises';
        import { writeCheckpoint } from ${JSON.stringify(new URL('write-checkpoint.ts', import.meta.url).href)};
        const die = () => process.kill(process.pid, 'SIGKILL');
        const handle = await files.open(${JSON.stringify(join(folder, 'probe'))}, 'w');
        const owner = ${JSON.stringify(at)} === 'rename' ? files : Object.getPrototypeOf(handle);
        await handle.close();
        owner[${JSON.stringify(at)}] = async () => { die(); await new Promise(() => setTimeout(() => {}, 1e6)); };
        await writeCheckpoint(${JSON.stringify(path)}, new Uint8Array(1e6).fill(9));`;
      const child = spawnSync(process.execPath, ['--conditions=@selfsup/source', '--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      expect(child.signal, child.stderr).toBe('SIGKILL');
      expect(await readCheckpoint(path)).toEqual(Uint8Array.of(1, 2, 3));
      const left = (await readdir(folder)).filter((name) => name !== 'probe');
      expect(left).toEqual(['checkpoint.safetensors', 'checkpoint.safetensors.tmp']);
      await writeCheckpoint(path, Uint8Array.of(7));
      expect(await readCheckpoint(path)).toEqual(Uint8Array.of(7));
    },
  );
});
