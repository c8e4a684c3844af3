import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCreate } from './run-create.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'create-selfsup-task-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

async function run(args: readonly string[], answers?: string[]) {
  const lines: string[] = [];
  const print = (line: string) => {
    lines.push(line);
  };
  const ask = answers && (() => Promise.resolve(answers.shift() ?? ''));
  return { status: await runCreate(args, { print, fail: print, ask }), text: lines.join('\n') };
}

it('writes the package and says what comes next', async () => {
  const { status, text } = await run([join(root, 'my-task'), '--modality', 'text', '--name', 'odd-one-out']);
  expect(status).toBe(0);
  expect(text).toMatch(/^Odd one out, a task on text: \d+ files in .*my-task\n\nNext:\n {2}cd .*my-task\n {2}npm install\n {2}npm test/);
  expect(readFileSync(join(root, 'my-task/src/odd-one-out.ts'), 'utf8')).toContain('export function oddOneOut(');
});

it('asks for what is missing where somebody can answer', async () => {
  const { status } = await run([], [join(root, 'asked'), 'text']);
  expect(status).toBe(0);
  expect(readdirSync(join(root, 'asked'))).toContain('example');
  expect((await run([join(root, 'again')], [''])).text).toContain('Again, a task on image');
});

it('says in one line what is wrong', async () => {
  expect(await run([])).toEqual({ status: 1, text: 'create-selfsup-task: give a folder: npm create selfsup-task@latest my-task' });
  expect(await run([root, '--name', 'ok', '--modality', 'smell'])).toEqual({ status: 1, text: 'create-selfsup-task: the modality must be image or text, got "smell"' }); // prettier-ignore
  expect(await run(['a', 'b'])).toEqual({ status: 2, text: 'create-selfsup-task: one folder at most, got a, b\nSee --help.' });
  expect((await run(['--nmae', 'x'])).status).toBe(2);
});

it('helps', async () => {
  const { status, text } = await run(['--help']);
  expect(status).toBe(0);
  for (const flag of ['--name', '--modality', 'image or text']) expect(text).toContain(flag);
});
