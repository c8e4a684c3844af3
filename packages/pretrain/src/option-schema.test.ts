import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { builtinPlugins } from './builtins.ts';
import { describeOptions, parseOptions, type OptionSchema } from './option-schema.ts';
import { createRegistry } from './registry.ts';

const registry = createRegistry(builtinPlugins);
const messageOf = (schema: OptionSchema, given: object): string => {
  try {
    parseOptions(schema, given, { who: 'it' });
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing is wrong';
};
const optionsOf = (task: string) => registry.tasks.get(task).options as OptionSchema;

describe('a check that the description does not tell of', () => {
  it.each<[string, OptionSchema, object, string]>([
    [
      'the order of two numbers',
      optionsOf('i-jepa'),
      { targetScale: [0.5, 0.2] },
      'it: `targetScale` must be a list of 2: a number in (0, 1], a number in (0, 1]; the first must not be above the second, got [0.5,0.2]',
    ],
    ['of ibot', optionsOf('ibot'), { maskRatio: [0.5, 0.2] }, 'the first must not be above the second'],
    [
      'what a text must hold',
      registry.modalities.get('image-text').options as OptionSchema,
      { templates: ['photo'] },
      'it: `templates` must be a list of at least 1, each text; each must have {} where the name of a class goes, got ["photo"]',
    ],
    ['of other options', z.object({ a: z.number(), b: z.number() }).refine(({ a, b }) => a < b, '`a` must be below `b`'), { a: 2, b: 1 }, 'it: `a` must be below `b`'], // prettier-ignore
    ['of an option that was not given', z.object({ a: z.number(), b: z.number().default(1) }).refine(({ a, b }) => a < b, { path: ['b'], message: 'must be above `a`' }), { a: 2 }, 'it: `b`: must be above `a`'], // prettier-ignore
  ])('is said: %s', (_what, schema, given, message) => {
    expect(messageOf(schema, given)).toContain(message);
  });

  it.each<[string, object, string]>([
    ['a number out of range', { momentum: 2 }, 'it: `momentum` must be a number in [0, 1], got 2'],
    [
      'one beyond the safe integers',
      { numTargets: 1e20 },
      'it: `numTargets` must be an integer >= 1 and <= 9007199254740991, got 100000000000000000000',
    ],
    ['an infinite one', { numTargets: Infinity }, 'it: `numTargets` must be an integer >= 1, got Infinity'],
    [
      'a list too short',
      { targetScale: [0.5] },
      'it: `targetScale` must be a list of 2: a number in (0, 1], a number in (0, 1], got [0.5]',
    ],
    ['a choice', { distance: 'far' }, "it: `distance` must be one of smooth-l1, squared, got 'far'"],
  ])('is not repeated where it does: %s', (_what, given, message) => {
    expect(messageOf(optionsOf('i-jepa'), given)).toBe(message);
  });

  it('is not repeated where there are several ways to write it', () => {
    const { options } = registry.modalities.get('image');
    expect(messageOf(options as OptionSchema, { imageSize: 'large' })).toMatch(/as text such as 96x128, got 'large'$/);
  });
});

describe('a list', () => {
  const schema = z.object({ widths: z.array(z.int().min(1)).min(1), pair: z.tuple([z.int(), z.int()]).optional() });

  it('of one is shown where its item was given alone', () => {
    expect(messageOf(schema, { widths: 8 })).toBe(
      'it: `widths` must be a list of at least 1, each an integer >= 1, got 8; a list of one is [8]',
    );
    expect(messageOf(schema, { widths: 'x' })).toMatch(/, got 'x'$/);
    expect(messageOf(schema, { widths: [] })).toMatch(/a list of at least 1, each an integer >= 1, got \[\]$/);
  });

  it('is told from what else is written as JSON', () => {
    expect(describeOptions(schema).map(({ name, kind }) => [name, kind])).toEqual([
      ['widths', 'list'],
      ['pair', 'json'],
    ]);
  });
});
