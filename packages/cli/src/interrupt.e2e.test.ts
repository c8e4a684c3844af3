import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { succeed, type Line } from '../fixtures/run-command.ts';
import { tinyImages } from '../fixtures/tiny-images.ts';
import { tinyText, writeTinyCorpus } from '../fixtures/tiny-text.ts';

// a Node that cannot run TypeScript (20) runs the build; `npm -w packages/cli run build` and that of the others come first there
const program = process.features.typescript
  ? ['--conditions=@selfsup/source', fileURLToPath(new URL('./bin.ts', import.meta.url))]
  : [fileURLToPath(new URL('../dist/bin.js', import.meta.url))];
const root = mkdtempSync(join(tmpdir(), 'selfsup-e2e-'));
const at = (name: string) => join(root, name);

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly Line[];
  readonly stderr: string;
}

/** Runs the command in a process of its own; `onLine` sees each JSON line as it comes and may end the process. */
function spawnSelfsup(args: readonly string[], onLine: (line: Line, kill: (signal: NodeJS.Signals) => void) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...program, ...args, '--json'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stderr, rest] = ['', ''];
    const lines: Line[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop()!;
      for (const part of parts) {
        const line = JSON.parse(part) as Line;
        lines.push(line);
        onLine(line, (signal) => child.kill(signal));
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, lines, stderr });
    });
  });
}

const onFirst = (type: string, signal: NodeJS.Signals) => {
  let sent = false;
  return (line: Line, kill: (signal: NodeJS.Signals) => void) => {
    if (line.type !== type || sent) return;
    sent = true;
    kill(signal);
  };
};

beforeAll(() => {
  process.env['XDG_CACHE_HOME'] = at('cache');
  writeTinyCorpus(at('corpus'));
});
afterAll(() => {
  delete process.env['XDG_CACHE_HOME'];
  rmSync(root, { recursive: true });
});

const images = ['train', ...tinyImages, '--no-report'];
const text = ['train', ...tinyText(at('corpus')), '--epochs', '2', '--no-report'];

describe.each([
  ['images', images],
  ['text', text],
])('a run on %s', (kind, args) => {
  it('gives the checkpoint of the unbroken run after kill -9 in the middle of an epoch', async () => {
    const whole = await succeed(...args, '--out', at(`${kind}-whole`));
    const out = at(`${kind}-killed`);
    const killed = await spawnSelfsup([...args, '--checkpoint-every', '3', '--out', out], onFirst('checkpoint', 'SIGKILL'));
    expect(killed.signal).toBe('SIGKILL');
    expect(existsSync(join(out, 'result.json'))).toBe(false);
    expect(readdirSync(out)).toContain('run.lock');
    const { result, lines } = await succeed('train', '--resume', '--no-report', '--out', out);
    expect(lines.find(({ type }) => type === 'start')!['step']).toBeGreaterThanOrEqual(3);
    expect(result['checkpoint']).toBe(whole.result['checkpoint']);
    expect(result['probes']).toEqual(whole.result['probes']);
    expect(readdirSync(out)).not.toContain('run.lock');
  });
});

describe('Ctrl-C', () => {
  it('stops after the update, writes the checkpoint and says how to go on', async () => {
    const out = at('stopped');
    const stopped = await spawnSelfsup(
      [...images, '--epochs', '200', '--checkpoint-every', '2', '--out', out],
      onFirst('checkpoint', 'SIGINT'),
    );
    expect(stopped.code).toBe(130);
    expect(readdirSync(out)).not.toContain('run.lock'); // a process on another machine could not know that nobody holds it
    expect(stopped.stderr).toMatch(
      /Stopped after update \d+ of 1600\. Continue with: selfsup train --resume --out .*stopped --no-report --backend wasm --checkpoint-every 2\n$/,
    );
    const last = stopped.lines.at(-1)!;
    expect(last).toMatchObject({
      type: 'stopped',
      run: out,
      totalSteps: 1600,
      resume: `selfsup train --resume --out ${out} --no-report --backend wasm --checkpoint-every 2`,
    });
    await succeed('report', '--run', out);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain(
      `This run is not finished: it stands after update ${String(last['step'])} of 1600.`,
    );
    expect((await succeed('train', '--resume', '--max-seconds', '0.01', '--out', out)).result['steps']).toBe(Number(last['step']) + 1);
  });

  it.each(['SIGINT', 'SIGTERM'])('while the command is still being loaded (%s) ends with one line and code 130', async (signal) => {
    // a config is loaded before there is a run; this one interrupts, and then never ends
    writeFileSync(
      at(`${signal}.mjs`),
      `process.kill(process.pid, '${signal}');\nawait new Promise((settle) => setTimeout(settle, 600_000));\n`,
    );
    const stopped = await spawnSelfsup(['train', '--config', at(`${signal}.mjs`), '--out', at('never')], () => undefined);
    expect(stopped).toEqual({
      code: 130,
      signal: null,
      lines: [],
      stderr: 'selfsup: stopped before anything was written; start again with the same command\n',
    });
    expect(existsSync(at('never'))).toBe(false);
  });

  it('before training leaves at once, and says so', async () => {
    const out = at('early');
    const many = ['--data', 'shapes', '--limit', '4000', '--out', out];
    const stopped = await spawnSelfsup(['train', ...many], onFirst('start', 'SIGTERM'));
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain(`Continue with: selfsup train --resume --out ${out}`);
    expect(stopped.lines.at(-1)).toMatchObject({ type: 'stopped' });
  });
});
