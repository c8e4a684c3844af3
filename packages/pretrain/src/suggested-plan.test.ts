import { describe, expect, it } from 'vitest';
import { leavesOpen, mergeSuggestion, reasonsWithout } from './suggested-plan.ts';
import type { Suggestion } from './modality.ts';
import type { RunConfig } from './run-config.ts';

const suggestion: Suggestion = {
  settings: {
    encoder: 'conv-net',
    start: 'patches',
    readout: 'pyramid',
    readoutOptions: { levels: ['a'], power: 0.5 },
    epochs: 0,
    knnK: 20,
  },
  reasons: [
    'conv-net for images',
    { of: 'start', text: 'start patches: why' },
    { of: 'readout', text: 'readout pyramid: why' },
    { of: 'epochs', text: 'no training: why' },
  ],
};
const merge = (config: RunConfig) => mergeSuggestion(suggestion, { minutes: 1, ...config }, (name) => `\`${name}\``);

describe('leavesOpen', () => {
  it.each<[RunConfig, boolean]>([
    [{}, true],
    [{ start: 'random', readout: 'global', readoutOptions: { power: 1 }, epochs: 3, batchSize: 8 }, true],
    [{ task: undefined, encoderOptions: {}, taskOptions: {} }, true],
    [{ task: 'simclr' }, false],
    [{ taskOptions: { temperature: 1 } }, false],
    [{ encoder: 'conv-net' }, false],
    [{ encoderOptions: { widths: [4] } }, false],
    [{ init: new Uint8Array(1) }, false],
  ])('of %j is %s', (config, open) => {
    expect(leavesOpen({ minutes: 1, ...config })).toBe(open);
    expect(leavesOpen(config)).toBe(false);
  });
});

describe('mergeSuggestion', () => {
  it('gives all of it where nothing is named, and where the same is named', () => {
    const { settings, reasons } = merge({});
    expect(settings).toEqual(suggestion.settings);
    expect(reasons).toEqual(['conv-net for images', 'start patches: why', 'readout pyramid: why', 'no training: why']);
    expect(merge({ start: 'patches', readout: 'pyramid', epochs: 0 })).toEqual({ settings, reasons });
    expect(merge({ start: undefined })).toEqual({ settings, reasons });
  });

  it('leaves the epochs to the time with another start, and keeps the rest', () => {
    const { settings, reasons } = merge({ start: 'random' });
    expect(settings).toEqual({ ...suggestion.settings, epochs: undefined });
    expect(reasons).toEqual([
      'conv-net for images',
      'readout pyramid: why',
      '`start` random is your choice, in place of patches',
      'to train nothing was meant for the start patches; with yours the time decides the epochs',
    ]);
    expect(merge({ start: 'random', epochs: 0 }).reasons.at(-1)).toBe('nothing is trained: the encoder keeps its random weights');
  });

  it('adds options to those of the suggested readout, and drops these with another one', () => {
    const { settings, reasons } = merge({ readoutOptions: { power: 1 } });
    expect(settings).toEqual({ ...suggestion.settings, readoutOptions: { levels: ['a'], power: 1 } });
    expect(reasons.at(-1)).toBe("`readoutOptions.power` is your choice; the readout's other options stay");
    const other = merge({ readout: 'patches', readoutOptions: { grid: 2 } });
    expect(other.settings.readoutOptions).toEqual({ grid: 2 });
    expect(other.reasons).toContain('the options that suit the readout pyramid are dropped with it');
    expect(other.reasons).not.toContain('readout pyramid: why');
  });

  it('says that epochs are given, and what has no effect without any', () => {
    const { reasons } = merge({ epochs: 3, learningRate: 0.1 });
    expect(reasons).not.toContain('no training: why');
    expect(reasons.slice(-2)).toEqual([
      '`epochs` 3 is your choice, in place of 0',
      'the time decides no epochs, since `epochs` says how many',
    ]);
    expect(merge({ learningRate: 0.1 }).reasons.at(-1)).toBe('`learningRate` changes nothing, since nothing is trained');
  });
});

it('says what the plan would be without what it is about', () => {
  const planned = { task: 'simclr', encoder: 'resnet18', start: 'random', readout: 'global' };
  const reasons = (config: RunConfig) => reasonsWithout(suggestion, { planned, config }, (name) => name);
  expect(reasons({ task: 'simclr', encoder: 'resnet18' })).toEqual([
    'task and encoder are yours, so all that you do not name is as usual for simclr: encoder resnet18, start random, readout global; without them the plan would be encoder conv-net, start patches, readout pyramid, epochs 0',
  ]);
  expect(reasons({ init: new Uint8Array(1) })[0]).toMatch(/^init is yours, .*: encoder resnet18, readout global; without it/);
});
