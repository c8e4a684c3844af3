import { isSelfsupError } from '@selfsup/core';
import { expect, it } from 'vitest';
import { builtinPlugins } from './builtins.ts';
import { toCheckedJson } from './checked-json.ts';
import { parseOptions } from './option-schema.ts';
import { planRun } from './plan-run.ts';
import { pretrain } from './pretrain.ts';
import { createRegistry } from './registry.ts';
import type { RunConfig } from './run-config.ts';
import { memoryStore } from './run-store.ts';
import { parseRunFile } from './run-file.ts';
import { settingsSchema } from './settings.ts';

const registry = createRegistry(builtinPlugins);
const circle: unknown[] = [];
circle.push(circle);
const deep: unknown = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
const odd: readonly unknown[] = [10n, Symbol('x'), () => 1, circle, deep, null, {}, [], NaN, new Map(), Object.create(null)];

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return isSelfsupError(error) ? error.message : `raw: ${String(error)}`;
  }
  return 'nothing was thrown';
}

it.each(['task', 'encoder', 'plugins', 'optimizer', 'batchSize', 'epochs', 'taskOptions', 'imageSize', 'resume'])(
  'refuses values of any kind as %s, in a short message',
  (name) => {
    for (const value of odd) {
      const message = refusal(() => planRun({ data: 'shapes', [name]: value }, { registry }));
      expect(message).not.toMatch(/^raw|undefined\)/);
      expect(message.length).toBeLessThan(1000);
    }
    expect(refusal(() => planRun({ data: 'shapes', [name]: 10n }, { registry }))).toMatch(/ must be .*, got (10n|bigint)/);
  },
);

it.each([
  [{}, 0.06 / 4],
  [{ batchSize: 64, accumulate: 4 }, 0.12 / 4],
  [{ optimizer: 'lars' }, 0.075 * Math.sqrt(128)],
  [{ encoder: 'vit-tiny' }, 1e-3 / 2],
  [{ learningRate: 0.5 }, 0.5],
] as [RunConfig, number][])('the rate of vicreg with %j is %d: its loss is large, and only sgd minds', (given, rate) => {
  expect(planRun({ task: 'vicreg', data: 'shapes', ...given }, { registry }).settings.learningRate).toBeCloseTo(rate, 10);
});

it.each(['epsilon', 'beta2', 'biasCorrection'])('refuses %s beside an optimizer that does not heed it', (name) => {
  const value = name === 'biasCorrection' ? false : 0.5;
  const plan = (config: RunConfig) => refusal(() => planRun({ data: 'shapes', [name]: value, ...config }, { registry }));
  expect(plan({ task: 'simclr' })).toBe(`task simclr: \`${name}\` is for the optimizer adamw, the run has sgd; leave it out`);
  expect(plan({ task: 'simclr', optimizer: 'adamw' })).toBe('nothing was thrown');
  expect(plan({ task: 'emp-ssl' })).toMatch(
    name === 'epsilon' ? /has lars; leave it out; the task's own is `taskOptions.epsilon`$/ : /leave it out$/,
  );
});

it.each([
  ['trustCoefficient', 0.02],
  ['trustClip', true],
])('has %s for lars alone', (name, value) => {
  const plan = (config: RunConfig) => planRun({ data: 'shapes', [name]: value, ...config }, { registry });
  expect(plan({ task: 'barlow-twins' }).settings).toMatchObject({ optimizer: 'lars', [name]: value });
  expect(refusal(() => plan({ task: 'simclr' }))).toBe(`task simclr: \`${name}\` is for the optimizer lars, the run has sgd; leave it out`);
});

it('trains emp-ssl with the LARS of its authors, and another optimizer with its own settings', () => {
  const plan = (config: RunConfig) => planRun({ task: 'emp-ssl', data: 'shapes', ...config }, { registry }).settings;
  expect(plan({})).toMatchObject({
    ...{
      optimizer: 'lars',
      learningRate: 0.3,
      trustCoefficient: 0.005,
      trustClip: true,
      weightDecay: 1e-4,
      warmupEpochs: 0,
      batchSize: 64,
    },
  });
  expect(plan({ learningRate: 1, trustClip: false })).toMatchObject({ learningRate: 1, trustCoefficient: 0.005, trustClip: false });
  expect(plan({ optimizer: 'sgd' })).toMatchObject({
    learningRate: 0.03,
    trustClip: false,
    weightDecay: 5e-4,
    warmupEpochs: 2,
    batchSize: 64,
  });
  expect(plan({ encoder: 'vit-tiny' })).toMatchObject({ optimizer: 'adamw', learningRate: 0.00025, trustClip: false });
});

it('does not let a flag be switched off that the task needs of its encoder', () => {
  const plan = (encoderOptions: Record<string, unknown>) =>
    planRun({ task: 'ibot', data: 'shapes', encoderOptions }, { registry }).settings.encoderOptions;
  expect(plan({})).toMatchObject({ maskToken: true });
  expect(refusal(() => plan({ maskToken: false }))).toBe('task ibot: `encoderOptions.maskToken` must be true, got false; leave it out');
});

it('says what generated data is for', async () => {
  const run = async () => {
    for await (const event of pretrain({ task: 'simclr', data: 'captioned-shapes', backend: 'cpu' }, { store: memoryStore() }))
      expect(event.type).not.toBe('step');
  };
  await expect(run()).rejects.toThrow(
    '; `captioned-shapes` is generated data for tasks on images with texts, not on images; give `shapes`, other data or a task that takes images with texts',
  );
});

it('takes what a modality says of adamw, whatever the optimizer', () => {
  expect(planRun({ task: 'masked-language', data: 'shapes', optimizer: 'sgd' }, { registry }).settings.optimizer).toBe('sgd');
});

it('shows no characters that steer a terminal', () => {
  const steering = { '\u001b[31m': 1 } as RunConfig;
  expect(refusal(() => planRun(steering, { registry }))).toContain(String.raw`has no option ${'`'}\u{1b}[31m${'`'}`);
  expect(
    refusal(() =>
      parseOptions(
        settingsSchema,
        { task: 'a', encoder: 'b', batchSize: 1, learningRate: 1, weightDecay: 0, seed: '\u001b[31m' },
        { who: 'x' },
      ),
    ),
  ).toMatch(/must be an integer >= 0, got '\\u\{1b\}\[31m'$/);
  expect(refusal(() => parseRunFile(toCheckedJson({ settings: { '\u202e': 1 } }), 'run.json'))).not.toContain('\u202e');
});

it('refuses a run.json that is nested deeply', () => {
  let nested: unknown = 1;
  for (let i = 0; i < 40; i++) nested = { nested };
  expect(refusal(() => parseRunFile(toCheckedJson({ format: 1, settings: { taskOptions: nested } }), 'run.json'))).toBe(
    'run.json must not be nested more than 32 levels deep; restore it, or train again',
  );
});
