import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectCentralDifferences } from '../../fixtures/central-differences.ts';
import { gelu64 } from '../../fixtures/token-operations.ts';
import { gelu } from './gelu.ts';

const values = [-40, -6, -3, -1.5, -1, -0.3, -0.01, 0, 0.01, 0.4, 1, 1.7, 2.5, 4, 9, 40];

describe.each(['none', 'tanh'] as const)('gelu, approximate %s', (approximate) => {
  it('is x·Φ(x)', () => {
    tf.tidy(() => {
      const y = gelu(tf.tensor1d(values), { approximate }).dataSync();
      y.forEach((v, i) => {
        expect(Math.abs(v - gelu64(values[i]!, approximate)), `at ${values[i]!}`).toBeLessThan(5e-7 * Math.max(1, Math.abs(values[i]!)));
      });
    });
  });

  it('has the gradient of central differences in float64', async () => {
    await expectCentralDifferences(
      (x) => gelu(x, { approximate }),
      (x) => x.map((v) => gelu64(v, approximate)),
      [{ values, shape: [4, 4] }],
    );
  });

  it('has slope 0 or 1 at the far ends', () => {
    tf.tidy(() => {
      const slope = tf.grad((x) => tf.sum(gelu(x, { approximate })))(tf.tensor1d([-Infinity, -1e30, 1e30, Infinity]));
      slope.dataSync().forEach((s, i) => {
        expect(s).toBeCloseTo(i < 2 ? 0 : 1, 6);
      });
      expect([...gelu(tf.tensor1d([-Infinity, -1e30, 1e30, Infinity, NaN]), { approximate }).dataSync()]).toEqual([
        -0,
        -0,
        Math.fround(1e30),
        Infinity,
        NaN,
      ]);
    });
  });
});

describe('gelu', () => {
  it('is exact by default, and the two differ', () => {
    tf.tidy(() => {
      const x = tf.scalar(-2);
      expect(gelu(x).dataSync()[0]).toBeCloseTo(-0.0455003, 6);
      expect(gelu(x, { approximate: 'tanh' }).dataSync()[0]).toBeCloseTo(-0.0454023, 6);
    });
  });

  it('refuses another approximation', () => {
    const x = tf.scalar(1);
    expect(() => gelu(x, { approximate: 'sigmoid' as 'tanh' })).toThrow("gelu: `approximate` must be 'none' or 'tanh', got 'sigmoid'");
    x.dispose();
  });
});
