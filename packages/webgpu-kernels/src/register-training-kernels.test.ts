import { l2Normalize } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnGpu } from '../test/webgpu-under-test.ts';
import { registerTrainingKernels } from './index.ts';

const has = (name: string): boolean => (tf.getKernel(name, 'webgpu') as tf.KernelConfig | undefined) !== undefined;

it('asks for the webgpu backend', async () => {
  await tf.setBackend('cpu');
  await expect(registerTrainingKernels()).rejects.toThrow(
    "registerTrainingKernels: expected the backend 'webgpu', got 'cpu'; await tf.setBackend('webgpu') first",
  );
});

describeOnGpu('registerTrainingKernels', (kernels) => {
  it('gives the first registration again, and takes the kernels out', async () => {
    expect(await registerTrainingKernels()).toBe(kernels());
    expect(kernels().description).toBe(`${kernels().kernels.length} fused kernels`);
    expect(kernels().kernels.every(has)).toBe(true);
    kernels().dispose();
    kernels().dispose();
    const stock = ['Sum', 'Mean', 'UnsortedSegmentSum', 'Relu6', 'Sigmoid', 'Softplus', 'Sin', 'Cos', 'Softmax']; // ours hand some calls on to them
    expect(kernels().kernels.filter(has).sort()).toEqual(stock.sort());
    const again = await registerTrainingKernels();
    expect(again).not.toBe(kernels());
    expect(again.kernels.every(has)).toBe(true);
    again.dispose();
  });

  it('goes on with a backend that was started anew', async () => {
    const registration = await registerTrainingKernels();
    const factory = tf.findBackendFactory('webgpu');
    await tf.setBackend('cpu');
    tf.removeBackend('webgpu');
    tf.registerBackend('webgpu', factory);
    await tf.setBackend('webgpu');
    const x = tf.tensor2d([[3, 4]]);
    const y = l2Normalize(x);
    expect([...(await y.data())]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    tf.dispose([x, y]);
    registration.dispose();
  });
});
