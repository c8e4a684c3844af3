import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnGpu } from '../test/webgpu-under-test.ts';
import type { Program } from './program.ts';
import { createRuntime, spread } from './runtime.ts';
import type { WebgpuBackend } from './webgpu-backend.ts';

it('spreads workgroups over as many dimensions as the limit of one asks for', () => {
  expect(spread(65_535, 65_535)).toEqual([65_535, 1, 1]);
  for (const count of [65_536, 100_003, 65_535 ** 2, 65_535 ** 2 + 1, 10 ** 12]) {
    const sizes = spread(count, 65_535);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_535);
    expect(sizes.reduce((a, b) => a * b)).toBeGreaterThanOrEqual(count);
  }
});

describeOnGpu('the runtime', () => {
  const program: Program = {
    name: 'test of groups',
    inputs: { x: 'f32' },
    outputs: ['y'],
    uniforms: { add: 'i32' },
    threads: 1,
    body: 'y[group] = x[0] + f32(group) + f32(u.add);',
  };

  it('runs more workgroups than one dimension takes', async () => {
    const runtime = createRuntime(tf.backend() as unknown as WebgpuBackend);
    const [x, groups] = [tf.tensor1d([0.5]), 70_001];
    const out = runtime.output([groups]);
    runtime.dispatch(program, { inputs: [x], outputs: [out], uniforms: { add: -1 }, groups });
    const y = tf.engine().makeTensorFromTensorInfo(out);
    expect(await y.data()).toEqual(Float32Array.from({ length: groups }, (_, i) => i - 0.5));
    tf.dispose([x, y]);
  });

  it('refuses a tensor that no buffer holds', () => {
    const runtime = createRuntime(tf.backend() as unknown as WebgpuBackend);
    expect(() => runtime.output([2 ** 20, 2 ** 20])).toThrow(
      'webgpu-kernels: a tensor of shape [1048576, 1048576] takes 4398046511104 bytes',
    );
  });
});
