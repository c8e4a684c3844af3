import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { createRng } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interpolatePositions } from './layers/interpolate-positions.ts';
import { vit, type VitOptions, type VitSize } from './vit.ts';

interface Case {
  options: VitOptions;
  shape: [number, number, number, number];
  images: number[];
  output: number[];
  cotangent: number[];
  gradients: Readonly<Record<string, number[]>>;
}
interface Fixture {
  meta: { versions: string };
  vit: VitOptions & VitSize;
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  cases: Readonly<Record<string, Case>>;
  interpolations: { from: number; rows: number; columns: number; positions: number[]; output: number[] }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/vit-sizes.json', import.meta.url), 'utf8')) as Fixture;

/** The largest difference as a part of the largest value; that of a key's bias is rounding noise: a constant added to all scores changes nothing. */
const distance = (actual: ArrayLike<number>, expected: readonly number[], path = '') => {
  expect(actual.length).toBe(expected.length);
  const largest = path.endsWith('key/bias') ? 1 : Math.max(...expected.map(Math.abs));
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(actual[i]! - value) / largest), 0);
};

describe.each(['cpu', 'wasm'])(`images of other sizes on %s, as in PyTorch (${fixture.meta.versions})`, (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
  });
  afterAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each(fixture.interpolations)('interpolates a grid of $from × $from to $rows × $columns', (grid) => {
    tf.tidy(() => {
      const positions = tf.tensor2d(grid.positions, [grid.from * grid.from, 2]);
      const actual = interpolatePositions(positions, { from: [grid.from, grid.from], to: [grid.rows, grid.columns] });
      expect(actual.shape).toEqual([grid.rows * grid.columns, 2]);
      expect(distance(actual.dataSync(), grid.output)).toBeLessThan(1e-5);
    });
  });

  it.each(Object.entries(fixture.cases))('encodes, and has every gradient: %s', (_, expected) => {
    const encoder = vit({ ...fixture.vit, ...expected.options })(createRng(0));
    expect(Object.keys(encoder.trainable).sort()).toEqual(Object.keys(expected.gradients).sort());
    tf.tidy(() => {
      for (const [path, variable] of Object.entries(encoder.trainable)) {
        const { shape, values } = fixture.start[path]!;
        variable.assign(tf.tensor(values, shape));
      }
      const images = tf.tensor4d(expected.images, expected.shape);
      const output = encoder.apply(images, { training: true });
      expect(distance(output.dataSync(), expected.output)).toBeLessThan(1e-4);
      const cotangent = tf.tensor(expected.cotangent, output.shape);
      const { grads } = tf.variableGrads(
        () => tf.sum<tf.Scalar>(tf.mul(encoder.apply(images, { training: true }), cotangent)),
        Object.values(encoder.trainable),
      );
      for (const [path, values] of Object.entries(expected.gradients))
        expect(distance(grads[encoder.trainable[path]!.name]!.dataSync(), values, path), path).toBeLessThan(1e-4);
    });
    encoder.dispose();
  });
});
