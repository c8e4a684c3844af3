import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../fixtures/run-command.ts';

const workspace = fileURLToPath(new URL('../../../', import.meta.url));
const examples = join(workspace, 'examples');
const scratch = mkdtempSync(join(tmpdir(), 'selfsup-examples-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** Examples with a config that learn from images; those of other data have tests of their own. */
const configs = readdirSync(examples).filter((name) => name !== 'time-series' && existsSync(join(examples, name, 'selfsup.config.ts')));
const taskExamples = readdirSync(join(examples, 'tasks'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace(/\.ts$/, ''));

describe('examples with a config, for a few steps', () => {
  it.each(configs)('%s', async (name) => {
    const few = '--data shapes --image-size 16 --limit 32 --test-limit 20 --epochs 1 --batch-size 16 --no-report'.split(' ');
    const config = join(examples, name, 'selfsup.config.ts');
    const { result, stderr } = await succeed('train', '--config', config, ...few, '--out', join(scratch, name));
    expect(stderr).toBe('');
    expect(result).toMatchObject({ task: name === 'third-party-task' ? 'denoising' : 'simclr', dataset: 'shapes', steps: 2 });
    expect(Number.isFinite(result['lastLoss'])).toBe(true);
  });
});

describe('examples of tasks', () => {
  it('are there for every task, in a file of its name and a row of the README', () => {
    const { exports } = JSON.parse(readFileSync(join(workspace, 'packages/pretext-tasks/package.json'), 'utf8')) as { exports: object };
    const tasks = Object.keys(exports).flatMap((path) => (path === '.' || path === './package.json' ? [] : [path.slice(2)]));
    const readme = readFileSync(join(examples, 'tasks/README.md'), 'utf8');
    expect([...taskExamples].sort()).toEqual(tasks.sort());
    expect(taskExamples.filter((name) => !readme.includes(`(${name}.ts)`))).toEqual([]);
  });

  it.each(taskExamples)('%s is under 150 lines', (name) => {
    const lines = readFileSync(join(examples, 'tasks', `${name}.ts`), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.length).toBeLessThan(150);
  });
});

// the examples import the packages' sources, which needs a Node that runs TypeScript
describe.skipIf(!process.features.typescript)('examples of tasks, in one process', () => {
  let outputs: ReadonlyMap<string, string>;

  beforeAll(() => {
    const runner = fileURLToPath(new URL('../fixtures/run-scripts.ts', import.meta.url));
    const paths = taskExamples.flatMap((name) => [join(examples, 'tasks', `${name}.ts`), '3']);
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=@selfsup/source', runner, ...paths], {
      encoding: 'utf8',
    });
    // what the drivers of this machine's GPUs write, where WebGPU looks for one, is not ours
    const ofDrivers =
      /^$|XDG_RUNTIME_DIR is invalid|^Warning: Vulkan shader|While initializing adapter|^\s+at InitializeImpl .*\.cpp:\d+\)$/;
    expect([status, stderr.split('\n').filter((line) => !ofDrivers.test(line))]).toEqual([0, []]);
    outputs = new Map(
      stdout
        .split(/^== /m)
        .slice(1)
        .map((part) => [basename(part.slice(0, part.indexOf('\n')), '.ts'), part]),
    );
  }, 300_000);

  it.each(taskExamples)('%s takes a few steps', (name) => {
    const losses = [...outputs.get(name)!.matchAll(/^step (\d+)\D+?(-?\d+\.\d+|NaN|Infinity)/gm)].map(
      ([, step, loss]) => [Number(step), Number(loss)] as const,
    );
    expect(losses[0]?.[0]).toBe(0);
    expect(losses.filter(([, loss]) => !Number.isFinite(loss))).toEqual([]);
  });
});
