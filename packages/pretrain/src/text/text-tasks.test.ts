import { selectBackend } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildTextRun } from '../../fixtures/tiny-text.ts';
import { describeOptions, parseOptions } from '../option-schema.ts';
import { textTasks } from './recipes/text-tasks.ts';
import { textModality } from './text-modality.ts';

beforeAll(async () => {
  await selectBackend({ prefer: 'wasm' });
});

/** What each task had before it had options. */
const MASKING = { maskRate: 0.15, maskRule: 'counted', maskUnit: 'token', spanProbability: 0.2, maxSpan: 10 };
const DEFAULTS: Readonly<Record<string, object>> = {
  'masked-language': { ...MASKING, maskFraction: 0.8, randomFraction: 0.1 },
  'replaced-token': { ...MASKING, maskFraction: 0.85, randomFraction: 0, generatorLayers: 2, discriminatorWeight: 50 },
  'next-token': {},
  'data2vec-text': {
    ...MASKING,
    maskFraction: 0.8,
    randomFraction: 0.1,
    part: 'feed-forward',
    beta: 4,
  },
  declutr: { reads: 'embedding', dropRate: 0.5, temperature: 0.1 },
  'skip-gram': { window: 5, negatives: 5, subsample: 0.001 },
  'sim-cse': { head: 'mlp', temperature: 0.05 },
  tsdae: { deleteRate: 0.6, tied: true },
  'span-corruption': { noiseDensity: 0.15, meanSpanLength: 3 },
};

it('there is a default of every option of every task', () => {
  expect(textTasks.map(({ name }) => name)).toEqual(Object.keys(DEFAULTS));
});

it('an alarm speaks of guessed words where words are guessed', () => {
  const causeOf = ({ collapse }: (typeof textTasks)[number]) =>
    (collapse?.({}, {} as never).causes ?? textModality.collapseCauses)?.dimensional?.likelyCause;
  const guessing = textTasks.filter((recipe) => causeOf(recipe)?.includes('how often words occur')).map(({ name }) => name);
  expect(guessing).toEqual(['masked-language', 'replaced-token', 'next-token', 'tsdae', 'span-corruption']);
});

describe.each(textTasks.map((recipe) => [recipe.name, recipe] as const))('the task %s', (name, recipe) => {
  it('is described, with the numbers of its paper', () => {
    expect(recipe.paper).toMatch(/^https:\/\//);
    expect(recipe.summary).toMatch(/\.$/);
    for (const option of describeOptions(recipe.options)) expect(option.description, option.name).not.toBe('');
    expect(parseOptions(recipe.options, {}, { who: name })).toEqual(DEFAULTS[name]);
  });

  it('trains, and leaves nothing behind', async () => {
    const before = tf.memory().numTensors;
    const { train, trainer } = await buildTextRun(name, { dropoutRate: name === 'sim-cse' ? 0.1 : 0 });
    const during = tf.memory().numTensors;
    const [first, ...rest] = await train(3);
    expect([first, ...rest].every((loss) => Number.isFinite(loss))).toBe(true);
    expect(rest.at(-1)).toBeLessThan(first!);
    await train(1);
    const slots = tf.memory().numTensors - during; // of the optimizer
    await train(1);
    expect(tf.memory().numTensors - during).toBe(slots);
    trainer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

it.each([{ maskRate: 0.5 }, { maskRule: 'bernoulli' }, { maskUnit: 'whole-word' }, { maskUnit: 'span' }, { maxMasked: 1 }])(
  'masked-language takes %j',
  async (taskOptions) => {
    const { train, trainer } = await buildTextRun('masked-language', { taskOptions });
    expect((await train(1)).every(Number.isFinite)).toBe(true);
    trainer.dispose();
  },
);

it('replaced-token takes the size of its generator, and sequences of any length', async () => {
  const { train, trainer } = await buildTextRun('replaced-token', {
    texts: ['the cat '.repeat(6000)],
    options: { length: 520 },
    taskOptions: { generatorLayers: 1, generatorWidth: 8, generatorHeads: 2, maskFraction: 1 },
  });
  expect(trainer.run.trainable['generator/encoder/layer0/attention/query/kernel']!.shape).toEqual([8, 8]);
  expect(trainer.run.trainable['generator/encoder/layer1/attention/query/kernel']).toBeUndefined();
  expect((await train(1)).every(Number.isFinite)).toBe(true);
  trainer.dispose();
});

it('tsdae refuses the number of blocks of a decoder that has those of the encoder', async () => {
  const built = (taskOptions: object) => buildTextRun('tsdae', { taskOptions });
  await expect(built({ decoderLayers: 1 })).rejects.toThrow('tsdae: `decoderLayers` is for a decoder with blocks of its own');
  const { trainer } = await built({ decoderLayers: 1, tied: false });
  trainer.dispose();
});

it('sim-cse refuses an encoder without dropout', async () => {
  const before = tf.memory().numTensors;
  await expect(buildTextRun('sim-cse')).rejects.toThrow('sim-cse: the encoder must have dropout');
  expect(tf.memory().numTensors).toBe(before);
});

it('span with bernoulli is refused', async () => {
  await expect(buildTextRun('masked-language', { taskOptions: { maskUnit: 'span', maskRule: 'bernoulli' } })).rejects.toThrow(
    "`rule` must be 'counted' for spans",
  );
});
