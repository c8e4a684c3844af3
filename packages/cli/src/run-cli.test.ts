import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import { createProgram } from './program.ts';
import { tasks } from './registry-tasks.ts';
import { runCli } from './run-cli.ts';
import { textTasks } from './text/registry-text-tasks.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-cli-'));
const at = (name: string) => join(root, name);

afterEach(() => {
  process.exitCode = 0;
});

async function run(...argv: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  await runCli(argv, { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) } });
  return { code: process.exitCode, stdout, stderr };
}

const bad = (...argv: string[]) =>
  run('train', '--epochs', '1', '--batch-size', '4', '--image-size', '16', '--backend', 'cpu', '--out', at('run'), ...argv);
const make = (name: string, content?: string | Buffer) => {
  const path = at(name);
  if (content === undefined) mkdirSync(path);
  else writeFileSync(path, content);
  return path;
};

describe('bad input', () => {
  const cases: [string, () => Promise<string[]> | string[], RegExp][] = [
    ['an empty folder', () => ['--data', make('empty')], /empty/],
    ['no such place', () => ['--data', at('nowhere')], /there is nothing at/],
    ['a wrong IDX magic', () => ['--data', make('images.idx', Buffer.from('not an IDX file at all'))], /images\.idx/],
    [
      'a batch larger than the data',
      () => ['--data', 'shapes', '--limit', '10', '--batch-size', '16'],
      /--batch-size 16 is larger than the 10 training images/,
    ],
    ['an unknown task', () => ['--data', 'shapes', '--task', 'nope'], /unknown task 'nope'; known: simclr/],
    ['an unknown encoder', () => ['--data', 'shapes', '--encoder', 'nope'], /unknown encoder 'nope'; known: conv-net/],
    [
      'an encoder that does not fit the task',
      () => ['--data', 'shapes', '--task', 'mae', '--encoder', 'conv-net'],
      /conv-net does not fit .*vit-tiny/,
    ],
    [
      'views that do not fit the task',
      () => ['--data', 'shapes', '--limit', '10', '--task', 'rotation', '--recipe', 'byol'],
      /takes one view/,
    ],
    ['an unknown recipe', () => ['--data', 'shapes', '--recipe', 'nope'], /--recipe must be one of simclr/],
    [
      'images that are no whole number of patches',
      () => ['--data', 'shapes', '--limit', '10', '--image-size', '30', '--encoder', 'vit-tiny'],
      /multiple of the patch size 4/,
    ],
    ['no data', () => [], /no data given/],
    ['a word for a number', () => ['--data', 'shapes', '--epochs', 'many'], /--epochs/],
    ['an unknown flag', () => ['--data', 'shapes', '--epoch', '3'], /unknown option '--epoch'.*--epochs/],
    ['an unknown backend', () => ['--data', 'shapes', '--backend', 'abacus'], /abacus.*auto, wasm, cpu/],
    ['a run that is not there', () => ['--resume'], /holds no run/],
    [
      'nothing but a text file named .jpg',
      () => {
        const folder = make('letters');
        writeFileSync(join(folder, 'a.jpg'), 'no picture');
        return ['--data', folder];
      },
      /not one of the 1 images/,
    ],
    [
      'nothing but a truncated JPEG',
      async () => {
        const folder = make('cut');
        const whole = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
          .jpeg()
          .toBuffer();
        writeFileSync(join(folder, 'a.jpg'), whole.subarray(0, whole.length / 2));
        return ['--data', folder];
      },
      /not one of the 1 images/,
    ],
  ];

  it.each(cases)('%s: one clear line, exit code 1, nothing written', async (_name, argv, message) => {
    const { code, stderr, stdout } = await bad(...(await argv()));
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^selfsup: [^\n]+\n$/);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(existsSync(at('run'))).toBe(false);
  });

  it('is an event with --json', async () => {
    const { stdout } = await bad('--data', 'shapes', '--task', 'nope', '--json');
    expect(JSON.parse(stdout)).toEqual({
      type: 'error',
      code: 'SELFSUP_OPTION',
      message: `unknown task 'nope'; known: ${[...tasks.names, ...textTasks.names].join(', ')}`,
    });
  });
});

describe('help', () => {
  it.each([[[]], [['train']], [['evaluate', 'knn']], [['evaluate', 'linear-probe']], [['evaluate']], [['embed']], [['report']]])(
    'of %j shows an example',
    (path) => {
      let command = createProgram();
      for (const name of path) command = command.commands.find((candidate) => candidate.name() === name)!;
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
      expect(text).toMatch(/Examples?:\n {2}\$ selfsup /);
    },
  );
});
