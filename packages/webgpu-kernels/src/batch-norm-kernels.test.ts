import { batchNormTraining } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { check, drawFor, hostile, type Case, type Draw, type Values } from '../test/compare.ts';
import { describeOnGpu } from '../test/webgpu-under-test.ts';

interface Asked {
  readonly shape: readonly number[];
  readonly make?: (values: Values) => Values;
}

function batchNormCase(draw: Draw, { shape, make = (values) => values }: Asked): Case {
  const channels = shape.at(-1)!;
  const [withResidual, activation] = [draw.coin('residual'), draw.coin('relu') ? ('relu' as const) : ('linear' as const)];
  const inputs = [make(draw.normal('x', shape)), draw.normal('scale', [channels]), draw.normal('offset', [channels])];
  return {
    title: `batchNormTraining [${shape.join(', ')}] ${activation}${withResidual ? ' residual' : ''}`,
    inputs: withResidual ? [...inputs, draw.normal('residual', shape)] : inputs,
    differentiate: withResidual ? 4 : 3,
    run([x, scale, offset, residual]) {
      const { y, mean, variance } = batchNormTraining(x!, {
        scale: scale!,
        offset: offset!,
        activation,
        epsilon: 1e-3,
        ...(residual && { residual }),
      });
      return [y, mean, variance];
    },
  };
}

describeOnGpu('batch norm', (kernels) => {
  it('is that of the composed form in random cases, gradients too', async () => {
    expect(kernels().kernels).toContain('SelfsupBatchNormGrad');
    for (let seed = 1; seed <= 12; seed++) {
      const draw = drawFor(seed);
      const shape = [draw.whole('n', 1, 4), draw.whole('h', 2, 9), draw.whole('w', 1, 9), draw.whole('c', 1, 37)];
      await check(batchNormCase(draw, { shape }));
    }
  });

  it('is that of blocks of rows, whose number need not fit', async () => {
    for (const [seed, rows] of [1025, 2111, 1537, 4000].entries()) await check(batchNormCase(drawFor(100 + seed), { shape: [rows, 5] }));
  });

  it('shows NaN and infinity where the definition does', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const draw = drawFor(seed);
      await check(batchNormCase(draw, { shape: [draw.whole('n', 2, 30), 19], make: (values) => hostile(draw, values) }));
    }
  });

  it('keeps the variance when the mean is large against the deviation', async () => {
    await tf.setBackend('webgpu');
    const x = tf.tensor2d(
      Array.from({ length: 3000 }, (_, i) => 1000 + (i % 2 === 0 ? 0.5 : -0.5)),
      [3000, 1],
    );
    const [scale, offset] = [tf.ones([1]), tf.zeros([1])];
    const { y, mean, variance } = batchNormTraining(x, { scale, offset, epsilon: 1e-9 });
    expect((await mean.data())[0]).toBe(1000);
    expect((await variance.data())[0]).toBeCloseTo(0.25, 6);
    expect((await y.data()).slice(0, 2)).toEqual(new Float32Array([1, -1]));
    tf.dispose([x, scale, offset, y, mean, variance]);
  });

  it('names the input that does not fit', async () => {
    await tf.setBackend('webgpu');
    const [x, scale, offset] = [tf.ones([4, 3]), tf.ones([2]), tf.ones([3])];
    expect(() => tf.engine().runKernel('SelfsupBatchNorm', { x, scale, offset }, {})).toThrow(
      '`scale` must be float32 [3], got float32 [2]',
    );
    const call = () => tf.engine().runKernel('SelfsupBatchNorm', { x, scale: offset, offset }, { activation: 'gelu' });
    expect(call).toThrow("`activation` must be 'linear' or 'relu', got 'gelu'");
    tf.dispose([x, scale, offset]);
  });
});
