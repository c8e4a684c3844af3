import '@tensorflow/tfjs-backend-wasm';
import { createRng, type ModuleFactory, type Rng } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { convNet } from './conv-net.ts';
import { pyramid } from './pyramid.ts';
import { residualBlock } from './residual-block.ts';
import { conv2d } from './layers/conv2d.ts';
import { maxPool } from './layers/max-pool.ts';
import { normLayer } from './layers/norm.ts';
import { sequential } from './layers/sequential.ts';
import { globalAveragePool } from './layers/global-average-pool.ts';
import { hashedValues } from './parity/hashed-values.ts';

const norm = normLayer('test', {});
const networks = {
  'a ConvNet': convNet({ widths: [8, 16, 32] }),
  'local contrast, pools and a pyramid': (rng: Rng) =>
    pyramid(convNet({ widths: [8, 16, 16], downsampling: 'pool', kernelSizes: [5, 3, 3], input: 'local-contrast' })(rng), {
      levels: [
        { layer: 'layer2', grid: 3 },
        { layer: 'layer3', grid: 1 },
      ],
      power: 1,
      flip: true,
    }),
  // the pool directly after a convolution: windows that are nowhere positive
  'a stem, a pool of negative values and a bottleneck': sequential<tf.Tensor4D, tf.Tensor2D>({
    conv: conv2d({ inChannels: 3, filters: 8, kernelSize: 7, stride: 2, padding: 3, bias: true }),
    pool: maxPool({ size: 3, stride: 2, padding: 1 }),
    block: residualBlock({ kind: 'bottleneck', inChannels: 8, width: 8, stride: 2, norm, zeroInitLastNorm: false }),
    mean: globalAveragePool(),
  }),
};

async function results(factory: ModuleFactory<tf.Tensor4D, tf.Tensor2D>): Promise<Float32Array[]> {
  const module = factory(createRng(3));
  const input = tf.tensor4d(hashedValues(1, 'input', 4 * 17 * 18 * 3), [4, 17, 18, 3]);
  const { value, grads } = tf.valueAndGrads((x: tf.Tensor) => tf.sum(tf.square(module.apply(x as tf.Tensor4D, { training: true }))))([
    input,
    ...Object.values(module.trainable),
  ]);
  const inference = module.apply(input, { training: false });
  const tensors = [value, ...grads, inference, ...Object.values(module.buffers)];
  const arrays = await Promise.all(tensors.map(async (tensor) => Float32Array.from(await tensor.data())));
  tf.dispose([input, value, grads, inference]);
  tf.dispose([...Object.values(module.trainable), ...Object.values(module.buffers)]);
  return arrays;
}

test.each(Object.entries(networks))('%s gives the same numbers on cpu and on wasm', async (_, factory) => {
  await tf.setBackend('cpu');
  const expected = await results(factory);
  await tf.setBackend('wasm');
  const { simd } = await registerTrainingKernels();
  const actual = await results(factory);
  await tf.setBackend('cpu');
  for (const [i, array] of expected.entries()) {
    const norm = Math.hypot(...array);
    const gap = Math.hypot(...array.map((value, j) => value - actual[i]![j]!));
    expect(gap, `tensor ${i}`).toBeLessThan(1e-5 * norm + (simd === 'relaxed' ? 1e-5 : 3e-5)); // without fused multiply-adds a sum that cancels keeps more rounding
  }
});
