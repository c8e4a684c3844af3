import { describe, expect, it } from 'vitest';
import { assertSameSettings, resolveSettings } from './run-settings.ts';

describe('resolveSettings', () => {
  it('fills in the defaults', () => {
    const settings = resolveSettings({ data: 'shapes', batchSize: 256, limit: 10_000, epochs: undefined });
    expect(settings).toMatchObject({
      task: 'simclr',
      encoder: 'conv-net',
      epochs: 10,
      seed: 0,
      temperature: 0.2,
      testLimit: 2000,
      knnK: 200,
    });
    expect(settings.learningRate).toBeCloseTo(0.12, 12);
    expect('imageSize' in settings || 'clipLength' in settings).toBe(false);
  });

  it('keeps what is given', () => {
    expect(resolveSettings({ data: 'a', limit: 100, testLimit: 7, learningRate: 1 })).toMatchObject({ testLimit: 7, learningRate: 1 });
  });

  it.each([
    [{ task: 'mae' }, { encoder: 'vit-tiny', optimizer: 'adamw', learningRate: 5e-4, weightDecay: 0.05 }],
    [
      { task: 'mae', optimizer: 'sgd' },
      { optimizer: 'sgd', learningRate: 0.06, weightDecay: 5e-4 },
    ],
    [{ task: 'rotation' }, { encoder: 'conv-net', optimizer: 'sgd' }],
    [{ task: 'moco-v3', encoder: 'vit-small' }, { optimizer: 'adamw' }],
    [{ task: 'barlow-twins' }, { encoder: 'conv-net', optimizer: 'lars', learningRate: 0.075 * Math.sqrt(128) }],
    [{ task: 'barlow-twins', encoder: 'vit-tiny' }, { optimizer: 'adamw' }],
    [{ task: 'frame-order' }, { clipLength: 4, frameStride: 1 }],
    [
      { optimizer: 'lars', batchSize: 512 },
      { task: 'simclr', learningRate: 0.075 * Math.sqrt(512), weightDecay: 1e-6 },
    ],
  ] as const)('of %j have the defaults %j', (given, expected) => {
    expect(resolveSettings({ data: 'shapes', ...given })).toMatchObject(expected);
  });

  it.each([
    [{}, 'no data given'],
    [{ data: 'shapes', task: 'nope' }, "unknown task 'nope'; known: simclr"],
    [{ data: 'shapes', encoder: 'vgg' }, "unknown encoder 'vgg'; known: conv-net"],
    [{ data: 'shapes', epochs: 0 }, '--epochs must be an integer >= 1, got 0'],
    [{ data: 'shapes', batchSize: 1.5 }, '--batch-size must be an integer >= 2, got 1.5'],
    [{ data: 'shapes', temperature: 0 }, '--temperature must be a number > 0, got 0'],
    [{ data: 'shapes', seed: -1 }, '--seed must be an integer >= 0, got -1'],
    [{ data: 'shapes', encoder: 3 as unknown as string }, '--encoder must be a name, got 3'],
    [
      { data: 'shapes', task: 'mae', encoder: 'conv-net' },
      '--encoder conv-net does not fit --task mae, which takes vit-tiny, vit-small, vit-base',
    ],
    [{ data: 'shapes', task: 'sim-mim', encoder: 'resnet18' }, 'which takes vit-tiny, vit-small, vit-base'],
    [{ data: 'shapes', recipe: 'nope' }, '--recipe must be one of simclr, moco-v1'],
    [{ data: 'shapes', recipe: 'byol/nope' }, "or name/variant, got 'byol/nope'"],
    [{ data: 'shapes', optimizer: 'adam' as 'sgd' }, "--optimizer must be one of sgd, adamw, lars, got 'adam'"],
  ])('refuses %j', (given, message) => {
    expect(() => resolveSettings(given)).toThrow(message);
  });
});

describe('assertSameSettings', () => {
  const saved = resolveSettings({ data: 'shapes', epochs: 3 });

  it('accepts the same and the absent', () => {
    assertSameSettings({ data: 'shapes', epochs: 3, encoderOptions: {}, seed: undefined }, saved);
  });

  it('names what differs', () => {
    expect(() => {
      assertSameSettings({ encoder: 'resnet18' }, saved);
    }).toThrow('trained with --encoder "conv-net", got "resnet18"');
    expect(() => {
      assertSameSettings({ limit: 5 }, saved);
    }).toThrow('--limit (not set), got 5');
  });
});
