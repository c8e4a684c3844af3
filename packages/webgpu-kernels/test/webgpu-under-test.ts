import * as tf from '@tensorflow/tfjs-core';
import { create, globals } from 'webgpu';
import { afterAll, beforeAll, describe } from 'vitest';
import { registerTrainingKernels, type TrainingKernels } from '../src/index.ts';

/** Dawn's WebGPU, where tfjs looks for it. tfjs may only be imported afterwards: it asks when it is loaded. */
async function startGpu(): Promise<boolean> {
  Object.assign(globalThis, globals);
  const gpu = create([]);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
  if ((await gpu.requestAdapter()) === null) return false;
  await import('@tensorflow/tfjs-backend-webgpu');
  return true;
}

/** Whether there is a GPU, or a driver that acts as one. */
export const hasGpu = await startGpu();

/** Tests with the kernels on the webgpu backend; without a Vulkan driver they are skipped, which the title says. */
export function describeOnGpu(title: string, body: (kernels: () => TrainingKernels) => void): void {
  describe.runIf(hasGpu)(hasGpu ? title : `${title} (skipped: no Vulkan driver; on Debian \`apt-get install chromium libvulkan1\`)`, () => {
    let registration: TrainingKernels;
    beforeAll(async () => {
      await tf.setBackend('webgpu');
      registration = await registerTrainingKernels();
    });
    afterAll(async () => {
      registration.dispose();
      await tf.setBackend('cpu');
      tf.removeBackend('webgpu'); // Node ends only when the device is gone
    });
    body(() => registration);
  });
}
