import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNpy } from '@selfsup/data/node';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import sharp, { type Create } from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseLines, selfsup, succeed, type Finished, type Line } from '../fixtures/run-command.ts';
import { tinyImages } from '../fixtures/tiny-images.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-images-'));
const at = (name: string) => join(root, name);
const jsonAt = (name: string) => JSON.parse(readFileSync(at(name), 'utf8')) as Record<string, unknown>;
const metricsOf = (out: string) => parseLines(readFileSync(at(`${out}/metrics.jsonl`), 'utf8'));
const typesOf = (lines: readonly Line[]) => [...new Set(lines.map(({ type }) => type))];
afterAll(() => {
  rmSync(root, { recursive: true });
});

let whole: Finished;
beforeAll(async () => {
  whole = await succeed('train', ...tinyImages, '--out', at('whole'));
});

describe('selfsup train on images', () => {
  it('writes a run and ends with the result', () => {
    const { result, lines, stderr } = whole;
    expect(stderr).toBe('');
    expect(result).toMatchObject({
      type: 'result',
      command: 'train',
      task: 'simclr',
      modality: 'image',
      dataset: 'shapes',
      encoder: 'conv-net',
    });
    expect(result).toMatchObject({
      backend: 'wasm',
      epochs: 2,
      steps: 16,
      stoppedBy: 'end',
      trainSamples: 64,
      testSamples: 13,
      skipped: [],
    });
    expect(result['checkpoint']).toMatch(/^[0-9a-f]{64}$/);
    expect(result['verdict']).toEqual([expect.stringMatching(/^Pretraining .*kNN/), ...(result['verdict'] as string[]).slice(1)]);
    expect(readdirSync(at('whole')).sort()).toEqual([
      ...['checkpoint.safetensors', 'encoder.safetensors', 'metrics.jsonl', 'report.html', 'result.json', 'run.json'],
    ]);
    const { check, ...kept } = jsonAt('whole/result.json');
    expect(check).toMatch(/^[0-9a-f]{8}$/);
    expect({ type: 'result', command: 'train', ...kept }).toEqual(result);
    const steps = metricsOf('whole').filter(({ type }) => type === 'step');
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(typesOf(lines)).toEqual(expect.arrayContaining(['start', 'probe', 'epoch', 'health', 'checkpoint', 'result']));
    expect(typesOf(lines)).not.toContain('step');
    expect(lines.filter(({ type }) => type === 'epoch')).toHaveLength(2);
    expect(JSON.stringify(result)).not.toContain('"encoder":{'); // no bytes
  });

  it('tells people the same: what is trained, each epoch, a table, the verdict last', async () => {
    const { code, stdout, stderr } = await selfsup('train', ...tinyImages, '--epochs', '1', '--no-report', '--out', at('plain'));
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^simclr on shapes \(64 images, 13 to test on\): conv-net, 1 epoch of 8 updates, wasm/);
    expect(lines[1]).toMatch(/^ {2}Before training: kNN raw pixels [\d.]+ %, kNN untrained [\d.]+ %$/);
    expect(lines[2]).toMatch(/^Epoch 1\/1: loss \d+\.\d{4}, [\d,]+ images\/s$/);
    for (const row of [/kNN accuracy, trained encoder +[\d.]+ %$/, /train step +[\d,]+ images\/s$/, /mean loss of the last epoch +[\d.]+$/])
      expect(stdout).toMatch(new RegExp(row, 'm'));
    expect(stdout).toContain('Done: 8 updates in ');
    expect(stdout).not.toContain('Report:');
    expect(lines.slice(-2).join('\n')).toMatch(/Pretraining (helped|has not helped yet): kNN accuracy/);
    expect(existsSync(at('plain/report.html'))).toBe(false);
  });

  it('--verbose adds each update to the JSON lines', async () => {
    const { lines } = await succeed('--verbose', 'train', ...tinyImages, '--max-seconds', '0.01', '--no-report', '--out', at('verbose'));
    expect(lines.find(({ type }) => type === 'step')).toMatchObject({ step: 1, loss: expect.any(Number) as number });
    expect(lines.at(-1)).toMatchObject({ stoppedBy: 'time' });
  });

  it('--resume gives the checkpoint of the unbroken run, also where flags are repeated', async () => {
    await succeed('train', ...tinyImages, '--max-seconds', '0.01', '--no-report', '--out', at('parts'));
    const { result, lines } = await succeed('train', '--resume', '--out', at('parts'), '--head-output', '8', '--limit', '64');
    expect(lines.find(({ type }) => type === 'start')).toMatchObject({ task: 'simclr', totalSteps: 16 });
    expect(result['checkpoint']).toBe(whole.result['checkpoint']);
    expect(result['probes']).toEqual(whole.result['probes']);
    const losses = (out: string) => metricsOf(out).flatMap(({ type, step, loss }) => (type === 'step' ? [[step, loss]] : []));
    expect(losses('parts')).toEqual(losses('whole'));
  });

  it('resuming a finished run computes nothing, keeps what was measured, and says how to train on', async () => {
    const { result, lines } = await succeed('train', '--resume', '--out', at('whole'));
    expect(typesOf(lines)).toEqual(['result']);
    const { stdout } = await selfsup('train', '--resume', '--out', at('whole'));
    expect(stdout).toMatch(
      /^This run is finished, all 2 epochs of it; nothing was computed again\. To train on: selfsup train --resume --epochs 4 --out .*whole\n/,
    );
    const more = stdout.match(/To train on: selfsup (.*)\n/)![1]!.split(' ');
    cpSync(at('whole'), at('more'), { recursive: true });
    const longer = await succeed(...more.slice(0, -1), at('more'), '--no-report');
    expect(longer.result).toMatchObject({ epochs: 4, steps: 32 });
    for (const name of ['checkpoint', 'steps', 'seconds', 'throughput', 'probes', 'lastEpochLoss', 'verdict'])
      expect(result[name], name).toEqual(whole.result[name]);
  });

  it('--resume --batch-size goes on with smaller forward passes of the same updates', async () => {
    const out = at('smaller');
    await succeed('train', ...tinyImages, '--max-seconds', '0.01', '--no-report', '--out', out);
    const { result, stdout } = await succeed('train', '--resume', '--batch-size', '4', '--no-report', '--out', out);
    expect(result).toMatchObject({ epochs: 2, steps: 16 });
    expect(stdout).toContain('Forward passes have 4 samples instead of 8 from here on; updates have as many as before');
    const { stderr } = await selfsup('train', '--resume', '--batch-size', '5', '--out', out);
    expect(stderr).toContain('goes on with as many, got --batch-size 5; give --batch-size alone, one that divides 8, such as 2, 1, or');
  });

  it('--init starts with the encoder of a run', async () => {
    const from = ['--data', 'shapes', '--image-size', '16', '--limit', '32', '--epochs', '1', '--batch-size', '8', '--backend', 'wasm'];
    const { result } = await succeed('train', ...from, '--init', at('whole'), '--out', at('next'));
    expect(result['comparisons']).toMatchObject([{ baselines: { 'the encoder that it started from': expect.any(Number) as number } }]);
    expect(jsonAt('next/run.json')).toMatchObject({
      init: { origin: 'simclr on shapes', step: 16 },
      encoder: { options: { widths: [4, 8] } },
    });
    expect(readFileSync(at('next/report.html'), 'utf8')).toContain('those of simclr on shapes (16 updates, sha256');
    const failed = async (...argv: string[]) => (await selfsup('train', ...from, ...argv, '--out', at('never'))).stderr;
    expect(await failed('--init', at('nowhere'))).toContain(
      'nowhere is not there; give the folder of a run, the file of an encoder, or hf:owner/name',
    );
    expect(await failed('--init', at('whole'), '--encoder', 'resnet18')).toContain(
      '--init: that encoder has --encoder "conv-net", this run asks for "resnet18"; leave --encoder out',
    );
    expect(await failed('--init', at('whole'), '--encoder-option', 'widths=[4,9]')).toContain('leave --encoder-option widths out');
    expect(existsSync(at('never'))).toBe(false);
  });

  it('--teacher teaches a student of another architecture', async () => {
    const shapes = ['--data', 'shapes', '--image-size', '16', '--limit', '32', '--epochs', '1', '--batch-size', '8', '--backend', 'wasm'];
    const student = [
      '--encoder',
      'vit-tiny',
      '--encoder-option',
      'numLayers=1',
      '--encoder-option',
      'width=16',
      '--encoder-option',
      'numHeads=2',
    ];
    const from = [...shapes, '--task', 'distillation', ...student, '--similarity-weight', '0.5', '--no-report'];
    await succeed('train', ...from, '--teacher', at('whole'), '--out', at('student'));
    expect(jsonAt('student/run.json')).toMatchObject({
      teacher: { origin: 'simclr on shapes', step: 16 },
      encoder: { name: 'vit-tiny' },
      settings: { taskOptions: { featureWeight: 1, similarityWeight: 0.5 } },
    });
    expect(existsSync(at('student/teacher.safetensors'))).toBe(true);
    const failed = async (...argv: string[]) => (await selfsup('train', ...argv, '--out', at('never'))).stderr;
    expect(await failed(...from)).toContain('the task distillation learns from a trained encoder; give --teacher: an encoder of images');
    expect(await failed(...from, '--teacher', at('nowhere'))).toContain('--teacher:');
    expect(await failed(...shapes, '--teacher', at('whole'))).toContain('the task simclr learns from data alone');
    expect(existsSync(at('never'))).toBe(false);
  });

  it.each([
    [['--resume', '--encoder', 'resnet18'], /this run was trained with --encoder "conv-net", got "resnet18"/],
    [['--resume', '--head-output', '9'], /this run was trained with --head-output 8, got 9/],
    [['--resume', '--task-option', 'temperature=1'], /this run was trained with --temperature 0\.2, got 1/],
    [['--data', 'shapes'], /already holds a run; continue it with --resume, replace it with --overwrite, or choose another --out/],
  ])('refuses %j', async (argv, message) => {
    const { code, stderr, result } = await selfsup('train', ...argv, '--out', at('whole'), '--json');
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(result).toMatchObject({ type: 'error' });
    expect(jsonAt('whole/result.json')['checkpoint']).toBe(whole.result['checkpoint']);
  });

  it('checks --out before it reads data', async () => {
    writeFileSync(at('file'), 'mine');
    const { stderr } = await selfsup('train', '--data', at('nowhere'), '--out', at('file'));
    expect(stderr).toMatch(/--out must be a folder, but .*file is a file; choose another/);
    expect((await selfsup('train', '--data', at('nowhere'), '--out', at('whole'))).stderr).toContain('already holds a run');
  });

  it('--overwrite replaces a run', async () => {
    const { result } = await succeed('train', ...tinyImages, '--max-seconds', '0.01', '--no-report', '--overwrite', '--out', at('plain'));
    expect(result['steps']).toBeLessThan(8);
    expect(existsSync(at('plain/report.html'))).toBe(false);
  });
});

describe('a run on images', () => {
  it('evaluate knn agrees with the result, its baselines too', async () => {
    const { result } = await succeed('evaluate', 'knn', '--run', at('whole'), '--baselines', '--backend', 'wasm');
    const { knn } = whole.result['probes'] as { knn: { trained: { knn: number }; baselines: Record<string, number> } };
    expect(result).toMatchObject({ command: 'evaluate knn', steps: 16, trainSamples: 64, testSamples: 13, k: 200 });
    for (const [name, value] of Object.entries({ trained: knn.trained.knn, ...knn.baselines }))
      expect((result['accuracy'] as Record<string, number>)[name], name).toBeCloseTo(value, 1);
    const { stdout } = await selfsup('evaluate', 'knn', '--run', at('whole'), '--k', '5', '--backend', 'wasm');
    expect(stdout).toMatch(/^kNN [\d.]+ % of 13 test images \(5 of 64 vote, temperature 0\.1\)\n$/);
    expect((await selfsup('evaluate', 'knn', '--run', at('whole'), '--k', '0')).stderr).toContain('--k must be an integer >= 1, got 0');
  });

  it('evaluate linear-probe chooses a penalty, or takes the one given', async () => {
    const probe = (...argv: string[]) => selfsup('evaluate', 'linear-probe', '--run', at('whole'), '--backend', 'wasm', ...argv);
    const { stdout } = await probe('--baselines', '--max-iterations', '50');
    expect(stdout).toMatch(
      /^Linear probe \d+\.\d\d % of 13 test images \(l2 .*\)\nLinear probe [\d.]+ %, raw pixels .*\nLinear probe [\d.]+ %, the untrained encoder /,
    );
    const { result, stderr } = await probe('--l2', '0.0001', '--max-iterations', '1', '--limit', '30', '--test-limit', '10', '--json');
    expect(stderr).toContain('the classifier was still improving after 1 step; raise --max-iterations');
    expect(result).toMatchObject({ trainSamples: 30, testSamples: 10, findings: { trained: { l2: 0.0001, converged: false } } });
    expect((await probe('--l2', '0.1,-1')).stderr).toContain('--l2 must be numbers >= 0, got 0.1, -1');
    expect((await probe('--max-iterations', '0')).stderr).toContain('--max-iterations must be an integer >= 1, got 0');
  });

  it('embed writes every image, as an array of NumPy or as text', async () => {
    const { result } = await succeed('embed', '--run', at('whole'), '--out', at('new/x.npy'));
    expect(result).toMatchObject({ rows: 77, dim: 8 });
    const { data, shape } = await readNpy(at('new/x.npy'));
    expect(shape).toEqual([77, 8]);
    const { rows } = jsonAt('new/x.index.json') as { rows: Line[] };
    expect(rows).toHaveLength(77);
    expect(rows[64]).toEqual({ label: expect.any(String) as string, split: 'test', index: 0 });
    await succeed('embed', '--run', at('whole'), '--out', at('y.csv'), '--split', 'test');
    const [head, ...table] = readFileSync(at('y.csv'), 'utf8').trimEnd().split('\n').map((row) => row.split(',')); // prettier-ignore
    expect(head).toEqual(['label', 'split', 'index', 'e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7']);
    expect(table).toHaveLength(13);
    table
      .flatMap((row) => row.slice(3))
      .forEach((value, i) => {
        expect(Number(value)).toBeCloseTo(data[64 * 8 + i]!, 4);
      });
  });

  it('embed and search --build do their work in parts, and join them', async () => {
    const run = ['--run', at('whole')];
    const asBefore = (name: string, other: string) => {
      expect(readFileSync(at(name)).equals(readFileSync(at(other))), name).toBe(true);
    };
    process.env['SLURM_ARRAY_TASK_ID'] = '3';
    try {
      const { result } = await succeed('embed', ...run, '--out', at('new/parts.npy'), '--shard', 'auto', '--shards', '4');
      expect(result).toMatchObject({ shard: { index: 3, count: 4, from: 'the Slurm array' }, rows: 0, samples: 77, wasFinished: false });
    } finally {
      delete process.env['SLURM_ARRAY_TASK_ID'];
    }
    const early = await selfsup('embed', ...run, '--out', at('new/parts.npy'), '--merge');
    expect(early.stderr).toMatch(/1 of 4 parts are ready in .*missing 0-2; make these first, such as with --shard 0\/4 /);
    for (let i = 0; i < 4; i++) {
      const { result } = await succeed('embed', ...run, '--out', at('new/parts.npy'), '--shard', `${i}/4`);
      expect(result).toMatchObject({ rows: { 0: 64, 2: 13 }[i] ?? 0, wasFinished: i === 3 });
    }
    const { stdout } = await selfsup('embed', ...run, '--out', at('new/parts.npy'), '--shard', '0/4');
    expect(stdout).toMatch(
      /^Part 0 \(0 to 3\) was finished already, and is as it was written: 64 embeddings of 8 numbers in .*part-00000.npy; /,
    );
    expect((await succeed('embed', ...run, '--out', at('new/parts.npy'), '--merge')).result).toMatchObject({ parts: 4, rows: 77, dim: 8 });
    asBefore('new/parts.npy', 'new/x.npy');
    asBefore('new/parts.index.json', 'new/x.index.json');
    for (const shard of ['0/2', '1/2']) await succeed('search', ...run, '--build', at('joined'), '--shard', shard);
    expect((await succeed('search', ...run, '--build', at('joined'), '--merge')).result).toMatchObject({
      samples: 77,
      exact: true,
      parts: 2,
    });
    await succeed('search', ...run, '--build', at('at once'));
    for (const name of readdirSync(at('at once'))) asBefore(`joined/${name}`, `at once/${name}`);
    for (const [argv, message] of [
      [['--shard', '4/4'], '--shard: parts are numbered from 0, so those of 4 are 0/4 to 3/4, got 4/4'],
      [['--shard', 'auto'], '--shard auto found nothing that says which part this is'],
      [['--shards', '4'], '--shards says how many parts there are; add --shard auto'],
      [['--shard', '0/4', '--merge'], 'first make the parts with --shard, then join them with --merge'],
      [['--shard', '0/8'], 'made with another number of parts (4, not 8)'],
      [['--shard', '0/4', '--split', 'test'], 'made with another number of samples (samples 77, not 13)'],
    ] as const)
      expect((await selfsup('embed', ...run, '--out', at('new/parts.npy'), ...argv)).stderr).toContain(message);
    expect((await selfsup('search', ...run, '--query', 'x', '--merge')).stderr).toContain('for building an index in parts; add --build');
    vi.stubEnv('OMPI_COMM_WORLD_SIZE', '2').stubEnv('OMPI_COMM_WORLD_RANK', '1');
    const alike = await selfsup('embed', ...run, '--out', at('new/alike.npy'));
    vi.unstubAllEnvs();
    expect(alike.stderr).toMatch(
      /one of 2 processes of mpirun of Open MPI, which would all do the same work .*add --shard auto to share it/,
    );
  });

  it('embed takes files and folders', async () => {
    mkdirSync(at('given/more'), { recursive: true });
    for (const [i, name] of ['a', 'b', 'more/c'].entries())
      await sharp({ create: { width: 20, height: 20, channels: 3, background: { r: 80 * i, g: 0, b: 90 } } }).toFile(
        at(`given/${name}.png`),
      );
    writeFileSync(at('given/broken.jpg'), 'no picture');
    const { result, stderr } = await succeed('embed', at('given'), at('given/b.png'), '--run', at('whole'), '--out', at('z.parquet'));
    expect(result).toMatchObject({ rows: 4, dim: 8, skipped: [{ path: at('given/broken.jpg') }] });
    expect(stderr).toContain('broken.jpg');
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(at('z.parquet')) });
    expect(rows.map(({ file }) => file as string)).toEqual([
      at('given/a.png'),
      at('given/b.png'),
      at('given/more/c.png'),
      at('given/b.png'),
    ]);
    expect(rows[3]!['embedding']).toEqual(rows[1]!['embedding']);
    const refused = await selfsup('embed', at('given'), '--run', at('whole'), '--out', at('q.npy'), '--data', 'shapes');
    expect(refused.stderr).toContain('give either files, folders and --text, or --data');
    const text = await selfsup('embed', '--text', 'x', '--run', at('whole'), '--out', at('q.npy'));
    expect(text.stderr).toContain('texts are for encoders of text');
    expect(existsSync(at('q.npy'))).toBe(false);
  });

  it('is searched, and tells duplicates, outliers and what to label', async () => {
    const run = ['--run', at('whole')];
    cpSync(at('given/a.png'), at('given/copy.png'));
    const found = await succeed('search', at('given'), ...run, '--query', at('given/a.png'), '--count', '2', '--report', at('found.html'));
    const rows = found.result['rows'] as { file: string; cosine: number }[];
    expect(rows.map(({ file }) => file)).toEqual([at('given/a.png'), at('given/copy.png')]);
    expect(readFileSync(at('found.html'), 'utf8')).toMatch(/Search in .*<img src="data:image\/png/s);
    const duplicates = await succeed('duplicates', at('given'), ...run, '--out', at('pairs.csv'), '--threshold', '1');
    expect(duplicates.result).toMatchObject({ samples: 4, groups: 1, repeats: 1 });
    expect(readFileSync(at('pairs.csv'), 'utf8')).toBe(
      `group,kind,cosine,file\n1,exact,1,${at('given/a.png')}\n1,exact,1,${at('given/copy.png')}\n`,
    );
    const { stdout } = await selfsup('duplicates', ...run, '--report', at('pages/duplicates.html'));
    expect(stdout).toMatch(/of 77 samples repeat another, in \d+ groups \(cosine >= [\d.]+\)\n/);
    expect(stdout).toContain('slightly altered copies put the threshold');
    expect((await succeed('outliers', ...run, '--count', '3', '--split', 'test')).result).toMatchObject({
      samples: 13,
      rows: [{ rank: 1 }, {}, {}],
    });
    for (const method of ['typicality', 'k-center']) {
      await succeed('select', ...run, '--count', '5', '--method', method, '--out', at('label.jsonl'));
      expect(
        new Set(parseLines(readFileSync(at('label.jsonl'), 'utf8')).map(({ index, split }) => `${split as string} ${index as number}`))
          .size,
      ).toBe(5);
    }
    expect((await succeed('search', at('given'), ...run, '--build', at('index'))).result).toMatchObject({ samples: 4, exact: true });
    const again = await succeed('search', ...run, '--index', at('index'), '--query', at('given/a.png'), '--count', '2');
    expect(again.result['rows']).toEqual(found.result['rows']);
    const global = await selfsup('search', ...run, '--index', at('index'), '--query', at('given/a.png'), '--count', '0');
    expect(global.stderr).toContain('--count must be an integer >= 1, got 0');
    for (const [argv, message] of [
      [['search', ...run, '--build', at('index'), '--query', 'x.png'], 'build first, then search'],
      [['search', at('given'), ...run, '--index', at('index')], 'an index holds what is searched'],
      [['search', ...run, '--index', at('nothing'), '--query', at('given/a.png')], 'holds no index'],
      [['search', ...run], 'say what to look for: --query photo.jpg, or --text'],
      [['search', ...run, '--text', 'a'], 'texts are for encoders of text'],
      [['select', ...run, '--count', '78'], 'must be an integer from 1 to 77'],
      [['outliers', ...run, '--out', 'x.txt'], '--out must end in .csv or .jsonl, got x.txt'],
      [['outliers', ...run, '--report', 'x.pdf'], '--report must end in .html, got x.pdf'],
      [['duplicates', ...run, '--threshold', '2'], 'must be in [-1, 1], got 2'],
    ] as const)
      expect((await selfsup(...argv)).stderr).toContain(message);
  });

  it('is reported again', async () => {
    rmSync(at('whole/report.html'));
    expect((await selfsup('report', '--run', at('whole'))).stdout).toMatch(/^Report: file:\/\/.*report\.html\n$/);
    expect(readFileSync(at('whole/report.html'), 'utf8')).toContain('SimCLR on shapes');
  });

  it('fine-tunes, keeps what it found and shows it in the report', async () => {
    const flags =
      '--method full --scratch --seeds 0 --epochs 1 --min-steps 2 --batch-size 16 --label-counts 20,all --learning-rate 0.001,0.01'.split(
        ' ',
      );
    const { result, lines } = await succeed('fine-tune', '--run', at('whole'), ...flags, '--report', at('curve.html'));
    expect(result).toMatchObject({ command: 'fine-tune', steps: 16, testSamples: 13 });
    expect((result['rows'] as { arm: string; count: number }[]).map(({ arm, count }) => `${arm} ${count}`)).toEqual([
      ...['pretrained 20', 'scratch 20', 'pretrained 64', 'scratch 64'],
    ]);
    expect(lines.filter(({ type }) => type === 'trial')).toHaveLength(4);
    expect(result['learningRates']).toHaveLength(4);
    expect(readFileSync(at('curve.html'), 'utf8')).toContain('Accuracy by labels');
    expect(readdirSync(at('whole')).filter((name) => name.startsWith('fine-tune-'))).toHaveLength(1);
    await succeed('report', '--run', at('whole'));
    expect(readFileSync(at('whole/report.html'), 'utf8')).toContain('Fine-tuning on ');
    const [name] = readdirSync(at('whole')).filter((file) => file.startsWith('fine-tune-'));
    const text = readFileSync(at(`whole/${name!}`), 'utf8');
    for (const damaged of [text.slice(0, -30), text.replace('"count": 20', '"count": 21'), 'null', '{"check":"43e18d71"}']) {
      writeFileSync(at(`whole/${name!}`), damaged);
      const { code, stderr } = await selfsup('report', '--run', at('whole'));
      expect([code, stderr]).toEqual([1, expect.stringMatching(/fine-tune-.*\.json .*; restore it, or remove it and fine-tune again\n$/)]);
    }
    writeFileSync(at(`whole/${name!}`), text);
  });

  it('makes a classifier of few labels, shows it in the report, and predicts with it', async () => {
    const { result, lines } = await succeed('fine-tune', '--run', at('whole'), '--label-counts', '2-per-class', '--name', 'few');
    expect(result).toMatchObject({ classifier: { name: 'few', kind: 'linear-probe', judged: { by: 'test' } } });
    expect(lines.some(({ type }) => type === 'trial')).toBe(false);
    expect(readdirSync(at('whole/classifiers/few')).sort()).toEqual([
      'classifier.json',
      'classifier.safetensors',
      'report.html',
      'sections.json',
    ]);
    expect(readFileSync(at('whole/classifiers/few/report.html'), 'utf8')).toContain('The worst mistakes');
    const again = await selfsup('fine-tune', '--run', at('whole'), '--name', 'few');
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/there is a classifier in .*few already; choose another with --name, or add --overwrite\n$/),
    ]);
    await succeed('report', '--run', at('whole'));
    expect(readFileSync(at('whole/report.html'), 'utf8')).toContain('Classifier few: Which class is taken for which');
    const nothing = await selfsup('predict', '--run', at('whole'), '--classifier', 'fews', 'x.jpg');
    expect(nothing.stderr).toMatch(/fews holds no classifier .*; did you mean few\?/);
    const untold = await selfsup('predict', '--run', at('whole'), '--classifier', 'few');
    expect(untold.stderr).toContain('say what to classify: files, folders, or - for standard input');
  });

  it('is exported, and has no masks', async () => {
    const { result } = await succeed('export', '--run', at('whole'), '--out', at('onnx'));
    expect([...(result['files'] as string[])].sort()).toEqual(['README.md', 'config.json', 'onnx/model.onnx', 'preprocessor_config.json']);
    const refused = await selfsup('export', '--run', at('whole'), '--format', 'safetensors', '--out', at('never'));
    expect(refused.stderr).toContain("conv-net cannot be exported as 'safetensors'");
    expect((await selfsup('predict-mask', '[MASK]', '--run', at('whole'))).stderr).toContain('only runs of masked-language have a head');
    expect(existsSync(at('never'))).toBe(false);
  });
});

describe('selfsup train on photos', () => {
  const photo = (path: string, options: Create) => sharp({ create: options }).jpeg().toFile(path);
  const few = '--image-size 16 --epochs 1 --batch-size 4 --encoder-option widths=[4,8] --head-output 8 --backend wasm'.split(' ');

  it('evaluate shows the start alone where training began with weights from the data, and says so where it cannot', async () => {
    for (const label of ['light', 'dark'])
      for (let i = 0; i < 8; i++) {
        mkdirSync(at(`noise/${label}`), { recursive: true });
        const noise = { type: 'gaussian', mean: label === 'light' ? 160 : 90, sigma: 30 } as const;
        await photo(at(`noise/${label}/${i}.jpg`), { width: 24, height: 24, channels: 3, background: 'black', noise });
      }
    cpSync(at('noise'), at('moved'), { recursive: true });
    await succeed('train', '--data', at('noise'), ...few, '--start', 'patches', '--no-report', '--out', at('started'));
    const judge = () => selfsup('evaluate', 'knn', '--run', at('started'), '--data', at('moved'), '--baselines', '--backend', 'wasm');
    expect((await judge()).stdout).toMatch(/%, the untrained encoder\nkNN [\d.]+ %, the start alone\n$/);
    rmSync(at('noise'), { recursive: true });
    const { stdout, stderr } = await judge();
    expect(stdout).not.toContain('the start alone');
    expect(stderr).toContain('the start alone is not compared, because the data of the run cannot be opened: ');
  });

  it('skips, counts and names broken ones', async () => {
    for (const [label, background] of [
      ['cold', '#2244cc'],
      ['warm', '#cc4422'],
    ] as const) {
      mkdirSync(at(`photos/${label}`), { recursive: true });
      for (let i = 0; i < 8; i++) await photo(at(`photos/${label}/${i}.jpg`), { width: 30 + i, height: 24, channels: 3, background });
    }
    writeFileSync(at('photos/cold/letter.jpg'), 'Dear reader, this is no picture.');
    const jpeg = readFileSync(at('photos/warm/0.jpg'));
    writeFileSync(at('photos/warm/cut.jpg'), jpeg.subarray(0, Math.floor(jpeg.length / 2)));
    const { result, stderr } = await succeed('train', '--data', at('photos'), ...few, '--out', at('photo-run'));
    const skipped = result['skipped'] as { path: string; reason: string }[];
    expect(skipped.map(({ path }) => path).sort()).toEqual([at('photos/cold/letter.jpg'), at('photos/warm/cut.jpg')]);
    for (const name of ['letter.jpg', 'cut.jpg']) {
      expect(stderr).toMatch(new RegExp(`skipped .*${name}: .`));
      expect(readFileSync(at('photo-run/report.html'), 'utf8')).toContain(name);
    }
    expect(result['probes']).toHaveProperty('knn');
  });

  it('learns from a table of labels, and classifies files and folders', async () => {
    const run = ['--run', at('photo-run')];
    const rows = ['cold', 'warm'].flatMap((label) => [0, 1, 2].map((i) => `${label}/${i}.jpg;${label === 'cold' ? 'blue, cool' : 'red'}`));
    writeFileSync(at('labels.csv'), `\ufefffile;label\r\n${rows.join('\r\n')}\r\n`);
    const { result } = await succeed('fine-tune', ...run, '--data', at('photos'), '--labels', at('labels.csv'));
    expect(result['classifier']).toMatchObject({
      name: 'linear-labels',
      classes: ['blue, cool', 'red'],
      labels: 6,
      judged: { by: 'cross-validation' },
    });
    const inputs = [at('photos'), at('photos/warm/7.jpg'), at('photos/gone.jpg')];
    const found = await succeed('predict', ...run, ...inputs, '--out', at('found/predictions.csv'));
    expect(found.result).toMatchObject({ classified: 17, open: 0, counts: { 'blue, cool': 8, red: 9 } });
    expect((found.result['skipped'] as { path: string }[]).map(({ path }) => path)).toEqual(
      expect.arrayContaining([at('photos/cold/letter.jpg'), at('photos/warm/cut.jpg'), at('photos/gone.jpg')]),
    );
    const table = readFileSync(at('found/predictions.csv'), 'utf8').trimEnd().split('\n');
    expect([table.length, table[0]]).toEqual([18, 'file,class,probability,"p_blue, cool",p_red']);
    expect(table[1]).toMatch(/^.*cold\/0\.jpg,"blue, cool",0\.\d+,0\.\d+,0\.\d+$/);
    const many = Array.from({ length: 20 }, () => inputs).flat(); // more than are classified at once
    for (const format of ['csv', 'jsonl']) {
      const out = ['--out', at(`parts/joined.${format}`)];
      await succeed('predict', ...run, ...many, '--out', at(`parts/once.${format}`));
      for (const shard of ['0/2', '1/2', '1/2']) await succeed('predict', ...run, ...many, ...out, '--shard', shard);
      const joined = await succeed('predict', ...run, ...out, '--merge');
      expect(joined.result).toMatchObject({ parts: 2, classified: 20 * 17 });
      expect(readFileSync(at(`parts/joined.${format}`)).equals(readFileSync(at(`parts/once.${format}`)))).toBe(true);
    }
    expect((await selfsup('predict', ...run, '--merge')).stderr).toContain('--shard and --merge need a file');
    await succeed('predict', ...run, at('photos/warm/7.jpg'), '--out', at('found/one.jsonl'), '--threshold', '1');
    const line = JSON.parse(readFileSync(at('found/one.jsonl'), 'utf8')) as Record<string, unknown>;
    expect(line).toMatchObject({ file: at('photos/warm/7.jpg'), class: '', probabilities: { red: line['probability'] } });
    mkdirSync(at('broken'));
    for (let i = 0; i < 258; i++) writeFileSync(at(`broken/${i}.jpg`), 'no picture'); // more than are classified at once
    const mixed = await succeed('predict', ...run, at('broken'), at('photos/warm/7.jpg'), '--out', at('found/mixed.csv'));
    expect(mixed.result).toMatchObject({ classified: 1, counts: { red: 1 } });
    const none = await selfsup('predict', ...run, at('broken/0.jpg'), '--out', at('found/none.csv'));
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('nothing could be classified: 1 input cannot be read')]);
    const unwritable = await selfsup('predict', ...run, at('photos'), '--out', at('labels.csv/x.csv'));
    expect([unwritable.code, unwritable.stderr]).toEqual([1, expect.stringMatching(/cannot write .*choose another place/)]);
    expect(readdirSync(at('found')).sort()).toEqual(['mixed.csv', 'one.jsonl', 'predictions.csv']);
    writeFileSync(at('labels.csv'), 'file,label\ncold/0.jpg,a\nnowhere.jpg,b\n');
    const wrong = await selfsup('fine-tune', ...run, '--data', at('photos'), '--labels', at('labels.csv'), '--overwrite');
    expect(wrong.stderr).toMatch(/labels\.csv has 1 of 2 rows whose file is not in .*photos: nowhere\.jpg \(line 3\)/);
  });

  it('works without labels, minus the accuracy, in a folder of its own choice', async () => {
    mkdirSync(at('unsorted'));
    for (let i = 0; i < 12; i++)
      await photo(at(`unsorted/${i}.jpg`), { width: 20, height: 20, channels: 3, background: 'black', noise: { type: 'gaussian', mean: 20 * i, sigma: 50 } }); // prettier-ignore
    const before = process.cwd();
    process.chdir(root);
    const { stdout, stderr } = await selfsup('train', '--data', 'unsorted', ...few).finally(() => {
      process.chdir(before);
    });
    expect(stderr).toBe('');
    expect(stdout).toContain('Report: file://');
    expect(stdout).toContain('nothing says whether pretraining helped');
    expect(jsonAt('runs/simclr-unsorted-conv-net/result.json')['probes']).toEqual({});
  });
});
