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
    expect('imageSize' in settings).toBe(false);
  });

  it('keeps what is given', () => {
    expect(resolveSettings({ data: 'a', limit: 100, testLimit: 7, learningRate: 1 })).toMatchObject({ testLimit: 7, learningRate: 1 });
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
