import type { RunEvent } from '@selfsup/pretrain';
import { expect, it } from 'vitest';
import { createJsonOutput } from './json-output.ts';
import { createPlainOutput } from './plain-output.ts';
import { showEvents } from './show-events.ts';

const start: RunEvent = {
  ...{
    type: 'start',
    run: 'runs/x',
    task: 'simclr',
    modality: 'image',
    encoder: 'conv-net',
    begins: 'random weights',
    backend: 'wasm',
    backendDescription: 'wasm',
  },
  ...{
    dataset: 'ph\u001botos',
    unit: 'images',
    train: 64,
    test: 0,
    skipped: 1,
    epochs: 2,
    batchSize: 8,
    stepsPerEpoch: 8,
    totalSteps: 16,
    step: 3,
  },
};
const events: RunEvent[] = [
  { type: 'notice', level: 'warning', text: 'skipped a\nb.jpg: it is cut off' },
  start,
  { type: 'progress', stage: 'Training', done: 3, total: 16, unit: 'updates', details: {}, ended: false },
  { type: 'step', step: 4, epoch: 0.5, loss: 2, learningRate: 0.1, metrics: {}, seconds: 1 },
  { type: 'epoch', epoch: 1, step: 8, loss: 1.5, seconds: 2, perSecond: 1234.5, unit: 'images' },
  { type: 'probe', probe: 'knn', epoch: 1, step: 8, measures: { knn: 40 }, text: 'kNN 40.00 %' },
  { type: 'health', epoch: 1, step: 8, measures: { rank: 3 } },
  { type: 'alarm', step: 8, kind: 'std', metric: 'std', value: 0, threshold: 1, message: 'all alike', advice: 'less' },
  { type: 'checkpoint', step: 8, bytes: 100 },
  { type: 'progress', stage: 'Training', done: 16, total: 16, unit: 'updates', details: {}, ended: true },
  { type: 'stopped', step: 8, totalSteps: 16 },
];

function shown(make: typeof createPlainOutput, verbose = false) {
  const written = { stdout: '', stderr: '' };
  const output = make({ stdout: { write: (text) => (written.stdout += text) }, stderr: { write: (text) => (written.stderr += text) } });
  events.forEach(showEvents(output, { verbose }));
  return written;
}

it('tells people what happens, with foreign text made visible', () => {
  expect(shown(createPlainOutput)).toEqual({
    stdout: [
      'simclr on ph\\u{1b}otos (64 images): conv-net, goes on after update 3 of 16, wasm',
      'Epoch 1/2: loss 1.5000, 1,235 images/s',
      '  kNN 40.00 %',
      '',
    ].join('\n'),
    stderr: 'skipped a\\nb.jpg: it is cut off\nAfter update 8: all alike. What helps: less\n',
  });
});

it('tells scripts all but updates, which --verbose adds, and how it ended', () => {
  const typesOf = (verbose: boolean) =>
    shown(createJsonOutput, verbose)
      .stdout.trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
  const types = ['notice', 'start', 'epoch', 'probe', 'health', 'alarm', 'checkpoint'];
  expect(typesOf(false)).toEqual(types);
  expect(typesOf(true)).toEqual(types.toSpliced(2, 0, 'step'));
});

it('calls a run without updates by its start, and tells of what was found before training', () => {
  const written = { stdout: '', stderr: '' };
  const output = createPlainOutput({
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  const show = showEvents(output, { verbose: false });
  show({ ...start, dataset: 'photos', begins: 'the start from patches', epochs: 0, totalSteps: 0, step: 0 });
  show({ type: 'alarm', step: 0, kind: 'same', metric: 'sameShare', value: 1, threshold: 0.9, message: 'all alike', advice: 'others' });
  expect(written).toEqual({
    stdout: 'The start from patches on photos (64 images): conv-net, without updates, wasm\n',
    stderr: 'Before training: all alike. What helps: others\n',
  });
});
