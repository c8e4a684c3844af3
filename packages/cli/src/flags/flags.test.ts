import { Command } from 'commander';
import { describeOptions, sessionSchema } from '@selfsup/pretrain';
import { describe, expect, it } from 'vitest';
import { firstLook } from './first-look.ts';
import { inFlags } from './in-flags.ts';
import { parseAny, parseList, parseNumbers, parsePair } from './parse-value.ts';
import { addFlags, givenBy, kebab, schemaFlags, writtenFlag } from './schema-flags.ts';

describe('values of flags', () => {
  it.each<[string, unknown]>([
    ['3', 3],
    ['true', true],
    ['[1,3]', [1, 3]],
    ['1,3', [1, 3]],
    ['{"a":1}', { a: 1 }],
    ['group', 'group'],
    ['a,b', 'a,b'],
  ])('%s is read as JSON, as a list, or as text', (text, value) => {
    expect(parseAny(text)).toEqual(value);
  });

  it('of a list may be one alone', () => {
    expect(['300', '[300]', '300,200', 'a photo, small, of a {}'].map(parseList)).toEqual([
      [300],
      [300],
      [300, 200],
      ['a photo, small, of a {}'],
    ]);
  });

  it('are gathered by name', () => {
    expect(parsePair('widths=[4,8]', parsePair('norm=group'))).toEqual({ norm: 'group', widths: [4, 8] });
    expect(() => parsePair('=3')).toThrow('It must be name=value');
  });

  it('may be several numbers', () => {
    expect(parseNumbers('1e-4, 0.1')).toEqual([1e-4, 0.1]);
    expect(() => parseNumbers('1,,2')).toThrow('It must be a number, or several with commas between them.');
  });
});

describe('the first look', () => {
  it('finds what decides the flags, the last of each', () => {
    const argv = 'train --task a --out=x=y --plugin p --task=b --resume --plugin q'.split(' ');
    expect(firstLook(argv)).toEqual({ task: 'b', out: 'x=y', resume: true, plugins: ['p', 'q'] });
    expect(firstLook(['train', '--', '--task', 'a'])).toEqual({ resume: false, plugins: [] });
  });
});

describe('flags of a schema', () => {
  const options = [
    { name: 'queueSize', description: 'keys of earlier images', expected: 'an integer >= 1', kind: 'number', default: 4096 },
    { name: 'symmetric', description: 'whether both views are queries', expected: 'true or false', kind: 'boolean', default: false },
    { name: 'biasCorrection', description: 'whether moments are corrected', expected: 'true or false', kind: 'boolean', default: true },
    { name: 'convention', description: 'the loss', expected: 'one of mean, sum', kind: 'string' },
    { name: 'numPrototypes', description: 'clusters', expected: 'a list, each an integer >= 1', kind: 'list' },
    { name: 'momentum', description: 'weight of the old', expected: 'a number', kind: 'number' },
  ] as const;
  const make = (...argv: string[]) => {
    const taken = new Set(['momentum']);
    const flags = schemaFlags(options, { group: 'Task', taken, defaults: { queueSize: 1024 } });
    const command = new Command('x').exitOverride().configureOutput({ writeErr: () => undefined });
    addFlags(command, flags);
    command.parse(argv, { from: 'user' });
    return { command, given: givenBy(command, flags), taken };
  };

  it('say what they are, with the default in effect; names that are taken get none', () => {
    const { command, taken } = make();
    const help = command.helpInformation();
    expect(help).toMatch(/Task:\n {2}--queue-size <n> +keys of earlier images \(default: 1024\)\n/);
    expect(help).toMatch(/--symmetric +both views are queries\n/);
    expect(help).toMatch(/--no-bias-correction +turns off: moments are corrected\n/);
    expect(help).toMatch(/--convention <name> +the loss \(mean, sum\)/);
    expect(help).not.toContain('momentum');
    expect(taken).toContain('queueSize');
  });

  it('give only what was given', () => {
    expect(make().given).toEqual({});
    expect(make('--queue-size', '8', '--symmetric', '--no-bias-correction').given).toEqual({
      queueSize: 8,
      symmetric: true,
      biasCorrection: false,
    });
    expect(make('--num-prototypes', '300').given).toEqual({ numPrototypes: [300] });
    expect(make('--no-symmetric', '--convention', 'sum').given).toEqual({ symmetric: false, convention: 'sum' });
    expect(() => make('--queue-size', 'many')).toThrow('It must be a number.');
  });

  it('are written as people type them', () => {
    expect(['l2', 'knnK', 'invalidUtf8'].map(kebab)).toEqual(['l2', 'knn-k', 'invalid-utf8']);
  });
});

it('options in messages become flags, where there are such', () => {
  const command = new Command('x').option('--batch-size <n>').option('--run <folder>');
  const flagNames = new Map([['taskOptions.queueSize', '--queue-size']]);
  expect(
    inFlags('`batchSize` 3, `views`, the `run` of a file, `taskOptions.queueSize`, `taskOptions.momentum`, `readoutOptions.power`', {
      command,
      flagNames,
    }),
  ).toBe('--batch-size 3, `views`, the `run` of a file, --queue-size, --task-option momentum, --readout-option power');
});

it.each<[string, unknown]>([
  ['backend', 'wasm'],
  ['threads', 2],
  ['threads', 'auto'],
  ['wideVectors', false],
  ['wideVectors', 'auto'],
  ['gradientCheckpointing', true],
  ['gradientCheckpointing', false],
  ['onlineProbe', false],
  ['maxSeconds', 0.5],
  ['probeEvery', 0],
])('%s %j is read again as it is written', (name, value) => {
  const options = describeOptions(sessionSchema);
  const flags = schemaFlags(options, { group: 'Session', taken: new Set() });
  const command = new Command().exitOverride();
  addFlags(command, flags);
  const option = options.find((one) => one.name === name)!;
  command.parse(writtenFlag(option, value).split(' '), { from: 'user' });
  expect(givenBy(command, flags)).toEqual({ [name]: value });
});
