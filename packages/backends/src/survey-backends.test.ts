import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';
import { afterAll, describe, expect, it } from 'vitest';
import type { BackendSetup } from './backend-setup.ts';
import { builtinBackends } from './builtin-backends.ts';
import { closeBackends } from './prepare-backend.ts';
import { selectBackend } from './select-backend.ts';
import { surveyBackends } from './survey-backends.ts';

const wasm = builtinBackends.find(({ name }) => name === 'wasm')!;

/** A backend that a plugin might bring: the wasm one under watch. */
function watched(log: string[], changes: Partial<BackendSetup> = {}): BackendSetup {
  return {
    name: 'wasm',
    async setUp(options) {
      log.push('set up');
      return { ...(await wasm.setUp(options)), limits: { maxTensorBytes: 2 ** 20 }, close: () => void log.push('closed') };
    },
    ...changes,
  };
}
const broken: BackendSetup = {
  name: 'broken',
  setUp: () => Promise.reject(new SelfsupError('SELFSUP_BACKEND', 'selectBackend: broken is broken; mend it')),
};

afterAll(() => tf.setBackend('cpu'));

describe('surveyBackends', () => {
  it('says of each whether it works, how fast it is, and what would help; the backend of before is current again', async () => {
    await selectBackend({ prefer: 'cpu' });
    const [tensors, log, asked] = [tf.memory().numTensors, [] as string[], [] as string[]];
    const backends = [broken, watched(log, { reasonToSkip: () => Promise.resolve('it is watched') }), wasm];
    const found = await surveyBackends({ backends, seconds: 0.02, onBackend: (name) => asked.push(name) });
    expect(asked).toEqual(['broken', 'wasm', 'wasm']);
    expect(found[0]).toEqual({ name: 'broken', works: false, byItself: false, reason: 'selectBackend: broken is broken; mend it' });
    expect(found[1]).toMatchObject({ works: true, byItself: false, reason: 'it is watched', limits: { maxTensorBytes: 2 ** 20 } });
    expect(found[2]).toMatchObject({ works: true, byItself: true });
    expect(found[2]!.speed!.products).toBeGreaterThan(0.1);
    expect(found[2]!.speed!.convolutions).toBeGreaterThan(0.1);
    expect([log, tf.getBackend(), tf.memory().numTensors]).toEqual([['set up', 'closed'], 'cpu', tensors]);
  });

  it('leaves open what was in use before', async () => {
    const log: string[] = [];
    const backends = [watched(log)];
    await selectBackend({ backends });
    await surveyBackends({ backends, seconds: 0.001 });
    expect(log).toEqual(['set up', 'set up']);
    await closeBackends();
    expect(log.at(-1)).toBe('closed');
    await selectBackend({ prefer: 'cpu' });
  });

  it('refuses a time that is none', async () => {
    await expect(surveyBackends({ seconds: 0 })).rejects.toThrow('surveyBackends: `seconds` must be above 0, got 0');
  });
});

describe('selectBackend with other backends', () => {
  it('takes them in order, skips what asks for it without a warning, and closes them once', async () => {
    const log: string[] = [];
    const shy: BackendSetup = { ...broken, name: 'shy', reasonToSkip: () => Promise.resolve('the package is not installed') };
    const { warn } = console;
    console.warn = (...words: unknown[]) => log.push(words.join(' '));
    try {
      const chosen = await selectBackend({ backends: [shy, watched(log)] });
      expect(chosen).toMatchObject({ name: 'wasm', rejected: [], skipped: ['shy: the package is not installed'] });
      expect(log).toEqual(['set up']);
      await closeBackends();
      await closeBackends();
      expect(log).toEqual(['set up', 'closed']);
      const second = await selectBackend({ backends: [broken, wasm] });
      expect(second.rejected).toEqual(['selectBackend: broken is broken; mend it']);
      expect(log.at(-1)).toMatch(/^selectBackend: wasm .* is used, instead of the backend that failed:\n- selectBackend: broken/);
    } finally {
      console.warn = warn;
    }
    await expect(selectBackend({ backends: [shy] })).rejects.toThrow('no backend can train here:\n- shy: the package is not installed');
    await expect(selectBackend({ prefer: 'wasm', backends: [shy] })).rejects.toThrow("`prefer` must be one of auto, shy, got 'wasm'");
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no luck')), "the backend 'mine' cannot be set up: no luck"],
    ['gives nothing', () => Promise.resolve(undefined as never), 'must return an object with `name` and `description`, got undefined'],
    [
      'makes nothing current',
      () => Promise.resolve({ name: 'mine', description: 'mine' }),
      "must make its backend current (`await tf.setBackend('mine')`), but tfjs computes on 'cpu'",
    ],
  ])('names the backend whose set-up %s', async (_, setUp, message) => {
    await selectBackend({ prefer: 'cpu' });
    await expect(selectBackend({ prefer: 'mine', backends: [{ name: 'mine', setUp }] })).rejects.toThrow(message);
    const [found] = await surveyBackends({ backends: [{ name: 'mine', setUp }], seconds: 0.001 });
    expect(found).toMatchObject({ works: false, reason: expect.stringContaining(message) as string });
  });

  it('leaves alone a backend that cannot say why to leave it', async () => {
    const unsure: BackendSetup = { ...broken, name: 'unsure', reasonToSkip: () => Promise.reject(new Error('who knows')) };
    const { skipped } = await selectBackend({ backends: [unsure, wasm] });
    expect(skipped).toEqual(["unsure: the backend 'unsure' cannot be set up: who knows"]);
  });
});
