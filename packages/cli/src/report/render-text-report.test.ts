import { expect, it } from 'vitest';
import type { MetricsRecord } from '../run-folder.ts';
import type { TextRunFile } from '../text/text-run-file.ts';
import type { TextRunResult } from '../text/text-run-result.ts';
import { resolveTextSettings } from '../text/text-settings.ts';
import { renderTextReport } from './render-text-report.ts';
import type { TextReportData } from './text-report-data.ts';

const runOf = (task: string): TextRunFile => ({
  format: 1,
  kind: 'text',
  selfsup: '0.1.0',
  settings: resolveTextSettings({ task, data: 'novels/*.txt', documents: 'chapter', epochs: 2 }),
  text: { vocabularySize: 8000, tokenizerHash: 'cd'.repeat(32) },
  dataset: { name: '<novels> & more', train: 3000, test: 150, documents: 862, tokens: 2703613, unknownTokens: 17 },
  stepsPerEpoch: 20,
  totalSteps: 40,
  backend: 'wasm',
});
const result: TextRunResult = {
  type: 'result',
  task: 'masked-language',
  dataset: 'novels',
  encoder: 'bert-tiny',
  backend: 'wasm',
  epochs: 2,
  steps: 40,
  stoppedBy: 'end',
  seconds: 80,
  tokensPerSecond: 3745.9,
  trainSequences: 3000,
  heldOutSequences: 150,
  loss: 6.01,
  heldOutLoss: 5.9482,
  heldOutUntrained: 10.3494,
  heldOutTokens: 18651,
  unigramLoss: 6.5206,
  unigramEntropy: 6.2291,
  checkpoint: 'ab'.repeat(32),
  run: 'runs/text',
};
const step = (at: number, metrics: Record<string, number>): MetricsRecord => ({ type: 'step', step: at, epoch: at / 20, seconds: 2 * at, learningRate: 0.001, ...metrics }); // prettier-ignore
const heldOut = (at: number, heldOutLoss: number): MetricsRecord => ({ type: 'held-out', step: at, epoch: at / 20, seconds: 2 * at, heldOutLoss }); // prettier-ignore
const steps = Array.from({ length: 40 }, (_, i) => step(i + 1, { loss: 9 - i / 10, maskedLoss: 9 - i / 10, accuracy: i / 100 }));
const guesses = ['house', 'garden', 'tree', 'water', '<sea>'].map((token, i) => ({ token, probability: 0.4 / 2 ** i }));
const data: TextReportData = {
  run: runOf('masked-language'),
  metrics: [heldOut(0, 10.3), ...steps, heldOut(40, 5.9)],
  result,
  examples: [
    {
      texts: ['the cat lives in the', 'and the', '& sleeps.'],
      places: [
        { truth: 'garden', probability: 0.2, guesses },
        { truth: 'fox', probability: 0.00123, guesses },
      ],
    },
  ],
  fineTuned: [
    {
      train: 'trec/train.txt',
      test: 'trec/test.txt',
      testTexts: 500,
      steps: 40,
      rows: [
        { count: 100, arm: 'pretrained', accuracies: [0.5], mean: 0.5, deviation: null },
        { count: 100, arm: 'scratch', accuracies: [0.4], mean: 0.4, deviation: null },
        { count: 5452, arm: 'pretrained', accuracies: [0.8], mean: 0.8, deviation: null },
        { count: 5452, arm: 'scratch', accuracies: [0.7], mean: 0.7, deviation: null },
      ],
    },
  ],
};
const titlesOf = (page: string) => [...page.matchAll(/<svg role="img" aria-label="([^"]+)"/g)].map(([, title]) => title);

it('holds curves, guessed words, fine-tuning and facts, and asks nothing of the network', async () => {
  const page = await renderTextReport(data);
  expect(titlesOf(page)).toEqual([
    'Loss of predicted tokens, nats',
    'Accuracy while training',
    'Learning rate',
    'Tokens per second',
    'Accuracy by labels',
  ]);
  for (const fact of [
    '<h1>Masked language modeling on &lt;novels&gt; &amp; more</h1>',
    '5.948',
    '6.229',
    '383', // e to the 5.9482
    '3,746',
    'unigrams of the training text',
    'unigram entropy',
    'held out',
    '2,703,613',
    '862, chapters',
    '3,000 of 128 tokens',
    '18,651',
    'Fine-tuning on trec/train.txt',
    'Judged by 500 texts of trec/test.txt; pretrained for 40 updates.',
    '80.0 ± – %',
    'novels/*.txt',
    'ab'.repeat(32),
  ])
    expect(page.includes(fact), fact).toBe(true);
  expect(/(src|href)="(?!data:)|@import|https?:\/\/(?!www\.w3\.org)/.exec(page)).toBeNull();
  expect(await renderTextReport(data)).toBe(page);
});

it('shows sentences with the words that were guessed, the true one marked', async () => {
  const page = await renderTextReport(data);
  const text = page.replace(/\s+/g, ' ');
  expect(text).toContain('the cat lives in the <mark>garden</mark> and the <mark>fox</mark> &amp; sleeps.');
  expect(text).toContain('<h3>fox <span>0.12 %</span></h3>');
  expect(text.match(/<li class="right"> <i style="width:50%"><\/i><span>garden<\/span><b>20 %<\/b>/g)).toHaveLength(1);
  expect(text.match(/<span>&lt;sea&gt;<\/span><b>2.5 %<\/b>/g)).toHaveLength(2);
  expect(text).toContain('were hidden; below each stand the words');
});

it('draws the loss of tokens and both networks of replaced-token, and the verdict on a swapped word', async () => {
  const metrics = Array.from({ length: 4 }, (_, i) => step(i + 1, { loss: 40, generatorLoss: 8 - i, discriminatorLoss: 0.6, generatorAccuracy: 0.1, discriminatorAccuracy: 0.9, replacedRecall: 0.2 })); // prettier-ignore
  const places = [{ truth: 'fox', probability: 0.1, guesses, swapped: { token: 'house', probability: 0.625 } }];
  const page = await renderTextReport({ ...data, run: runOf('replaced-token'), metrics, examples: [{ texts: ['the', 'sat.'], places }] });
  for (const fact of [
    'Replaced-token detection on',
    'generator, predicted tokens',
    'replaced tokens found',
    '“house” in its place: replaced, 63 %',
  ])
    expect(page.includes(fact), fact).toBe(true);
  expect(page).not.toContain('predicted tokens, each<'); // pale lines are not in the legend
});

it('works with next to nothing: no held-out text, no updates, nothing fine-tuned', async () => {
  const bare = Object.fromEntries(Object.entries(result).filter(([name]) => !/^(heldOut(Loss|Unt|Tok)|unigram)/.test(name))) as unknown as TextRunResult; // prettier-ignore
  const page = await renderTextReport({ run: runOf('next-token'), metrics: [], result: bare, examples: [], fineTuned: [] });
  expect(titlesOf(page)).toEqual([]);
  for (const heading of ['Training', 'Guessed words', 'Fine-tuning']) expect(page).not.toContain(`<h2>${heading}`);
  expect(page).toContain('training loss, last epoch');
  expect(page).not.toContain('undefined');
});
