import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { winogradAttrs, winogradCases } from '../test/cases/winograd.ts';
import { convFilter64, convForward64, convInput64, info } from '../test/float64-references.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { relativeError } from '../test/relative-error.ts';
import { builds, randomFrom, runKernel, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import { registerTrainingKernels, type TrainingKernels } from './index.ts';
import { suitsWinograd } from './winograd.ts';

describeCases(winogradCases);

describe('suitsWinograd', () => {
  const suits = (x: number[], filter: number[], attrs: ReturnType<typeof winogradAttrs>) => suitsWinograd(info(x, filter, attrs), 'output');
  it('takes 3×3 convolutions of stride 1 and 2 with enough channels, and leaves the others', () => {
    expect(suits([2, 8, 8, 64], [3, 3, 64, 64], winogradAttrs('same'))).toBe(true);
    expect(suits([2, 8, 8, 64], [3, 3, 64, 64], winogradAttrs('same', 2))).toBe(true);
    expect(suits([2, 8, 8, 64], [3, 3, 64, 64], winogradAttrs('same', 3))).toBe(false);
    expect(suits([2, 8, 8, 3], [3, 3, 3, 64], winogradAttrs('same'))).toBe(false);
    expect(suits([2, 8, 8, 18], [3, 3, 18, 64], winogradAttrs('same'))).toBe(false);
    expect(suits([2, 8, 8, 64], [5, 5, 64, 64], winogradAttrs('same'))).toBe(false);
    expect(suits([2, 5, 5, 64], [3, 3, 64, 64], winogradAttrs('same'))).toBe(false); // 25 of 64 pixels of its tiles
    expect(suits([2, 8, 8, 64], [3, 3, 64, 64], { ...winogradAttrs('same'), dilations: [2, 2] })).toBe(false);
  });
});

const normal = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Values as in training: activations after a ReLU or around zero, filters of He's variance 2/(9 c). */
function realistic(
  random: () => number,
  { shape, scale, rectified = false }: { shape: number[]; scale: number; rectified?: boolean },
): Values {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < values.length; i++) values[i] = rectified ? Math.max(0, normal(random)) * scale : normal(random) * scale;
  return { shape, values };
}

interface Realistic {
  readonly operands: Readonly<Record<'x' | 'dy' | 'filter', Values>>;
  readonly expected: Readonly<Record<'forward' | 'input' | 'filter', Float64Array>>;
}

const realisticCases = new Map<string, Realistic>();

/** A convolution of a ResNet in all directions in float64, computed once for both builds. */
function realisticCase(batch: number, size: number, channels: number): Realistic {
  const key = `${size} ${channels}`;
  const known = realisticCases.get(key);
  if (known) return known;
  const random = randomFrom(size);
  const shape = [batch, size, size, channels];
  const x = realistic(random, { shape, scale: 1, rectified: true });
  const dy = realistic(random, { shape, scale: 1 });
  const filter = realistic(random, { shape: [3, 3, channels, channels], scale: Math.sqrt(2 / (9 * channels)) });
  const g = info(shape, filter.shape, winogradAttrs('same'));
  const expected = { forward: convForward64(g, x, filter), input: convInput64(g, dy, filter), filter: convFilter64(g, x, dy) };
  const made = { operands: { x, dy, filter }, expected };
  realisticCases.set(key, made);
  return made;
}

describe.each(builds)('the error of Winograd (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });

  it.each([
    [32, 64, 1],
    [16, 128, 1],
    [8, 256, 1],
    [4, 512, 2],
  ])('stays under 1e-5 of the norm on maps of side %i with %i channels', { timeout: 120_000 }, async (size, channels, batch) => {
    const { operands, expected } = realisticCase(batch, size, channels);
    const { x, dy, filter } = operands;
    const run = async (name: string, inputs: Record<string, Values>, extra = {}) =>
      (await runKernel('wasm', name, inputs, { ...winogradAttrs('same'), ...extra } as never))[0]!.data;
    const errors = {
      forward: relativeError(await run('Conv2D', { x, filter }), expected.forward),
      input: relativeError(await run('Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape }), expected.input),
      filter: relativeError(await run('Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape }), expected.filter),
    };
    expect(Math.max(...Object.values(errors)), JSON.stringify(errors)).toBeLessThan(1e-5);
  });

  it('can be turned off, which lowers the error', { timeout: 60_000 }, async () => {
    const random = randomFrom(3);
    const x = signedValues(random, [2, 8, 8, 128]);
    const filter = signedValues(random, [3, 3, 128, 64]);
    const reference = convForward64(info(x.shape, filter.shape, winogradAttrs('same')), x, filter);
    const error = async () =>
      relativeError((await runKernel('wasm', 'Conv2D', { x, filter }, winogradAttrs('same') as never))[0]!.data, reference);
    const on = await error();
    registration = await registerTrainingKernels({ simd, winograd: false });
    expect(registration.winograd).toBe(false);
    const off = await error();
    expect(off).toBeLessThan(on / 1.5);
    registration = await registerTrainingKernels({ simd });
    expect(await error()).toBe(on);
    expect(tf.memory().numTensors).toBe(0);
  });
});
