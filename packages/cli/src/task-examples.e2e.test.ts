import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

// the examples import the packages' sources, which needs a Node that runs TypeScript
const runsTypeScript = Boolean(process.features.typescript);
const workspace = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(workspace, 'examples', 'tasks');
const examples = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace(/\.ts$/, ''));
const tasks = (): string[] => {
  const { exports } = JSON.parse(readFileSync(join(workspace, 'packages/pretext-tasks/package.json'), 'utf8')) as { exports: object };
  return Object.keys(exports).flatMap((path) => (path === '.' || path === './package.json' ? [] : [path.slice(2)]));
};

it('every task has an example, in a file of its name and a row of the README', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  expect([...examples].sort()).toEqual(tasks().sort());
  expect(examples.filter((name) => !readme.includes(`(${name}.ts)`))).toEqual([]);
});

it.each(examples)('%s is under 150 lines', (name) => {
  expect(
    readFileSync(join(folder, `${name}.ts`), 'utf8')
      .trimEnd()
      .split('\n').length,
  ).toBeLessThan(150);
});

// each writes nothing and takes a second or two; vitest runs five at a time at most
describe.skipIf(!runsTypeScript).concurrent('a few steps', () => {
  it.each(examples)('%s', { timeout: 180_000 }, async (name) => {
    const args = ['--conditions=@selfsup/source', join('examples', 'tasks', `${name}.ts`), '3'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: workspace, timeout: 150_000 }); // rejects unless it exits with 0
    expect(stderr).toBe('');
    const losses = [...stdout.matchAll(/^step (\d+)\D+?(-?\d+\.\d+|NaN|Infinity)/gm)].map(
      ([, step, loss]) => [Number(step), Number(loss)] as const,
    );
    expect(losses.length).toBeGreaterThan(0);
    expect(losses[0]![0]).toBe(0);
    expect(losses.filter(([, loss]) => !Number.isFinite(loss))).toEqual([]);
  });
});
