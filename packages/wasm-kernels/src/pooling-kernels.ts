import { backend_util } from '@tensorflow/tfjs-core';
import { setGeometry } from './convolution-geometry.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

/** MaxPoolGrad: the first largest value of each window takes its gradient, whatever its sign. */
export function poolingKernels(runtime: Runtime): KernelTable {
  return {
    MaxPoolGrad(inputs, attrs) {
      const x = input(inputs, 'input');
      const dy = input(inputs, 'dy');
      const info = backend_util.computePool2DInfo(
        x.shape as [number, number, number, number],
        attrs['filterSize'] as [number, number],
        attrs['strides'] as [number, number],
        1,
        attrs['pad'] as 'valid',
        attrs['dimRoundingMode'] as 'floor' | undefined,
      );
      return produce(runtime, x.shape, 'float32', (dx) => {
        setGeometry(runtime, info);
        runtime.kernels.maxPoolGrad(runtime.offset(x), runtime.offset(dy), dx);
      });
    },
  };
}
