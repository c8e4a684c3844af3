import { getKernel, registerKernel, unregisterKernel, type KernelConfig, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { averageAxes, type Axis } from './repair-cpu.ts';

/** What `dy` has to be multiplied by `[1, …spatial, 1]`, because the kernel divides by the whole window: its size over that of the part inside. */
function correction(axes: readonly Axis[], filterSize: number | readonly number[]): { values: Float32Array; shape: number[] } {
  let values = [1];
  axes.forEach(({ outputs }, i) => {
    const whole = typeof filterSize === 'number' ? filterSize : filterSize[i]!;
    values = values.flatMap((value) => outputs.map((mixture) => (value * whole) / mixture.length));
  });
  return { values: Float32Array.from(values), shape: [1, ...axes.map(({ outputs }) => outputs.length), 1] };
}

const repaired = new WeakSet<KernelConfig>();

/**
 * Mends the gradients of average pooling on tfjs's webgpu backend where a window reaches over the edge: it divides by the whole window, the forward pass by
 * the part inside. Once; later calls do nothing.
 */
export function repairWebgpu(): void {
  for (const kernelName of ['AvgPoolGrad', 'AvgPool3DGrad']) {
    const stock = getKernel(kernelName, 'webgpu') as KernelConfig | undefined;
    if (stock === undefined || repaired.has(stock)) continue;
    const config: KernelConfig = {
      ...stock,
      kernelFunc({ inputs, attrs = {}, backend }) {
        const gpu = backend as WebGPUBackend;
        const dy = inputs['dy']!;
        const { values, shape } = correction(averageAxes(inputs['input']!, dy, attrs), attrs['filterSize'] as number | number[]);
        if (values.every((factor) => factor === 1)) return stock.kernelFunc({ inputs, backend, attrs });
        const factors = gpu.makeTensorInfo(shape, 'float32', values);
        const scaled = getKernel('Multiply', 'webgpu').kernelFunc({ inputs: { a: dy, b: factors }, backend }) as TensorInfo;
        const dx = stock.kernelFunc({ inputs: { ...inputs, dy: scaled }, backend, attrs });
        for (const { dataId } of [factors, scaled]) gpu.disposeData(dataId);
        return dx;
      },
    };
    repaired.add(config);
    unregisterKernel(kernelName, 'webgpu');
    registerKernel(config);
  }
}
