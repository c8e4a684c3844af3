import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Output } from '../output/output.ts';
import { runEvaluateKnn } from './run-evaluate-knn.ts';
import { runEvaluateLinearProbe, type EvaluateLinearProbeFlags } from './run-evaluate-linear-probe.ts';
import { runTrain } from './run-train.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-evaluate-'));
const run = join(root, 'run');
type Fields = Record<string, unknown>;

/** Runs a command and returns its result and what it tells people. */
async function collect(command: (output: Output) => Promise<number>): Promise<{ code: number; result: Fields; text: string }> {
  let result: Fields = {};
  const lines: string[] = [];
  const code = await command({
    json: false,
    event: (type, fields) => (result = type === 'result' ? { ...fields } : result),
    line: (line) => lines.push(line),
    warn: (line) => lines.push(line),
    stage: () => ({ update: () => undefined, end: () => undefined }),
  });
  return { code, result, text: lines.join('\n') };
}
const probe = (flags: Partial<EvaluateLinearProbeFlags>) =>
  collect((output) => runEvaluateLinearProbe({ run, backend: 'cpu', ...flags }, output));

describe('selfsup evaluate', () => {
  beforeAll(async () => {
    const sizes = { limit: 60, testLimit: 20, imageSize: 16, epochs: 1, batchSize: 20, encoderOptions: { widths: [4, 8] }, headOutput: 8 };
    const flags = { data: 'shapes', seed: 3, backend: 'cpu', out: run, report: false, ...sizes } as const;
    expect((await collect((output) => runTrain(flags, { configFile: undefined, output }))).code).toBe(0);
  });
  afterAll(() => {
    rmSync(root, { recursive: true });
  });

  it('linear-probe: the penalty is chosen, or the one given; with baselines', async () => {
    const { code, result, text } = await probe({ baselines: true, maxIterations: 50 });
    expect(code).toBe(0);
    expect(result).toMatchObject({
      command: 'evaluate linear-probe',
      dataset: 'shapes',
      backend: 'cpu',
      steps: 3,
      trainImages: 60,
      testImages: 20,
    });
    for (const name of ['linearTrained', 'linearRawPixels', 'linearUntrained']) expect(Number(result[name]) % 5, name).toBe(0); // of 20 images
    for (const name of ['l2', 'l2RawPixels', 'l2Untrained']) expect([1e-4, 1e-3, 1e-2, 1e-1, 1], name).toContain(result[name]);
    expect(text).toMatch(
      /^Linear probe \d+\.\d\d % of 20 test images \(l2 .*\)\nLinear probe of the raw pixels .*\nLinear probe of the untrained encoder /,
    );
    const given = await probe({ l2: '0.01' });
    expect(given.result).toMatchObject({ l2: 0.01, linearRawPixels: undefined, linearUntrained: undefined });
    expect((await probe({ l2: '0.01, 0.01' })).result['linearTrained']).toBe(given.result['linearTrained']);
  });

  it('linear-probe says when its iterations did not suffice, takes fewer images, and refuses what is no penalty', async () => {
    const short = await probe({ l2: '0.0001', maxIterations: 1, limit: 30, testLimit: 10 });
    expect(short.result).toMatchObject({ converged: false, trainImages: 30, testImages: 10 });
    expect(short.text).toContain('the classifier was still improving after 1 steps; raise --max-iterations');
    await expect(probe({ l2: '0.1,-1' })).rejects.toThrow('--l2 must be numbers >= 0 with commas between them, got 0.1,-1');
    await expect(probe({ l2: '' })).rejects.toThrow('--l2 must be numbers');
    await expect(probe({ maxIterations: 0 })).rejects.toThrow('--max-iterations must be an integer >= 1, got 0');
  });

  it('knn: its baselines are what the run measured before its first update', async () => {
    const { result } = await collect((output) => runEvaluateKnn({ run, backend: 'cpu', baselines: true }, output));
    const trained = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as Fields;
    for (const name of ['knnTrained', 'knnRawPixels', 'knnUntrained']) expect(result[name], name).toBe(trained[name]);
  });
});
