import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createRng } from '../rng.ts';
import { drawNormal } from '../draws.ts';
import { isSelfsupError } from '../error.ts';
import { batchNormTraining } from './batch-norm.ts';

const draw = (tag: string, count: number) => [...drawNormal(createRng(8).fold(tag), count)];
const [rows, channels] = [6, 3];
const [x, scale, offset, weight] = [
  draw('x', rows * channels),
  draw('scale', channels),
  draw('offset', channels),
  draw('w', rows * channels),
] as const;

const shortcut = draw('residual', rows * channels);
const variants = [
  { activation: 'linear', withResidual: false },
  { activation: 'relu', withResidual: false },
  { activation: 'linear', withResidual: true },
  { activation: 'relu', withResidual: true },
] as const;
type Variant = (typeof variants)[number];

/** Σ y · weight in float64. */
function reference(
  values: { x: number[]; scale: number[]; offset: number[]; residual: number[] },
  epsilon: number,
  { activation, withResidual }: Variant,
): number {
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    const column = Array.from({ length: rows }, (_, i) => values.x[i * channels + c]!);
    const mean = column.reduce((total, v) => total + v, 0) / rows;
    const variance = column.reduce((total, v) => total + (v - mean) ** 2, 0) / rows;
    column.forEach((v, i) => {
      const plain = ((v - mean) / Math.sqrt(variance + epsilon)) * values.scale[c]! + values.offset[c]!;
      const y = plain + (withResidual ? values.residual[i * channels + c]! : 0);
      sum += (activation === 'relu' ? Math.max(y, 0) : y) * weight[i * channels + c]!;
    });
  }
  return sum;
}

describe('batchNormTraining', () => {
  it('gives every channel the mean `offset` and the deviation `scale`', () => {
    tf.tidy(() => {
      const { y, mean, variance } = batchNormTraining(tf.tensor4d(draw('image', 5 * 4 * 4 * 2), [5, 4, 4, 2]), {
        scale: tf.tensor1d([2, 0.5]),
        offset: tf.tensor1d([-1, 3]),
        epsilon: 1e-12,
      });
      const moments = tf.moments(y, [0, 1, 2]);
      expect(y.shape).toEqual([5, 4, 4, 2]);
      expect([mean.shape, variance.shape]).toEqual([[2], [2]]);
      [-1, 3].forEach((expected, c) => {
        expect(moments.mean.dataSync()[c]).toBeCloseTo(expected, 5);
      });
      [4, 0.25].forEach((expected, c) => {
        expect(moments.variance.dataSync()[c]).toBeCloseTo(expected, 4);
      });
    });
  });

  it.each(variants)('has the value and the gradients of central differences in float64: $activation, residual $withResidual', (variant) => {
    const epsilon = 0.01;
    const values = { x: [...x], scale: [...scale], offset: [...offset], residual: [...shortcut] };
    const { activation, withResidual } = variant;
    tf.tidy(() => {
      const loss = (...args: tf.Tensor[]) => {
        const [$x, $scale, $offset, residual] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const { y } = batchNormTraining($x, { scale: $scale, offset: $offset, epsilon, activation, ...(withResidual && { residual }) });
        return tf.sum(tf.mul(y, tf.tensor2d(weight, [rows, channels])));
      };
      const matrix = (data: number[]) => tf.tensor2d(data, [rows, channels]);
      const inputs = [matrix(x), tf.tensor1d(scale), tf.tensor1d(offset), ...(withResidual ? [matrix(shortcut)] : [])];
      expect(loss(...inputs).dataSync()[0]).toBeCloseTo(reference(values, epsilon, variant), 4);
      const grads = tf.grads(loss)(inputs);
      (['x', 'scale', 'offset', 'residual'] as const).slice(0, inputs.length).forEach((name, input) => {
        const numeric = values[name].map((value, i) => {
          const at = (moved: number) => {
            values[name][i] = moved;
            const result = reference(values, epsilon, variant);
            values[name][i] = value;
            return result;
          };
          return (at(value + 1e-5) - at(value - 1e-5)) / 2e-5;
        });
        grads[input]!.dataSync().forEach((gradient, i) => {
          expect(Math.abs(gradient - numeric[i]!), `${name}[${i}]`).toBeLessThan(1e-5 * Math.max(...numeric.map(Math.abs), 1));
        });
      });
    });
  });

  it('gives the residual and what it is added to a gradient each when they are one tensor', () => {
    tf.tidy(() => {
      const [$scale, $offset, $weight] = [tf.tensor1d(scale), tf.tensor1d(offset), tf.tensor2d(weight, [rows, channels])];
      for (const activation of ['linear', 'relu'] as const) {
        const loss = (input: tf.Tensor, fused: boolean) => {
          const norm = (residual?: tf.Tensor) =>
            batchNormTraining(input, { scale: $scale, offset: $offset, ...(residual && { residual, activation }) }).y;
          const plain = (y: tf.Tensor) => (activation === 'relu' ? tf.relu(y) : y);
          return tf.sum(tf.mul(fused ? norm(input) : plain(tf.add(norm(), input)), $weight));
        };
        const [fused, composed] = [true, false].map((one) => tf.grad((input) => loss(input, one))(tf.tensor2d(x, [rows, channels])));
        expect(tf.max(tf.abs(tf.sub(fused!, composed!))).dataSync()[0]).toBeLessThan(1e-5);
      }
    });
  });

  it('returns statistics that carry no gradient', () => {
    tf.tidy(() => {
      const ones = tf.ones([channels]);
      const gradient = tf.grad((input) => {
        const { mean, variance } = batchNormTraining(input, { scale: ones, offset: ones });
        return tf.add(tf.sum(tf.square(input)), tf.sum(tf.mul(tf.add(mean, variance), 1000)));
      })(tf.tensor2d(x, [rows, channels]));
      gradient.dataSync().forEach((g, i) => {
        expect(g).toBeCloseTo(2 * x[i]!, 5);
      });
    });
  });

  it('leaves its three results behind outside of tidy, nothing inside, and none of them is kept', () => {
    const inputs = [tf.tensor2d(x, [rows, channels]), tf.tensor1d(scale), tf.tensor1d(offset)] as const;
    const run = () => batchNormTraining(inputs[0], { scale: inputs[1], offset: inputs[2] });
    const before = tf.memory().numTensors;
    const { y, mean, variance } = run();
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose([y, mean, variance]);
    tf.tidy(() => void run());
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([...inputs]);
  });

  it('works under variableGrads with nested tidy scopes, as a layer that moves its running mean there', () => {
    const initial = [
      tf.tensor2d(draw('kernel', 4 * channels), [4, channels]),
      tf.tensor1d(scale),
      tf.tensor1d(offset),
      tf.zeros([channels]),
    ];
    const [kernel, $scale, $offset, running] = initial.map((value, i) => tf.variable(value, i < 3));
    tf.dispose(initial);
    const input = tf.tensor2d(draw('input', rows * 4), [rows, 4]);
    const layer = (rowsOf: tf.Tensor2D) =>
      tf.tidy(() => {
        const linear = tf.tidy(() => tf.matMul<tf.Tensor2D>(rowsOf, kernel!));
        const { y, mean } = tf.tidy(() => ({ ...batchNormTraining(linear, { scale: $scale!, offset: $offset! }) }));
        running!.assign(tf.add<tf.Tensor1D>(tf.mul(running!, 0.9), tf.mul(mean, 0.1)));
        return tf.relu(y);
      });
    const once = () => tf.variableGrads(() => tf.tidy(() => tf.mean<tf.Scalar>(tf.square(layer(input)))), [kernel!, $scale!, $offset!]);
    const before = tf.memory().numTensors;
    const [first, second] = [once(), once()];
    expect(tf.memory().numTensors).toBe(before + 8); // value and three gradients, twice
    for (const v of [kernel!, $scale!, $offset!]) {
      expect([...first.grads[v.name]!.dataSync()]).toEqual([...second.grads[v.name]!.dataSync()]);
      expect(tf.tidy(() => tf.max(tf.abs(first.grads[v.name]!)).dataSync()[0])).toBeGreaterThan(1e-4);
    }
    const mean = tf.tidy(() => tf.mean(tf.matMul(input, kernel!), 0).dataSync());
    running!.dataSync().forEach((value, c) => {
      expect(value).toBeCloseTo(0.19 * mean[c]!, 5); // two passes from 0
    });
    // the gradient through two layers of it is that of plain operations
    const plain = (rowsOf: tf.Tensor, s: tf.Tensor, o: tf.Tensor) => {
      const centered = tf.sub(rowsOf, tf.mean(rowsOf, 0));
      return tf.add(tf.mul(tf.div(centered, tf.sqrt(tf.add(tf.mean(tf.square(centered), 0), 1e-5))), s), o);
    };
    tf.tidy(() => {
      const args = [input, kernel!, $scale!, $offset!];
      const twice = (norm: (t: tf.Tensor, s: tf.Tensor, o: tf.Tensor) => tf.Tensor) =>
        tf.grads((i, k, s, o) => {
          const hidden = tf.relu(norm(tf.matMul(i, k), s, o));
          return tf.sum(tf.sigmoid(norm(tf.square(hidden), s, o)));
        })(args);
      const [fused, composed] = [twice((t, s, o) => batchNormTraining(t, { scale: s, offset: o }).y), twice(plain)];
      fused.forEach((gradient, i) => {
        const size = tf.max(tf.abs(composed[i]!)).dataSync()[0]!;
        expect(tf.max(tf.abs(tf.sub(gradient, composed[i]!))).dataSync()[0]).toBeLessThan(1e-4 * size);
      });
    });
    tf.dispose([first, second, input, kernel!, $scale!, $offset!, running!]);
  });

  it('frees the intermediates of its gradient before the rest of the backward pass runs', () => {
    const input = tf.tensor2d(x, [rows, channels]);
    const ones = tf.ones([channels]);
    let alive = -1;
    let beforeGradient = -1;
    const probe = (note: () => void) =>
      tf.customGrad((t) => ({
        value: tf.clone(t as tf.Tensor),
        gradFunc: (dy: tf.Tensor) => {
          note();
          return tf.clone(dy);
        },
      }));
    const before = probe(() => (alive = tf.memory().numTensors));
    const after = probe(() => (beforeGradient = tf.memory().numTensors));
    const gradient = tf.grad((t) => tf.sum(after(batchNormTraining(before(t), { scale: ones, offset: ones }).y)))(input);
    expect(alive - beforeGradient).toBeLessThanOrEqual(5); // three gradients and the probe's own
    tf.dispose([gradient, input, ones]);
  });

  it('names what does not fit', () => {
    tf.tidy(() => {
      const parameters = { scale: tf.ones([3]), offset: tf.zeros([3]) };
      const failures: [string, () => unknown][] = [
        ['`x` must have rank >= 2, got shape [3]', () => batchNormTraining(tf.ones([3]), parameters)],
        ['needs at least 2 values per channel, got shape [1, 1, 1, 3]', () => batchNormTraining(tf.ones([1, 1, 1, 3]), parameters)],
        ['`scale` must have shape [3], got [1, 3]', () => batchNormTraining(tf.ones([2, 3]), { ...parameters, scale: tf.ones([1, 3]) })],
        ['`offset` must have shape [3], got [2]', () => batchNormTraining(tf.ones([2, 3]), { ...parameters, offset: tf.ones([2]) })],
        [
          '`residual` must have shape [2, 3] like `x`, got [1, 3]',
          () => batchNormTraining(tf.ones([2, 3]), { ...parameters, residual: tf.ones([1, 3]) }),
        ],
      ];
      for (const [message, call] of failures)
        try {
          call();
          expect.unreachable();
        } catch (error) {
          expect(isSelfsupError(error) && error.code).toBe('SELFSUP_SHAPE');
          expect((error as Error).message).toBe(`batchNormTraining: ${message}`);
        }
      expect(() => batchNormTraining(tf.ones([2, 3]), { ...parameters, activation: 'gelu' as 'relu' })).toThrow('linear or relu, got gelu');
    });
  });
});
