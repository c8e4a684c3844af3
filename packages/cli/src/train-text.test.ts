import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfsup, succeed, type Finished } from '../fixtures/run-command.ts';
import { tinyText, writeTinyCorpus } from '../fixtures/tiny-text.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-text-'));
const at = (name: string) => join(root, name);
const jsonAt = (name: string) => JSON.parse(readFileSync(at(name), 'utf8')) as Record<string, unknown>;
const train = (out: string, ...more: string[]) => succeed('train', ...tinyText(at('corpus')), '--out', at(out), ...more);
interface HeldOut {
  readonly trained: Readonly<Record<'heldOutLoss' | 'unigramEntropy', number>>;
  readonly baselines: Readonly<Record<'untrained' | 'unigramLoss' | 'unigramEntropy', number>>;
}
const heldOut = ({ result }: Finished) => (result['probes'] as { 'held-out': HeldOut })['held-out'];

let whole: Finished;
beforeAll(async () => {
  process.env['XDG_CACHE_HOME'] = at('cache');
  writeTinyCorpus(at('corpus'));
  whole = await train('whole', '--epochs', '8');
});
afterAll(() => {
  delete process.env['XDG_CACHE_HOME'];
  rmSync(root, { recursive: true });
});

describe('selfsup train --task masked-language', () => {
  it('learns its own vocabulary and to guess hidden words', () => {
    const { result, stderr, lines } = whole;
    expect(stderr).toBe('');
    expect(result).toMatchObject({ task: 'masked-language', modality: 'text', encoder: 'bert-tiny', stoppedBy: 'end', epochs: 8 });
    const { trained, baselines } = heldOut(whole);
    expect(trained.heldOutLoss).toBeLessThan(baselines.unigramEntropy);
    expect(baselines.unigramEntropy).toBeLessThan(baselines.unigramLoss);
    expect(baselines.unigramLoss).toBeLessThan(baselines.untrained);
    expect(result['throughput']).toMatchObject({ unit: 'tokens' });
    expect(lines.some(({ type, text }) => type === 'notice' && String(text).includes('learning a WordPiece vocabulary of 120'))).toBe(true);
    expect(readdirSync(at('whole')).sort()).toEqual([
      ...[
        'checkpoint.safetensors',
        'encoder.safetensors',
        'metrics.jsonl',
        'report.html',
        'result.json',
        'run.json',
        'token-counts.json',
        'tokenizer.json',
      ],
    ]);
  });

  it('gives the same after it was stopped and resumed', async () => {
    expect((await train('parts', '--epochs', '8', '--max-seconds', '0.5', '--no-report')).result).toMatchObject({ stoppedBy: 'time' });
    const resumed = await succeed('train', '--resume', '--out', at('parts'), '--no-report');
    expect(resumed.result['checkpoint']).toBe(whole.result['checkpoint']);
    expect(heldOut(resumed)).toEqual(heldOut(whole));
  });

  it('refuses to go on with another tokenizer or other settings', async () => {
    cpSync(at('whole'), at('retold'), { recursive: true });
    const file = at('retold/tokenizer.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"cat"', '"cow"'));
    expect((await selfsup('train', '--resume', '--out', at('retold'))).stderr).toContain('is damaged or was changed since the run began');
    const { stderr } = await selfsup('train', '--resume', '--out', at('whole'), '--length', '32');
    expect(stderr).toContain('this run was trained with --length 18, got 32');
  });

  it('replaces bytes that are not valid UTF-8 where it is asked to, and says so', async () => {
    const sentences = 'the cat lives in the house .\n\n'.repeat(60);
    writeFileSync(at('mixed.txt'), Buffer.concat([Buffer.from(sentences), Buffer.from([0xff, 0x0a])]));
    const { stderr } = await train('mixed', '--data', at('mixed.txt'), '--epochs', '1', '--invalid-utf8', 'replace', '--no-report');
    expect(stderr).toMatch(/replaced 1 places that are not valid UTF-8, the first at byte 1800 of .*mixed\.txt/);
  });

  it('takes a single file as it is: finer documents are found, and kept in run.json', async () => {
    const few = '--task masked-language --vocabulary-size 120 --length 18 --epochs 1 --max-seconds 0.1 --no-report'.split(' ');
    const { stdout, stderr, code } = await selfsup('train', ...few, '--data', at('corpus/a.txt'), '--out', at('single'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^No --documents given, and one file is too few to hold any out: what blank lines separate count as documents .*blank-line/,
    );
    expect(jsonAt('single/run.json')).toMatchObject({ fingerprint: { documentRule: 'blank-line' } });
    expect(existsSync(at('single/report.html'))).toBe(false);
  });

  it('counts several batches as one update', async () => {
    const { lines, result } = await train('accumulated', '--epochs', '1', '--accumulate', '4', '--no-report');
    const start = lines.find(({ type }) => type === 'start')!;
    expect(result['steps']).toBe(start['totalSteps']);
    expect(start['totalSteps']).toBe(Math.ceil(Math.floor(Number(start['train']) / 32) / 4));
  });

  it.each(['replaced-token', 'next-token'])('trains %s', async (task) => {
    const finished = await train(task, '--epochs', '1', '--task', task);
    const { trained, baselines } = Object.values(finished.result['probes'] as Record<string, Record<string, Record<string, number>>>)[0]!;
    expect(trained![task === 'next-token' ? 'heldOutLoss' : 'detectionLoss']).toBeLessThan(baselines!['untrained']!);
    expect(readFileSync(at(`${task}/report.html`), 'utf8')).toContain('Guessed words');
    expect((await selfsup('predict-mask', 'the [MASK]', '--run', at(task))).stderr).toContain('only runs of masked-language');
  });
});

describe('a run on text', () => {
  it('predicts what stands at each mask', async () => {
    const { result } = await succeed(
      'predict-mask',
      'the cat lives in the [MASK] and the [MASK] likes the house .',
      '--run',
      at('whole'),
      '--top',
      '3',
    );
    const guesses = result['guesses'] as { token: string; probability: number }[][];
    expect(guesses.map((words) => words.length)).toEqual([3, 3]);
    expect(['house', 'garden', 'tree', 'water']).toContain(guesses[0]![0]!.token);
    expect(['cat', 'dog', 'bird', 'fish']).toContain(guesses[1]![0]!.token);
    expect((await selfsup('predict-mask', 'the [MASK] lives', '--run', at('whole'))).stdout).toMatch(/\d\.\d\d % {2}\w+/);
  });

  it.each([
    [['no mask here'], 'the text has no [MASK]'],
    [[`[MASK] ${'cat '.repeat(600)}`], 'tokens, the model takes at most'],
    [['[MASK]', '--top', '0'], '--top must be an integer >= 1, got 0'],
  ])('refuses %#', async (argv, message) => {
    const { code, stderr } = await selfsup('predict-mask', ...argv, '--run', at('whole'));
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  it('embeds the texts of a file', async () => {
    writeFileSync(at('lines.txt'), 'the cat lives in the house\nthe fish likes the water\n');
    const { result } = await succeed('embed', '--run', at('whole'), '--data', at('lines.txt'), '--out', at('lines.csv'));
    expect(result).toMatchObject({ rows: 2, dim: 128, dataset: expect.stringContaining('lines') as string });
    const [head, first] = readFileSync(at('lines.csv'), 'utf8').split('\n');
    expect(head).toMatch(/^text,index,e0,.*,e127$/);
    const texts = ['--text', 'the cat lives in the house', '--text', 'a "quoted", text'];
    await succeed('embed', ...texts, '--run', at('whole'), '--out', at('given.csv'));
    const lines = readFileSync(at('given.csv'), 'utf8').trimEnd().split('\n');
    expect([lines.length, lines[1]]).toEqual([3, first]);
    expect(lines[2]).toMatch(/^"a ""quoted"", text",1,/);
  });

  it('is searched by a text, and tells duplicates', async () => {
    const texts = ['the cat lives in the house', 'a fish', 'the fish likes the water', 'a fish', 'the cat lives in the garden', 'water'];
    writeFileSync(at('many.txt'), `${texts.join('\n')}\n`);
    const given = ['--run', at('whole'), '--data', at('many.txt')];
    const { result } = await succeed('search', ...given, '--text', 'the cat lives in the house', '--count', '1');
    expect(result['rows']).toEqual([{ query: texts[0], rank: 1, cosine: expect.closeTo(1, 4) as number, text: texts[0] }]);
    const { result: found } = await succeed('duplicates', ...given, '--report', at('duplicates.html'));
    expect((found['rows'] as { text: string; kind: string }[]).slice(0, 2)).toMatchObject([
      { text: 'a fish', kind: 'exact' },
      { text: 'a fish', kind: 'exact' },
    ]);
    expect(readFileSync(at('duplicates.html'), 'utf8')).toMatch(/<blockquote[^>]*>a fish/);
    expect((await succeed('select', ...given, '--count', '2')).result['rows']).toHaveLength(2);
    expect((await succeed('outliers', ...given)).result['rows']).toHaveLength(6);
  });

  it('classifies texts by a linear probe and by fine-tuning, which its report shows, also where the text is gone', async () => {
    const rows = Array.from({ length: 24 }, (_, i) => `the ${i % 2 ? 'cat' : 'fish'} lives in the garden\t${i % 2}`);
    mkdirSync(at('labels'));
    for (const name of ['train', 'test']) writeFileSync(at(`labels/${name}.tsv`), `${rows.join('\n')}\n`);
    const run = ['--run', at('whole')];
    const probe = await succeed('evaluate', 'linear-probe', ...run, '--data', at('labels/train.tsv'), '--test-data', at('labels/test.tsv'));
    expect(probe.result).toMatchObject({ testSamples: 24, findings: { trained: { accuracy: 100 } } });
    const files = ['--data', at('labels/train.tsv'), '--test-data', at('labels/test.tsv')];
    const flags = '--method full --scratch --seeds 0 --epochs 10 --min-steps 30 --learning-rate 0.003 --option pooling=mean'.split(' ');
    const { lines, stderr } = await succeed('fine-tune', ...run, ...files, ...flags);
    expect(stderr).toBe('');
    expect(lines.find(({ type }) => type === 'trial')).toMatchObject({ arm: 'pretrained', count: 24, seed: 0, accuracy: 1 });
    expect(jsonAt('whole/fine-tune-labels-train.json')).toMatchObject({
      testSamples: 24,
      rows: [{ mean: 1, deviation: null }, { arm: 'scratch' }],
    });
    expect(jsonAt('whole/classifiers/full-train/classifier.json')).toMatchObject({ kind: 'fine-tuned', options: { pooling: 'mean' } });
    const said = await selfsup('predict', ...run, '--text', 'the cat lives in the garden', '--text', 'the fish, lives in the garden');
    expect([said.code, said.stdout.split('\n')[0]]).toEqual([0, 'text,class,probability,p_0,p_1']);
    expect(said.stdout).toMatch(/\nthe cat lives in the garden,1,0\.\d+,0\.\d+,0\.\d+\n"the fish, lives in the garden",0,/);

    await succeed('report', ...run);
    const page = readFileSync(at('whole/report.html'), 'utf8');
    for (const title of ['Fine-tuning on labels/train.tsv', 'Guessed words', 'Nearest neighbors']) expect(page).toContain(title);
    renameSync(at('corpus'), at('elsewhere'));
    const gone = await selfsup('report', ...run);
    renameSync(at('elsewhere'), at('corpus'));
    expect([gone.code, gone.stderr]).toEqual([0, expect.stringMatching(/the report shows no map and no neighbors: .*no file matches/)]);
  });

  it('finds text and labels of a table where it is told, in evaluate, embed and fine-tune', async () => {
    const lines = Array.from(
      { length: 40 },
      (_, i) => `${i},${i % 2 ? 'pet' : 'wild'},"the ${i % 2 ? 'cat' : 'fish'} in the ${i % 3 ? 'house' : 'water'}",so`,
    );
    writeFileSync(at('odd.csv'), lines.join('\n'));
    const columns = ['--text-column', '2,3', '--label-column', '1'];
    for (const [source, ...argv] of [
      ['--data', 'evaluate', 'knn'],
      ['--data', 'evaluate', 'linear-probe', '--max-iterations', '20'],
      ['--data', 'embed', '--out', at('odd.npy')],
      ['--data', 'fine-tune', '--overwrite'],
    ] as const) {
      const given = [...argv, '--run', at('whole'), source, at('odd.csv')];
      expect((await selfsup(...given)).stderr).toMatch(
        /got 4 columns; say which with --text-column: .*, and the label with --label-column/,
      );
      await succeed(...given, ...columns);
    }
    const { result } = await succeed(
      'embed',
      '--run',
      at('whole'),
      '--data',
      at('odd.csv'),
      ...columns,
      '--header',
      '--out',
      at('odd.npy'),
    );
    expect(result['rows']).toBe(39); // the first line names the columns
    expect((await selfsup('evaluate', 'knn', '--run', at('whole'), '--data', at('corpus/a.txt'))).stderr).toContain(
      'no labels for both training and test texts in ',
    );
  });

  it('is exported as a folder for transformers, with the tokenizer', async () => {
    const { result } = await succeed('export', '--run', at('whole'), '--format', 'huggingface', '--out', at('bert'));
    expect(result['files']).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']));
    expect(jsonAt('bert/config.json')).toMatchObject({ model_type: 'bert', architectures: ['BertForMaskedLM'], hidden_size: 128 });
    const again = await selfsup('export', '--run', at('whole'), '--out', at('bert'));
    expect(again.stderr).toMatch(/--out must be a new or empty folder, but .*bert holds (README\.md|config\.json)/);
    const other = await selfsup('export', '--run', at('whole'), '--format', 'onxx', '--out', at('never'));
    expect(other.stderr).toContain("cannot be exported as 'onxx'");
    expect(existsSync(at('never'))).toBe(false);
  });

  it('says once what is wrong with its checkpoint', async () => {
    cpSync(at('single'), at('damaged'), { recursive: true });
    const checkpoint = at('damaged/checkpoint.safetensors');
    writeFileSync(checkpoint, readFileSync(checkpoint).subarray(0, -4));
    const fails = async (message: RegExp) => {
      const { code, stderr } = await selfsup('export', '--run', at('damaged'), '--out', at('never'));
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(existsSync(at('never'))).toBe(false);
    };
    await fails(/damaged/);
    rmSync(checkpoint);
    rmSync(at('damaged/encoder.safetensors'), { force: true });
    await fails(/has no checkpoint yet; go on with: selfsup train --resume --out/);
  });
});

describe('bad input on text', () => {
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(at(name), content);
    return at(name);
  };
  const folder = (name: string) => (mkdirSync(at(name)), at(name));
  const cases: [name: string, prepare: () => string[], message: RegExp][] = [
    ['no text files', () => ['--data', folder('none')], /no file matches .*none/],
    [
      'an empty corpus',
      () => (
        folder('empty'),
        write('empty/a.txt', ''),
        ['--data', at('empty'), '--tokenizer', write('vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n')]
      ),
      /there is no text in/,
    ],
    ['one document', () => ['--documents', 'file'], /there is one document .*give more texts.*or hold nothing out \(--test-fraction 0\)/],
    [
      'bytes that are not UTF-8',
      () => ['--data', write('latin.txt', Buffer.from('caf\xe9 au lait', 'latin1'))],
      /latin\.txt.*byte 3.*--invalid-utf8/,
    ],
    [
      'a vocabulary without [MASK]',
      () => ['--tokenizer', write('maskless.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n')],
      /must have a mask token such as \[MASK\]/,
    ],
    ['a tokenizer that is not there', () => ['--tokenizer', at('nowhere.txt')], /there is no file at .*nowhere\.txt/],
    ['a length over the model', () => ['--encoder-option', 'maxPositions=8'], /--length 18 is over the 8 positions/],
    ['an option of tasks on images', () => ['--temperature', '0.1'], /--temperature is an option of simclr.*not of masked-language/],
    [
      'an option of images',
      () => ['--image-size', '8'],
      /--image-size is for images, videos and images with texts; masked-language learns from text/,
    ],
    [
      'an encoder of images',
      () => ['--encoder', 'resnet18'],
      /the encoder resnet18 does not fit the task masked-language, which takes bert-tiny/,
    ],
    ['a mask rate above 1', () => ['--mask-rate', '1.5'], /--mask-rate must be a number .*1.*, got 1\.5/],
    [
      'a batch larger than the text',
      () => ['--batch-size', '100000'],
      /a batch of 100000 is larger than the \d+ training sequences of .*; use a batch of \d+ or less, or more sequences, or a shorter --length/,
    ],
    ['a config that is not there', () => ['--config', at('nowhere.ts')], /--config: there is no file .*nowhere\.ts/],
  ];

  it.each(cases)('%s: one clear line, exit code 1, nothing written', async (_name, prepare, message) => {
    const { code, stderr } = await selfsup('train', ...tinyText(at('corpus')), '--out', at('bad'), ...prepare());
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^selfsup: [^\n]+\n$/);
    expect(code).toBe(1);
    expect(existsSync(at('bad'))).toBe(false);
  });
});
