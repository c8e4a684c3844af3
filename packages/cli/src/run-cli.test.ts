import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable } from '@selfsup/core';
import { builtinPlugins, createRegistry } from '@selfsup/pretrain';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { selfsup } from '../fixtures/run-command.ts';
import { version } from './version.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-cli-'));
const at = (name: string) => join(root, name);
afterAll(() => {
  rmSync(root, { recursive: true });
});

const make = (name: string, content?: string | Buffer) => {
  const path = at(name);
  if (content === undefined) mkdirSync(path);
  else writeFileSync(path, content);
  return path;
};
const train = (...argv: string[]) =>
  selfsup('train', ...'--epochs 1 --batch-size 4 --image-size 16 --backend cpu --out'.split(' '), at('new/run'), ...argv);

describe('bad input', () => {
  const cases: [string, () => Promise<string[]> | string[], RegExp][] = [
    ['an empty folder', () => ['--data', make('empty')], /empty/],
    ['no such place', () => ['--data', at('nowhere')], /there is nothing at/],
    ['a name that would steer a terminal', () => ['--data', at('red\u001b[31m')], /nothing at .*red\\u\{1b\}\[31m/],
    ['a wrong IDX magic', () => ['--data', make('images.idx', Buffer.from('not an IDX file at all'))], /images\.idx/],
    [
      'a batch larger than the data',
      () => ['--data', 'shapes', '--limit', '10', '--batch-size', '16'],
      /a batch of 16 is larger than the 10 training images/,
    ],
    ['an unknown task', () => ['--data', 'shapes', '--task', 'moko'], /unknown task 'moko'; did you mean moco\? Known: simclr/],
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
    ['no data', () => [], /no data given; give --data/],
    ['a word for a number', () => ['--data', 'shapes', '--epochs', 'many'], /--epochs .*must be a number/],
    ['a number out of range', () => ['--data', 'shapes', '--seed', '-1'], /--seed must be an integer >= 0, got -1/],
    [
      'a session option out of range',
      () => ['--data', 'shapes', '--probe-every', '0.5'],
      /--probe-every must be an integer >= 0, got 0\.5/,
    ],
    ['an unknown flag', () => ['--data', 'shapes', '--epoch', '3'], /unknown option '--epoch'.*--epochs/],
    ['a flag by its initials', () => ['--data', 'shapes', '--lr', '0.1'], /unknown option '--lr' \(Did you mean --learning-rate\?\)/],
    ['initials with one dash', () => ['--data', 'shapes', '-bs=8'], /unknown option '-bs=8' \(Did you mean --batch-size\?\)/],
    [
      "another program's flag",
      () => ['--data', 'shapes', '--num_epochs', '3'],
      /unknown option '--num_epochs' \(Did you mean --epochs\?\)/,
    ],
    ['a flag like none', () => ['--data', 'shapes', '--zebra'], /unknown option '--zebra'; see selfsup -h/],
    [
      'a flag of other tasks',
      () => ['--queue-size', '3'],
      /--queue-size is an option of (\S+, )*moco, (\S+, )*nnclr,? (\S+, )*\S+, not of simclr/,
    ],
    ['a flag of another kind of data', () => ['--length', '3'], /--length is for text and images with texts; simclr learns from images/],
    [
      'an unknown option of the task',
      () => ['--data', 'shapes', '--task-option', 'head=3'],
      /no option --task-option head; .*--head-output/,
    ],
    [
      'an option of the task out of range',
      () => ['--data', 'shapes', '--task', 'moco', '--task-option', 'momentum=2'],
      /task moco: --task-option momentum must be a number in \[0, 1\], got 2/,
    ],
    ['an option without a value', () => ['--data', 'shapes', '--task-option', 'headOutput'], /must be name=value/],
    [
      'an unknown option of the encoder',
      () => ['--data', 'shapes', '--encoder-option', 'width=3'],
      /--encoder-option width; did you mean .*widths/,
    ],
    [
      'an unknown backend',
      () => ['--data', 'shapes', '--backend', 'abacus'],
      /--backend must be one of auto, tensorflow, .*wasm, .*cpu, got 'abacus'/,
    ],
    ['no thread', () => ['--data', 'shapes', '--threads', '0'], /--threads must be 'auto', or an integer in \[1, 256\], got 0/],
    ['a word for threads', () => ['--data', 'shapes', '--threads', 'many'], /--threads must be 'auto', or an integer in .*, got 'many'/],
    ['perhaps wide vectors', () => ['--data', 'shapes', '--wide-vectors', '1'], /--wide-vectors must be 'auto', or true or false, got 1/],
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
    const { code, stderr, stdout } = await train(...(await argv()));
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^selfsup: [^\n]+\n$/);
    expect(printable(stderr.slice(0, -1))).toBe(stderr.slice(0, -1));
    expect([code, stdout]).toEqual([1, '']);
    expect(existsSync(at('new'))).toBe(false);
  });

  it('is an event with --json', async () => {
    const { result } = await train('--data', 'shapes', '--task', 'nope', '--json');
    expect(result).toMatchObject({ type: 'error', code: 'SELFSUP_OPTION' });
    expect(result['message']).toMatch(/^unknown task 'nope'; known: simclr, .*masked-language/);
  });

  it.each([
    [['trian'], /unknown command 'trian' \(Did you mean train\?\)/],
    [
      ['evaluate', '--run', 'runs/x'],
      /choose knn, linear-probe, retrieval, clustering, attentive-probe, segmentation, zero-shot or cross-retrieval; such as: selfsup evaluate knn/,
    ],
    [['evaluate', 'kmm', '--run', 'runs/x'], /zero-shot or cross-retrieval, got 'kmm'/],
    [['embed', '--run', 'x', '--out', 'x.npy', '--dataset', 'x'], /unknown option '--dataset' \(Did you mean --data\?\)/],
    [['evaluate', 'knn'], /required option '--run <folder>' not specified/],
    [['embed', '--run', 'x', '--out', 'x.txt'], /--out must end in \.npy, \.csv or \.parquet, got x\.txt/],
    [['embed', '--run', 'x', '--out', 'x.npy', '--split', 'half'], /--split must be one of train, test, all, got 'half'/],
    [['report', '--run', at('nowhere')], /holds no run \(there is no run\.json\); train one first: selfsup train --data <source> --out/],
    [['export', '--run', at('nowhere'), '--out', 'x'], /nowhere is not there; give the folder of a run/],
    [['predict-mask', '[MASK]', '--run', at('nowhere')], /holds no run/],
    [
      ['fine-tune', '--run', 'x', '--label-counts', '10,many'],
      /--label-counts must be integers >= 1, such as 100, or 10-per-class, or all, got 'many'/,
    ],
    [['fine-tune', '--run', 'x', '--epochs', '2'], /--epochs is for training the encoder; add --method full, or leave it out/],
    [['fine-tune', '--run', 'x', '--mixup', '0.2'], /--mixup is for training the encoder; add --method full, or leave it out/],
    [['fine-tune', '--run', 'x', '--name', '../x'], /the name of a classifier must be at most 80 letters, digits, .*, got '\.\.\/x'/],
    [['predict', '--run', at('nowhere'), 'a.jpg'], /nowhere has no classifier yet; make one with: selfsup fine-tune --run/],
    [['predict', '--run', 'x', 'a.jpg', '--out', 'a.txt'], /--out must end in \.csv or \.jsonl, got a\.txt/],
    [['fine-tune', '--run', 'x', '--report', 'a.html'], /--report draws accuracy over labels; it needs --curve/],
    [['fine-tune', '--run', 'x', '--seeds', '1,,2'], /--seeds .*It must be a number, or several with commas/],
    [
      ['fine-tune', '--run', 'x', '--scratch-learning-rate', '0.1'],
      /--scratch-learning-rate is for the network from scratch; add --scratch/,
    ],
  ])('%j is one line, too', async (argv, message) => {
    const { code, stderr, stdout } = await selfsup(...argv);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^selfsup: [^\n]+\n$/);
    expect([code, stdout]).toEqual([1, '']);
  });
});

describe('help', () => {
  it.each([
    '',
    'train',
    'evaluate',
    'evaluate knn',
    'evaluate linear-probe',
    'embed',
    'report',
    'export',
    'predict-mask',
    'augment',
    'fine-tune',
    'predict',
  ])('of %j shows an example', async (path) => {
    const { code, stdout, stderr } = await selfsup(...path.split(' ').filter(Boolean), '-h');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/Examples?:\n {2}\$ selfsup /);
  });

  it('of train lists the tasks by modality, and with --task the options of one with its defaults', async () => {
    const { stdout: all } = await selfsup('train', '-h');
    expect(all).toMatch(/Tasks on images:\n {2}simclr +SimCLR\n/);
    expect(all).toMatch(/Tasks on text:\n {2}masked-language +Masked language modeling/);
    expect(all).toContain('selfsup train --task moco -h lists the options of a task');
    expect(all).not.toContain('--temperature');
    expect(all).toMatch(/--batch-size <n> .*\(default: 128\)/);
    const { stdout: moco } = await selfsup('train', '--task=moco', '-h');
    expect(moco).toMatch(/Options of MoCo v2:\n {2}--temperature <n> /);
    expect(moco).toContain('By --task-option, since another flag has the name: momentum');
    expect(moco).not.toContain('Tasks on images:');
    const { stdout: text } = await selfsup('help', 'train', '--task', 'masked-language');
    expect(text).toMatch(/Options of text:\n {2}--tokenizer <value> /);
    expect(text).toMatch(/--batch-size <n> .*\(default: 32\)/);
    expect(text).not.toContain('--image-size <n>');
  });

  it('of the README names every task and every encoder', () => {
    const { tasks, encoders } = createRegistry(builtinPlugins);
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    for (const name of [...tasks.names, ...encoders.names]) expect(readme).toContain(`\`${name}\``);
  });

  it('comes by itself where no command is given', async () => {
    const { code, stderr } = await selfsup();
    expect(code).toBe(1);
    expect(stderr).toContain('Usage: selfsup [options] [command]');
  });

  it('--version says the version', async () => {
    expect(await selfsup('--version')).toMatchObject({ code: 0, stdout: `${version}\n` });
  });
});
