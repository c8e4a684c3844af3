import { createRng, drawNormal, drawUniform, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** An operation of `@selfsup/core` with its inputs, to be run fused on webgpu and composed on cpu. */
export interface Case {
  /** What is computed, for the message of a failure. */
  readonly title: string;
  readonly inputs: readonly Values[];
  /** The operation. */
  readonly run: (inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
  /** True: the gradients of Σ first output · weights are compared too, for the first so many inputs. */
  readonly differentiate?: number;
  /** Largest difference from the composed form, as a share of the largest number of a result, at least 1; default 2e-5. */
  readonly tolerance?: number;
}

/** Numbers of a shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
  readonly dtype?: 'float32' | 'int32';
}

/** What the cases of one seed are drawn with. */
export interface Draw {
  readonly rng: Rng;
  /** An integer in [low, high]. */
  whole(name: string, low: number, high: number): number;
  coin(name: string): boolean;
  /** In [0.05, 0.95). */
  unit(name: string): number;
  /** Normal, with a mean and deviation of its own. */
  normal(name: string, shape: readonly number[]): Values;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The draws of a seed. */
export function drawFor(seed: number): Draw {
  const rng = createRng(seed);
  const uniform = (name: string, min: number, max: number) => drawUniform(rng.fold(name), 1, { min, max })[0]!;
  return {
    rng,
    whole: (name, low, high) => Math.floor(uniform(name, low, high + 1 - 1e-6)),
    coin: (name) => uniform(name, 0, 1) < 0.5,
    unit: (name) => uniform(name, 0.05, 0.95),
    normal: (name, shape) => ({
      shape,
      values: drawNormal(rng.fold(name), sizeOf(shape), {
        mean: uniform(`${name} mean`, -2, 2),
        standardDeviation: uniform(`${name} deviation`, 0.1, 3),
      }),
    }),
  };
}

/** The values with some replaced: NaN, infinities, zeros of both signs, large ones whose squares are finite, small ones. */
export function hostile(draw: Draw, given: Values): Values {
  const odd = [NaN, Infinity, -Infinity, 0, -0, 1e17, -1e17, 1e-38];
  const values = Float32Array.from(given.values);
  const picks = drawUniform(draw.rng.fold('hostile'), 2 * values.length);
  for (let i = 0; i < values.length; i++) if (picks[2 * i]! < 0.1) values[i] = odd[Math.floor(picks[2 * i + 1]! * odd.length)]!;
  return { ...given, values };
}

async function evaluate(backend: string, { inputs, run, differentiate = 0 }: Case): Promise<{ shape: number[]; values: Float32Array }[]> {
  await tf.setBackend(backend);
  const tensors = inputs.map(({ shape, values, dtype = 'float32' }) => tf.tensor(values, [...shape], dtype));
  const results = tf.tidy(() => {
    const outputs = [run(tensors)].flat();
    if (differentiate === 0) return outputs;
    const weights = tf.tensor(drawNormal(createRng(1), outputs[0]!.size), outputs[0]!.shape);
    const loss = (...args: tf.Tensor[]) => tf.sum(tf.mul([run([...args, ...tensors.slice(differentiate)])].flat()[0]!, weights));
    return [...outputs, ...tf.grads(loss)(tensors.slice(0, differentiate))];
  });
  const read = await Promise.all(results.map(async (tensor) => ({ shape: tensor.shape, values: (await tensor.data()) as Float32Array })));
  tf.dispose([...results, ...tensors]);
  return read;
}

/** Where two results first differ in a bit, NaN taken as one number; −1 where they do not. */
const firstDifference = (a: Float32Array, b: Float32Array): number => a.findIndex((value, i) => !Object.is(value, b[i]));

/** Compares the fused form with the composed one, and the fused one with itself. */
export async function check(one: Case): Promise<void> {
  const expected = await evaluate('cpu', one);
  const got = await evaluate('webgpu', one);
  const again = await evaluate('webgpu', one);
  expect(got.length, one.title).toBe(expected.length);
  expected.forEach(({ shape, values }, i) => {
    const result = got[i]!;
    expect(result.shape, `${one.title}, result ${i}`).toEqual(shape);
    expect(firstDifference(again[i]!.values, result.values), `${one.title}, result ${i}: where another run has other bits`).toBe(-1);
    const finite = [...values].filter((value) => Number.isFinite(value)).map(Math.abs);
    const size = finite.reduce((a, b) => Math.max(a, b), 1);
    values.forEach((value, at) => {
      const is = result.values[at]!;
      const close = Object.is(is, value) || is === value || Math.abs(is - value) / size < (one.tolerance ?? 2e-5);
      if (!close) expect.fail(`${one.title}, result ${i}, value ${at}: expected ${value}, got ${is}`);
    });
  });
}
