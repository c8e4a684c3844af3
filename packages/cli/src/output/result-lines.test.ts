import type { RunResult } from '@selfsup/pretrain';
import { expect, it } from 'vitest';
import { resultLines } from './result-lines.ts';

const result = {
  comparisons: [{ title: 'kNN accuracy', unit: '%', better: 'higher', trained: 35, baselines: { 'raw pixels': 25 } }],
  health: { rank: 69.76, rows: 200, dim: 128 },
  throughput: { unit: 'tokens', perSecond: 676_057, training: 684_541 },
  skipped: [],
  steps: 20,
  seconds: 1,
  stoppedBy: 'end',
} as unknown as RunResult;

it("names what is the encoder's own output, and has no rate of what took no time", () => {
  const lines = resultLines(result).join('\n');
  expect(lines).toMatch(/kNN accuracy, trained encoder +35\.00 %/);
  expect(lines).toMatch(/rank of the encoder's own output +69\.76 of 128/);
  expect(lines).toMatch(/train step +684,541 tokens\/s/);
  expect(lines).not.toContain('preparing batches');
});

it('speaks of the start where there were no updates', () => {
  expect(resultLines({ ...result, steps: 0 }).join('\n')).toMatch(/kNN accuracy, the start +35\.00 %/);
});
