import { expect, it } from 'vitest';
import { soloCollective } from './collective.ts';
import { createRng } from './rng.ts';
import { createStepContext } from './step-context.ts';

const rng = createRng(4);
const seedOf = (options: Partial<Parameters<typeof createStepContext>[0]> & { rank?: number }, name = 'masks') => {
  const { rank = 0, ...rest } = options;
  return createStepContext({ rng, step: 2, totalSteps: 9, collective: { ...soloCollective, rank, worldSize: 4 }, ...rest })
    .stream(name)
    .seed();
};

it('a stream is a function of seed, step, name and the part of the batch: micro-batches of all ranks, in rank order', () => {
  const step = rng.fold('step').fold(2).fold(0);
  expect(seedOf({})).toBe(step.fold('masks').seed());
  expect(seedOf({ rank: 3 })).toBe(step.ofPart(3).fold('masks').seed());
  expect(seedOf({ rank: 3, microBatch: 1 })).toBe(step.ofPart(7).fold('masks').seed());
  const seeds = [
    seedOf({}),
    seedOf({ rng: createRng(5) }),
    seedOf({ step: 3 }),
    seedOf({ rank: 1 }),
    seedOf({ microBatch: 1 }),
    seedOf({}, 'noise'),
  ];
  expect(new Set(seeds).size).toBe(6);
  expect(seedOf({ totalSteps: 10, training: false })).toBe(seedOf({}));
});

it('a second call gives the same numbers, and what is shared is the same on all ranks', () => {
  const context = createStepContext({ rng, step: 0, totalSteps: 1 });
  expect(context).toMatchObject({ step: 0, totalSteps: 1, training: true, collective: soloCollective });
  expect(context.stream('a').seed()).toBe(context.stream('a').seed());
  expect(seedOf({ rank: 3, microBatch: 2, shared: true })).toBe(seedOf({}));
});

it('hands on the ranks of normalization where there are several, and not to what all compute alike', () => {
  const collective = { ...soloCollective, worldSize: 2 };
  const synchronizeOf = (options: Partial<Parameters<typeof createStepContext>[0]>) =>
    createStepContext({ rng, step: 0, totalSteps: 1, collective, synchronizeNormalization: true, ...options }).synchronize;
  expect(synchronizeOf({})).toBe(collective);
  for (const options of [{ synchronizeNormalization: false }, { shared: true }, { collective: soloCollective }])
    expect(synchronizeOf(options)).toBeUndefined();
});

it.each([
  [{ step: -1 }, '`step` must be an integer >= 0, got -1'],
  [{ totalSteps: 0 }, '`totalSteps` must be an integer >= 1, got 0'],
  [{ microBatch: 0.5 }, '`microBatch` must be an integer >= 0, got 0.5'],
])('refuses %j', (options, message) => {
  expect(() => seedOf(options)).toThrow(`createStepContext: ${message}`);
});

it.each([
  ['', '""'],
  [3 as unknown as string, '3'],
])('refuses the name %j', (name, shown) => {
  expect(() => seedOf({}, name)).toThrow(`ctx.stream: \`name\` must be a non-empty string, got ${shown}`);
});
