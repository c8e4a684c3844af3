import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNpy } from '@selfsup/data/node';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';

// a Node that cannot run TypeScript (20) runs the build; `npm -w packages/cli run build` and that of the others come first there
const program = process.features.typescript
  ? ['--conditions=@selfsup/source', fileURLToPath(new URL('./bin.ts', import.meta.url))]
  : [fileURLToPath(new URL('../dist/bin.js', import.meta.url))];
const root = mkdtempSync(join(tmpdir(), 'selfsup-e2e-'));
const at = (name: string) => join(root, name);

type Line = Record<string, unknown> & { type: string };
interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  lines: Line[];
  stdout: string;
  stderr: string;
}

/** Runs the command; `onLine` sees each JSON line as it comes and may end the process. */
function selfsup(
  args: readonly string[],
  onLine: (line: Line, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...program, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr, rest] = ['', '', ''];
    const lines: Line[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const parts = (rest + text).split('\n');
      rest = parts.pop()!;
      if (!args.includes('--json')) return;
      for (const part of parts) {
        const line = JSON.parse(part) as Line;
        lines.push(line);
        onLine(line, (signal) => child.kill(signal));
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, lines, stdout, stderr });
    });
  });
}

const config = at('selfsup.config.ts');
const tiny = ['--config', config, '--data', 'shapes', '--limit', '64', '--image-size', '16', '--seed', '3', '--backend', 'wasm'];
const train = (out: string, ...more: string[]) => [
  'train',
  ...tiny,
  '--epochs',
  '2',
  '--batch-size',
  '8',
  '--out',
  at(out),
  '--json',
  ...more,
];
const resultOf = ({ lines }: Finished) => lines.at(-1)!;
const metricsOf = (out: string) =>
  readFileSync(join(at(out), 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

beforeAll(() => {
  writeFileSync(
    config,
    `import { defineRun } from 'selfsup';\nexport default defineRun({ encoderOptions: { widths: [4, 8] }, headOutput: 8 });\n`,
  );
});

describe('selfsup train', () => {
  let whole: Finished;
  beforeAll(async () => {
    whole = await selfsup(train('whole'));
  });

  it('writes a run and ends with the result', () => {
    expect(whole.stderr).toBe('');
    expect(whole.code).toBe(0);
    const result = resultOf(whole);
    expect(result).toMatchObject({
      type: 'result',
      task: 'simclr',
      dataset: 'shapes',
      epochs: 2,
      steps: 16,
      trainImages: 64,
      testImages: 13,
      skipped: [],
    });
    for (const name of ['seconds', 'imagesPerSecond', 'decodeImagesPerSecond', 'augmentImagesPerSecond', 'trainImagesPerSecond', 'loss'])
      expect(result[name], name).toBeGreaterThan(0);
    for (const name of ['knnRawPixels', 'knnUntrained', 'knnTrained']) {
      expect(result[name], name).toBeGreaterThanOrEqual(0);
      expect(result[name], name).toBeLessThanOrEqual(100);
    }
    expect(result['checkpoint']).toMatch(/^[0-9a-f]{64}$/);
    expect(readdirSync(at('whole')).sort()).toEqual(['checkpoint.safetensors', 'metrics.jsonl', 'report.html', 'result.json', 'run.json']);
    expect(JSON.parse(readFileSync(join(at('whole'), 'result.json'), 'utf8'))).toEqual(result);
    const steps = metricsOf('whole').filter(({ type }) => type === 'step');
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(whole.lines.filter(({ type }) => type === 'epoch')).toHaveLength(2);
  });

  it('kill -9 in the middle of an epoch and --resume give the checkpoint of the unbroken run', async () => {
    const killed = await selfsup(train('killed', '--checkpoint-every', '3'), (line, kill) => {
      if (line.type === 'checkpoint') kill('SIGKILL');
    });
    expect(killed.signal).toBe('SIGKILL');
    expect(existsSync(join(at('killed'), 'result.json'))).toBe(false);
    const resumed = await selfsup(['train', '--resume', '--out', at('killed'), '--json']);
    expect(resumed.stderr).toBe('');
    expect(resumed.lines.some((line) => line.type === 'checkpoint' && line['step'] === 8)).toBe(true);
    expect(resultOf(resumed)['checkpoint']).toBe(resultOf(whole)['checkpoint']);
    expect(resultOf(resumed)['knnTrained']).toBe(resultOf(whole)['knnTrained']);
    const [before, after] = ['whole', 'killed'].map((out) => metricsOf(out).map(({ type, step, loss }) => [type, step, loss]));
    expect(after).toEqual(before);
  });

  it('an interrupt stops after the step, writes the checkpoint and says how to go on', async () => {
    let sent = false;
    const stopped = await selfsup(train('stopped', '--checkpoint-every', '2'), (line, kill) => {
      if (line.type === 'checkpoint' && !sent) kill('SIGINT');
      if (line.type === 'checkpoint') sent = true;
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('selfsup train --resume --out');
    expect(resultOf(stopped).type).toBe('stopped');
    const resumed = await selfsup(['train', '--resume', '--out', at('stopped'), '--json']);
    expect(resultOf(resumed)['checkpoint']).toBe(resultOf(whole)['checkpoint']);
  });

  it('resuming a finished run trains nothing and keeps what was measured', async () => {
    const again = resultOf(await selfsup(['train', '--resume', '--out', at('whole'), '--json']));
    for (const name of ['checkpoint', 'steps', 'seconds', 'imagesPerSecond', 'trainImagesPerSecond', 'knnTrained', 'loss'])
      expect(again[name], name).toEqual(resultOf(whole)[name]);
  });

  it('refuses to resume with another encoder, and to overwrite unasked', async () => {
    const other = await selfsup(['train', '--resume', '--out', at('whole'), '--encoder', 'resnet18', '--json']);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/^selfsup: this run was trained with --encoder "conv-net", got "resnet18".*\n$/);
    expect(other.lines.at(-1)).toMatchObject({ type: 'error', code: 'SELFSUP_CHECKPOINT' });
    const again = await selfsup(train('whole'));
    expect(again.stderr).toMatch(/^selfsup: .*already holds a run; continue it with --resume.*\n$/);
    expect(resultOf(whole)['checkpoint']).toBe((JSON.parse(readFileSync(join(at('whole'), 'result.json'), 'utf8')) as Line)['checkpoint']);
  });

  it('evaluate knn agrees with the result; embed writes every image; report is written again', async () => {
    const [knn, embed, report] = await Promise.all([
      selfsup(['evaluate', 'knn', '--run', at('whole'), '--json']),
      selfsup(['embed', '--run', at('whole'), '--out', at('x.npy'), '--json']),
      selfsup(['report', '--run', at('whole'), '--json']),
    ]);
    expect(resultOf(knn)).toMatchObject({ type: 'result', knnTrained: resultOf(whole)['knnTrained'], testImages: 13 });
    expect(resultOf(embed)).toMatchObject({ type: 'result', rows: 77, dim: 8 });
    const { data, shape } = await readNpy(at('x.npy'));
    expect(shape).toEqual([77, 8]);
    expect([...data].every(Number.isFinite)).toBe(true);
    const index = JSON.parse(readFileSync(at('x.index.json'), 'utf8')) as { rows: Line[] };
    expect(index.rows).toHaveLength(77);
    expect(index.rows[64]).toMatchObject({ split: 'test', index: 0 });
    expect(report.code).toBe(0);
  });
});

describe('selfsup train on photos', () => {
  it('skips, counts and names broken ones', async () => {
    const photos = at('photos');
    for (const [label, color] of [
      ['cold', '#2244cc'],
      ['warm', '#cc4422'],
    ] as const) {
      mkdirSync(join(photos, label), { recursive: true });
      for (let i = 0; i < 8; i++) {
        const picture = sharp({ create: { width: 30 + i, height: 24, channels: 3, background: color } });
        await picture.jpeg().toFile(join(photos, label, `${i}.jpg`));
      }
    }
    writeFileSync(join(photos, 'cold', 'letter.jpg'), 'Dear reader, this is no picture.');
    const whole = readFileSync(join(photos, 'warm', '0.jpg'));
    writeFileSync(join(photos, 'warm', 'cut.jpg'), whole.subarray(0, Math.floor(whole.length / 2)));
    const { code, lines, stderr } = await selfsup([
      'train',
      '--config',
      config,
      '--data',
      photos,
      '--image-size',
      '16',
      '--epochs',
      '1',
      '--batch-size',
      '4',
      '--out',
      at('photo-run'),
      '--json',
    ]);
    expect(code).toBe(0);
    const result = lines.at(-1)!;
    const skipped = result['skipped'] as { path: string; reason: string }[];
    expect(skipped.map(({ path }) => path).sort()).toEqual([join(photos, 'cold', 'letter.jpg'), join(photos, 'warm', 'cut.jpg')]);
    expect(lines.filter(({ type }) => type === 'skipped')).toHaveLength(2);
    expect(stderr.split('\n').filter((line) => /skipped .*(letter|cut)\.jpg: ./.test(line))).toHaveLength(2);
    const page = readFileSync(join(at('photo-run'), 'report.html'), 'utf8');
    expect(page.includes('letter.jpg') && page.includes('cut.jpg'), 'named in the report').toBe(true);
    expect(result['knnTrained']).toBeDefined();
  });

  it('works without labels, minus the accuracy', async () => {
    const photos = at('unsorted');
    mkdirSync(photos);
    for (let i = 0; i < 12; i++) {
      const noise = { type: 'gaussian', mean: 20 * i, sigma: 50 } as const;
      const picture = sharp({ create: { width: 20, height: 20, channels: 3, background: 'black', noise } });
      await picture.png().toFile(join(photos, `${i}.png`));
    }
    const { code, stdout, stderr } = await selfsup([
      'train',
      '--config',
      config,
      '--data',
      photos,
      '--image-size',
      '16',
      '--epochs',
      '1',
      '--batch-size',
      '4',
      '--out',
      at('unlabeled'),
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('Report: file://');
    const result = JSON.parse(readFileSync(join(at('unlabeled'), 'result.json'), 'utf8')) as Line;
    expect(Object.keys(result).filter((name) => name.startsWith('knn'))).toEqual([]);
  });
});
