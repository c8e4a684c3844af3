import { getKernel, registerKernel, unregisterKernel, type KernelConfig, type KernelFunc } from '@tensorflow/tfjs-core';

/** What took the place of kernels, so that nothing is repaired twice. */
const repaired = new WeakSet<KernelConfig>();

/**
 * Replaces a kernel of a backend by a right one. Once: a kernel that was repaired, or that the backend does not have, stays as it is.
 *
 * @param kernelName as tfjs registers it
 * @param backendName the backend
 * @param mend makes the new kernel; gets the one that it replaces
 */
export function repairKernel(kernelName: string, backendName: string, mend: (stock: KernelConfig) => KernelFunc): void {
  const stock = getKernel(kernelName, backendName) as KernelConfig | undefined;
  if (stock === undefined || repaired.has(stock)) return;
  const config: KernelConfig = { ...stock, kernelFunc: mend(stock) };
  repaired.add(config);
  unregisterKernel(kernelName, backendName);
  registerKernel(config);
}
