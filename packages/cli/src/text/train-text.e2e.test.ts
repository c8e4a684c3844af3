import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

// a Node that cannot run TypeScript (20) runs the build; `npm -w packages/cli run build` and that of the others come first there
const program = process.features.typescript
  ? ['--conditions=@selfsup/source', fileURLToPath(new URL('../bin.ts', import.meta.url))]
  : [fileURLToPath(new URL('../../dist/bin.js', import.meta.url))];
const root = mkdtempSync(join(tmpdir(), 'selfsup-text-'));
const at = (name: string) => join(root, name);

type Line = Record<string, unknown> & { type: string };

function selfsup(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...program, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: at('cache') },
  });
  const lines = () => stdout.trim().split('\n').map((line) => JSON.parse(line) as Line); // prettier-ignore
  return { status, stdout, stderr, lines };
}

const train = (out: string, ...more: string[]) => [
  ...'train --task masked-language --data corpus --documents blank-line --test-fraction 0.2 --vocabulary-size 120 --length 18'.split(' '),
  ...'--batch-size 32 --learning-rate 0.004 --adam-variant standard --config selfsup.config.json --json --out'.split(' '),
  ...[out, ...more],
];

beforeAll(() => {
  mkdirSync(at('corpus'));
  writeFileSync(at('selfsup.config.json'), JSON.stringify({ encoderOptions: { dropoutRate: 0, attentionDropoutRate: 0 } }));
  const [animals, places] = [
    ['cat', 'dog', 'bird', 'fish'],
    ['house', 'garden', 'tree', 'water'],
  ];
  const lines = Array.from({ length: 400 }, (_, i) => {
    const kind = (i * 7 + (i >> 2)) % 4;
    return `the ${animals[kind]!} lives in the ${places[kind]!} and the ${animals[kind]!} likes the ${places[kind]!} .`;
  });
  writeFileSync(at('corpus/a.txt'), lines.join('\n\n'));
});

describe('selfsup train --task masked-language', () => {
  it('learns its own vocabulary and to guess hidden words, the same in one go and with an interruption', () => {
    const whole = selfsup(...train('whole', '--epochs', '8'));
    expect(whole.stderr).toBe('');
    const result = whole.lines().at(-1)!;
    expect(result).toMatchObject({ type: 'result', task: 'masked-language', encoder: 'bert-tiny', stoppedBy: 'end', epochs: 8 });
    expect(result['heldOutLoss']).toBeLessThan(Number(result['unigramEntropy']));
    expect(result['unigramEntropy']).toBeLessThan(Number(result['unigramLoss']));
    expect(result['unigramLoss']).toBeLessThan(Number(result['heldOutUntrained']));
    expect(result['tokensPerSecond']).toBeGreaterThan(0);
    const { type, ...saved } = result;
    expect(JSON.parse(readFileSync(at('whole/result.json'), 'utf8'))).toEqual({ type, ...saved });

    const first = selfsup(...train('parts', '--epochs', '8', '--max-seconds', '0.5'));
    expect(first.lines().at(-1)).toMatchObject({ stoppedBy: 'time' });
    const second = selfsup('train', '--resume', '--out', 'parts', '--json', '--config', 'selfsup.config.json');
    expect(second.lines().at(-1)).toMatchObject({ checkpoint: result['checkpoint'], heldOutLoss: result['heldOutLoss'] });
  });

  it('refuses to go on with another tokenizer', () => {
    cpSync(at('whole'), at('retold'), { recursive: true });
    const file = at('retold/tokenizer.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"cat"', '"cow"'));
    expect(selfsup('train', '--resume', '--out', 'retold').stderr).toContain('is not the tokenizer that this run began with');
  });

  it('replaces bytes that are no UTF-8 where it is asked to, and says so', () => {
    const sentences = 'the cat lives in the house .\n\n'.repeat(60);
    writeFileSync(at('mixed.txt'), Buffer.concat([Buffer.from(sentences), Buffer.from([0xff, 0x0a])]));
    const { status, stderr } = selfsup(...train('mixed', '--data', 'mixed.txt', '--epochs', '1', '--invalid-utf8', 'replace'));
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/replaced 1 places that are no UTF-8, the first at byte 1800 of .*mixed\.txt/),
    ]);
  });

  it('takes a single file as it is: finer documents are found, and kept in run.json', () => {
    const args =
      'train --task masked-language --data corpus/a.txt --vocabulary-size 120 --length 18 --epochs 1 --max-seconds 0.1 --no-report --out single';
    const { status, stdout, stderr } = selfsup(...args.split(' '));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('one file is too few to hold any out: what blank lines part count as documents (--documents blank-line)\n');
    expect(JSON.parse(readFileSync(at('single/run.json'), 'utf8'))).toMatchObject({ settings: { documents: 'blank-line' } });
    expect(existsSync(at('single/report.html'))).toBe(false);
  });

  it('refuses to go on with other settings, and image commands on a run on text', () => {
    expect(selfsup('train', '--resume', '--out', 'whole', '--length', '32').stderr).toContain('trained with --length 18, got 32');
    expect(selfsup('embed', '--run', 'whole', '--out', 'x.npy').stderr).toContain('is a run on text');
  });

  it('counts several batches as one update', () => {
    const { lines } = selfsup(...train('accumulated', '--epochs', '1', '--accumulate', '4'));
    const [start, result] = [lines().find(({ type }) => type === 'start')!, lines().at(-1)!];
    expect(result['steps']).toBe(start['totalSteps']);
    expect(start['totalSteps']).toBe(Math.ceil(Math.floor(Number(start['train']) / 32) / 4));
  });

  it.each(['replaced-token', 'next-token'])('trains %s', (task) => {
    const { lines, stderr } = selfsup(...train(task, '--epochs', '1', '--task', task));
    expect(stderr).toBe('');
    const result = lines().at(-1)!;
    expect(result['heldOutLoss']).toBeLessThan(Number(result['heldOutUntrained']));
    const page = readFileSync(at(`${task}/report.html`), 'utf8');
    expect(page.match(/<mark>(cat|dog|bird|fish|house|garden|tree|water|lives|likes|the|and|in)<\/mark>/g)).toHaveLength(12); // two words of six sentences
    expect(page.match(/in its place: replaced/g) ?? []).toHaveLength(task === 'replaced-token' ? 12 : 0);
    expect(selfsup('predict-mask', 'the [MASK]', '--run', task).stderr).toContain('only runs of masked-language');
  });
});

describe('selfsup predict-mask', () => {
  it('says what stands at each mask', () => {
    const { lines } = selfsup(
      'predict-mask',
      'the cat lives in the [MASK] and the [MASK] likes the house .',
      '--run',
      'whole',
      '--top',
      '3',
      '--json',
    );
    const guesses = lines().at(-1)!['guesses'] as { token: string; probability: number }[][];
    expect(guesses.map((words) => words.length)).toEqual([3, 3]);
    for (const words of guesses)
      expect(words.map(({ probability }) => probability)).toEqual(words.map(({ probability }) => probability).sort((a, b) => b - a));
    expect(['house', 'garden', 'tree', 'water']).toContain(guesses[0]![0]!.token);
    expect(['cat', 'dog', 'bird', 'fish']).toContain(guesses[1]![0]!.token);
    expect(selfsup('predict-mask', 'the [MASK] lives', '--run', 'whole').stdout).toMatch(/\d\.\d\d % {2}\w+/);
  });

  it.each([
    ['no mask here', 'the text has no [MASK]'],
    [`[MASK] ${'cat '.repeat(600)}`, 'tokens, the model takes at most 512'],
  ])('refuses %#: %s', (text, message) => {
    const { status, stderr } = selfsup('predict-mask', text, '--run', 'whole');
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});

describe('selfsup fine-tune and export', () => {
  it('classifies texts with the encoder of a run', () => {
    const rows = Array.from({ length: 24 }, (_, i) => `the ${i % 2 ? 'cat' : 'fish'} lives in the garden\t${i % 2}`);
    writeFileSync(at('labeled.tsv'), `${rows.join('\n')}\n`);
    const files = ['--train', 'labeled.tsv', '--test', 'labeled.tsv'];
    const { lines, stderr } = selfsup(
      'fine-tune',
      '--run',
      'whole',
      ...files,
      '--seeds',
      '0',
      '--epochs',
      '10',
      '--learning-rate',
      '0.003',
      '--json',
    );
    expect(stderr).toBe('');
    expect(lines().find(({ type }) => type === 'trial')).toMatchObject({ arm: 'pretrained', count: 24, seed: 0, accuracy: 1 });
    const [kept] = readdirSync(at('whole')).filter((name) => name.startsWith('fine-tune-'));
    expect(kept).toMatch(/^fine-tune-selfsup-text-\w+-labeled\.json$/);
    expect(JSON.parse(readFileSync(at(`whole/${kept!}`), 'utf8'))).toMatchObject({ testTexts: 24, rows: [{ mean: 1, deviation: null }] });
  });

  it('draws it into the report, also where the text is gone', () => {
    expect(readFileSync(at('whole/report.html'), 'utf8')).not.toContain('Fine-tuning on');
    expect(selfsup('report', '--run', 'whole', '--json').lines().at(-1)).toMatchObject({ type: 'result', command: 'report' });
    const page = readFileSync(at('whole/report.html'), 'utf8');
    expect(page).toMatch(/Fine-tuning on selfsup-text-\w+\/labeled\.tsv/);
    expect(page.match(/<mark>/g)).toHaveLength(12);
    expect(page.match(/<li class="right">/g)!.length).toBeGreaterThan(6); // it has learned the sentences
    cpSync(at('whole'), at('moved'), { recursive: true });
    const file = at('moved/run.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"data": "corpus"', '"data": "gone"'));
    const { status, stderr } = selfsup('report', '--run', 'moved');
    expect([status, stderr]).toEqual([0, expect.stringContaining('the report shows no guessed words: openCorpus: no file matches gone')]);
    expect(readFileSync(at('moved/report.html'), 'utf8')).not.toContain('<mark>');
  });

  it('writes a folder for transformers, with the tokenizer', () => {
    const { status, stderr } = selfsup('export', '--run', 'whole', '--format', 'huggingface', '--out', 'bert');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(readFileSync(at('bert/config.json'), 'utf8'))).toMatchObject({
      model_type: 'bert',
      architectures: ['BertForMaskedLM'],
      hidden_size: 128,
    });
    for (const name of ['model.safetensors', 'tokenizer.json']) expect(existsSync(at(`bert/${name}`))).toBe(true);
  });
});

describe('bad input', () => {
  const cases: [name: string, prepare: () => string[], message: RegExp][] = [
    ['no text files', () => (mkdirSync(at('none')), ['--data', 'none']), /no file matches none/],
    [
      'an empty corpus',
      () => (mkdirSync(at('empty')), writeFileSync(at('empty/a.txt'), ''), ['--data', 'empty', '--tokenizer', 'vocab.txt']),
      /there is no text in/,
    ],
    ['one document', () => ['--documents', 'file'], /--test-fraction 0\.2 leaves no document .*let --documents cut finer/],
    [
      'bytes that are no UTF-8',
      () => (writeFileSync(at('latin.txt'), Buffer.from('caf\xe9 au lait', 'latin1')), ['--data', 'latin.txt']),
      /latin\.txt.*byte 3.*--invalid-utf8/,
    ],
    [
      'a vocabulary without [MASK]',
      () => (writeFileSync(at('maskless.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n'), ['--tokenizer', 'maskless.txt']),
      /must have a mask token such as \[MASK\]/,
    ],
    ['a tokenizer that is not there', () => ['--tokenizer', 'nowhere.txt'], /there is no file at nowhere\.txt/],
    [
      'a length over the model',
      () => (writeFileSync(at('short.json'), '{"encoderOptions":{"maxPositions":8}}'), ['--config', 'short.json']),
      /--length 18 is over the 8 positions/,
    ],
    ['a setting of images', () => ['--temperature', '0.1'], /--temperature is a setting of images/],
    ['an encoder of images', () => ['--encoder', 'resnet18'], /unknown encoder of text 'resnet18'; known: bert-tiny/],
    ['a mask rate above 1', () => ['--mask-rate', '1.5'], /--mask-rate must be a number in \(0, 1\), got 1.5/],
    ['a batch larger than the text', () => ['--batch-size', '100000'], /--batch-size 100000 is larger than the \d+ training sequences/],
  ];
  writeFileSync(at('vocab.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n');

  it.each(cases)('%s: one clear line, exit code 1, nothing written', (_name, prepare, message) => {
    const args = train('bad', ...prepare()).filter((arg) => arg !== '--json');
    const { status, stderr } = selfsup(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^selfsup: [^\n]+\n$/);
    expect(status).toBe(1);
    expect(existsSync(at('bad'))).toBe(false);
  });
});
