import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@selfsup/core';
import { wordPieceTokenizer } from '@selfsup/data/text';
import { bert } from '@selfsup/encoders';
import { expect, it } from 'vitest';
import { createJsonOutput } from '../output/json-output.ts';
import { createPlainOutput } from '../output/plain-output.ts';
import { runFineTune, type FineTuneFlags, type OpenTextEncoder } from './run-fine-tune.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-fine-tune-'));
const file = (name: string, count: number) => {
  const path = join(root, name);
  writeFileSync(path, Array.from({ length: count }, (_, i) => `a ${i % 2 ? 'good' : 'bad'} film\t${i % 2}\n`).join(''));
  return path;
};
const tokenizer = wordPieceTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'good', 'bad', 'film']);
const backbone = bert({ numLayers: 1, width: 16, numHeads: 2, vocabularySize: 8, maxPositions: 8 });
let disposed = 0;
const open: OpenTextEncoder = () => {
  const encoder = backbone(createRng(7));
  const dispose = () => {
    disposed++;
    encoder.dispose();
  };
  return Promise.resolve({ file: { settings: { length: 8 } }, tokenizer, backbone, encoder, step: 12, dispose });
};
const flags: FineTuneFlags = {
  run: 'runs/text',
  train: file('train.tsv', 24),
  test: file('test.tsv', 8),
  backend: 'cpu',
  epochs: 10,
  minSteps: 30,
  batchSize: 8,
  learningRate: '0.01',
  pooling: 'mean',
};
async function run(change: Partial<FineTuneFlags> = {}, make = createPlainOutput) {
  let stdout = '';
  const streams = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => true } };
  const code = await runFineTune({ ...flags, ...change }, { output: make(streams), open });
  return { code, stdout };
}

it('prints the accuracy of few and of all labels, pretrained beside from scratch', async () => {
  const { code, stdout } = await run({ labels: '4,all,1000', scratch: true, seeds: '0,1', report: join(root, 'curve.html') });
  expect(code).toBe(0);
  expect(disposed).toBe(1);
  const [title, head, few, all] = stdout.trimEnd().split('\n');
  expect(title).toBe('Accuracy on 8 texts of test.tsv, pretrained for 12 updates:');
  expect(head).toMatch(/^labels +pretrained +scratch$/);
  expect(few).toMatch(/^ +4 +[\d.]+ ± [\d.]+ % +[\d.]+ ± [\d.]+ %$/);
  expect(all).toMatch(/^ +24 +100\.0 ± 0\.0 % +100\.0 ± 0\.0 %$/);
  const page = readFileSync(join(root, 'curve.html'), 'utf8');
  expect(page).toContain('<h1>Fine-tuning on train.tsv</h1>');
  expect(page).toContain('text, pretrained for 12 updates, on 8 texts of test.tsv.');
  expect(page).toMatch(/<svg role="img" aria-label="Accuracy by labels"/);
});

it('tells scripts of each training', async () => {
  const { stdout } = await run({ seeds: '3' }, createJsonOutput);
  const events = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
  expect(events.map(({ type }) => type).filter((type) => type !== 'progress')).toEqual(['trial', 'result']);
  expect(events.find(({ type }) => type === 'trial')).toMatchObject({ arm: 'pretrained', count: 24, seed: 3, accuracy: 1 });
  expect(events.at(-1)).toMatchObject({ command: 'fine-tune', run: 'runs/text', steps: 12, testTexts: 8 });
});

it('chooses a rate for each start, and says which', async () => {
  const rates = { learningRate: '1e-9,0.01', scratchLearningRate: '0.02,1e-9', scratch: true, epochs: 4, minSteps: 0 };
  const { stdout } = await run({ ...rates, seeds: '0,1' });
  expect(stdout).toContain(
    [
      'Learning rates, each chosen by a fifth of the labels that it was then used for:',
      '  pretrained, 24 labels: 0.01 (seeds 0, 1)',
      '  scratch, 24 labels: 0.02 (seeds 0, 1)',
      '',
    ].join('\n'),
  );
  expect((await run({ ...rates, seeds: '0' }, createJsonOutput)).stdout).toMatch(
    /"type":"learning-rate","learningRate":0\.01,"trials":\[\{"learningRate":1e-9,/,
  );
});

it('refuses lists that are none, and files that are not there', async () => {
  await expect(run({ labels: '10,many' })).rejects.toThrow("--labels must be integers >= 1, separated by commas, or all, got 'many'");
  await expect(run({ report: join(root, 'none.html') })).rejects.toThrow('--report draws accuracy over labels; it needs --curve');
  await expect(run({ labels: '0' })).rejects.toThrow("got '0'");
  await expect(run({ seeds: '1,,2' })).rejects.toThrow("--seeds must be integers >= 0, separated by commas, got ''");
  await expect(run({ learningRate: '1e-3,fast' })).rejects.toThrow("--learning-rate must be numbers > 0, separated by commas, got 'fast'");
  await expect(run({ learningRate: '0' })).rejects.toThrow("got '0'");
  await expect(run({ scratchLearningRate: '0.1' })).rejects.toThrow(
    '--scratch-learning-rate is for the network from scratch; add --scratch',
  );
  await expect(run({ test: join(root, 'none.tsv') })).rejects.toThrow('there is no file at');
  await expect(run({ minSteps: -1 })).rejects.toThrow('`minSteps` must be an integer >= 0, got -1');
});
