import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfsup, succeed } from '../fixtures/run-command.ts';
import { tinyImages } from '../fixtures/tiny-images.ts';
import { tinyText, writeTinyCorpus } from '../fixtures/tiny-text.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-threads-'));
const at = (name: string) => join(root, name);
beforeAll(() => {
  process.env['XDG_CACHE_HOME'] = at('cache');
  writeTinyCorpus(at('corpus'));
});
afterAll(() => {
  delete process.env['XDG_CACHE_HOME'];
  rmSync(root, { recursive: true });
});

// wide enough for kernels that share their work: a call of less than 0.1 ms stays on one thread
const runs: Readonly<Record<string, readonly string[]>> = {
  images: [...tinyImages, '--encoder-option', 'widths=[32,64]', '--batch-size', '32', '--epochs', '4'],
  text: [...tinyText(at('corpus')), '--backend', 'wasm', '--limit', '128', '--epochs', '4'],
};

describe.each(Object.entries(runs))('selfsup train --threads, %s', (name, flags) => {
  const train = (out: string, ...more: string[]) =>
    succeed('train', ...flags, '--probe-every', '0', '--no-report', '--out', at(`${name} ${out}`), ...more);

  it('comes to the same checkpoint with any number of threads, and when it is resumed with another', async () => {
    const [one, two] = [await train('one', '--threads', '1'), await train('two', '--threads', '2')];
    const describedBy = ({ result }: typeof one) => String(result['backendDescription']);
    expect(describedBy(two)).toMatch(/2 threads/);
    expect(describedBy(one)).not.toMatch(/2 threads/);
    expect(two.lines.find(({ type }) => type === 'start')?.['backendDescription']).toBe(describedBy(two));
    expect(two.result['checkpoint']).toBe(one.result['checkpoint']);
    for (const [first, second] of [
      ['1', '2'],
      ['2', '1'],
    ] as const) {
      const out = `resumed ${first}`;
      expect((await train(out, '--threads', first, '--max-seconds', '0.02')).result).toMatchObject({ stoppedBy: 'time' });
      const resumed = await succeed(
        'train',
        '--resume',
        '--threads',
        second,
        '--no-report',
        '--probe-every',
        '0',
        '--out',
        at(`${name} ${out}`),
      );
      expect(describedBy(resumed).includes('2 threads')).toBe(second === '2');
      expect(resumed.result['checkpoint']).toBe(one.result['checkpoint']);
    }
  });
});

describe('the flags of the backend', () => {
  it('go with every command that opens a run', async () => {
    const { result } = await succeed('embed', '--run', at('images one'), '--out', at('one.npy'), '--threads', '2');
    expect(result['backendDescription']).toMatch(/2 threads/);
    const { code, stderr } = await selfsup('embed', '--run', at('images one'), '--out', at('no.npy'), '--threads', '1.5');
    expect([code, stderr]).toEqual([1, "selfsup: --threads must be 'auto' or a whole number from 1 to 256, got 1.5\n"]);
    const wide = await selfsup('embed', '--run', at('images one'), '--out', at('no.npy'), '--wide-vectors', 'perhaps');
    expect([wide.code, wide.stderr]).toEqual([1, 'selfsup: --wide-vectors must be \'auto\', true or false, got "perhaps"\n']);
  });
});

// a Node that cannot run TypeScript (20) runs the build
const program = process.features.typescript
  ? ['--conditions=@selfsup/source', fileURLToPath(new URL('./bin.ts', import.meta.url))]
  : [fileURLToPath(new URL('../dist/bin.js', import.meta.url))];

describe.runIf(process.features.typescript)('a process with threads', () => {
  it('ends by itself', async () => {
    const args = [...program, 'embed', '--run', at('images one'), '--out', at('ended.npy'), '--threads', '2'];
    const child = spawn(process.execPath, args, { stdio: 'ignore', timeout: 60_000 });
    const code = await new Promise((settle) => child.on('close', settle));
    expect(code).toBe(0);
  });
});
