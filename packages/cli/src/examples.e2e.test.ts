import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

// the examples import the packages' sources, which needs a Node that runs TypeScript
const runsTypeScript = Boolean(process.features.typescript);
const workspace = fileURLToPath(new URL('../../../', import.meta.url));
const examples = join(workspace, 'examples');
const scratch = mkdtempSync(join(tmpdir(), 'selfsup-examples-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const run = (...args: string[]) =>
  spawnSync(process.execPath, ['--conditions=@selfsup/source', ...args], { cwd: workspace, encoding: 'utf8', timeout: 120_000 });
const configs = readdirSync(examples).filter((name) => existsSync(join(examples, name, 'selfsup.config.ts')));

describe.skipIf(!runsTypeScript)('examples, for a few steps', () => {
  it.each(configs)('%s', { timeout: 150_000 }, (name) => {
    const few = '--data shapes --image-size 16 --limit 32 --test-limit 20 --epochs 1 --batch-size 16 --no-report --json'.split(' ');
    const config = join(examples, name, 'selfsup.config.ts');
    const { status, stdout, stderr } = run('packages/cli/src/bin.ts', 'train', '--config', config, ...few, '--out', join(scratch, name));
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const result = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
    expect(result).toMatchObject({ type: 'result', task: 'simclr', dataset: 'shapes', steps: 2 });
    expect(Number.isFinite(result.loss)).toBe(true);
  });

  it('third-party-task passes the conformance kit', { timeout: 150_000 }, () => {
    const { status, stdout, stderr } = run('examples/third-party-task/conformance.ts');
    expect(stdout + stderr).not.toContain('FAILED');
    expect(stdout.match(/^passed /gm)).toHaveLength(11);
    expect(status).toBe(0);
  });

  it('third-party-task learns', { timeout: 150_000 }, () => {
    const { status, stdout } = run('examples/third-party-task/train.ts', '21');
    expect(status).toBe(0);
    const errors = [...stdout.matchAll(/squared error ([\d.]+)/g)].map((match) => Number(match[1]));
    expect(errors).toHaveLength(2);
    expect(errors[1]!).toBeLessThan(errors[0]! / 2);
    expect(stdout).toContain('21 updates');
  });
});
