import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../fixtures/run-command.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-ranks-'));
const at = (name: string) => join(root, name);
const program = ['--conditions=@selfsup/source', fileURLToPath(new URL('./bin.ts', import.meta.url))];
const flags = [
  ...'--task mae --data shapes --limit 32 --test-limit 16 --image-size 16 --batch-size 16 --epochs 2 --no-report --probe-every 0 --backend wasm'.split(
    ' ',
  ),
  ...'--encoder-option width=16 --encoder-option numLayers=1 --encoder-option numHeads=2'.split(' '),
];
const mpi: NodeJS.ProcessEnv = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', OMPI_MCA_rmaps_base_oversubscribe: '1' };

beforeAll(async () => {
  await succeed('train', ...flags, '--out', at('alone'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

const run = (command: string, args: readonly string[], kill?: (said: string) => NodeJS.Signals | undefined) =>
  new Promise<{ code: number | null; said: string }>((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...mpi }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let killed = false;
    const onData = (chunk: Buffer) => {
      said += chunk.toString();
      const signal = killed ? undefined : kill?.(said);
      if (signal) killed = child.kill(signal);
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.on('close', (code) => {
      resolve({ code, said });
    });
  });
const selfsup = (...args: string[]) => run(process.execPath, [...program, 'train', ...args]);

interface StepLine {
  readonly type: string;
  readonly step: number;
  readonly loss: number;
}
const lossesOf = (name: string): number[] =>
  readFileSync(join(at(name), 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as StepLine)
    .filter(({ type }) => type === 'step')
    .map(({ loss }) => loss);

const expectAlike = (name: string) => {
  const [own, expected] = [lossesOf(name), lossesOf('alone')];
  expect(own.length).toBe(expected.length);
  own.forEach((loss, i) => {
    expect(Math.abs(loss / expected[i]! - 1)).toBeLessThan(1e-5);
  });
};

describe.skipIf(!process.features.typescript)('selfsup train on several ranks', () => {
  it('as threads learns what one rank learns, and says everything once', async () => {
    const { code, said } = await selfsup(...flags, '--out', at('threads'), '--ranks', '2');
    expect(code, said).toBe(0);
    expect(said.match(/Done: /g)).toHaveLength(1);
    expectAlike('threads');
    expect(existsSync(join(at('threads'), 'encoder.safetensors'))).toBe(true);

    const again = await selfsup(...flags, '--out', at('threads'), '--ranks', '2', '--max-restarts', '1', '--json');
    expect(again.code, again.said).toBe(1);
    expect(again.said).toContain('already holds a run; continue it with --resume');
    expect(again.said).not.toContain('starts again');
    expect(again.said).toContain('{"type":"ranks","ranks":2,');
  });

  it('tells an error once, and which batches the ranks can share', async () => {
    const { code, said } = await selfsup(...flags, '--out', at('odd'), '--ranks', '3', '--max-restarts', '1');
    expect(code).toBe(1);
    expect(said).not.toContain('starts again');
    expect(said.match(/must be a multiple of the 3 ranks that share it, got 16; use 15, or another number of ranks/g)).toHaveLength(1);
    expect(existsSync(join(at('odd'), 'run.json'))).toBe(false);
  });

  it.skipIf(spawnSync('mpirun', ['--version']).status !== 0)('under mpirun it needs no flag', async () => {
    const args = ['-n', '2', process.execPath, ...program, 'train', ...flags, '--out', at('mpi')];
    const { code, said } = await run('mpirun', args);
    expect(code, said).toBe(0);
    expect(said.match(/Done: /g)).toHaveLength(1);
    expectAlike('mpi');
  });
});
