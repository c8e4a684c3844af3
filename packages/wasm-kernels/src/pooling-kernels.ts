import { backend_util, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { setGeometry } from './convolution-geometry.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

/** The geometry of a pooling whose outputs are there: tfjs's gradients do not pass on how the forward pass rounded their number. */
function poolingInfo(x: TensorInfo, dy: TensorInfo, attrs: NamedAttrMap): backend_util.Conv2DInfo {
  const info = backend_util.computePool2DInfo(
    x.shape as [number, number, number, number],
    attrs['filterSize'] as number | [number, number],
    attrs['strides'] as number | [number, number],
    1,
    attrs['pad'] as 'valid',
    attrs['dimRoundingMode'] as 'floor' | undefined,
  );
  return { ...info, outHeight: dy.shape[1]!, outWidth: dy.shape[2]! };
}

/**
 * MaxPoolGrad: the first largest value of each window takes its gradient, whatever its sign.
 * AvgPoolGrad: a window that reaches over the edge spreads its gradient over the pixels that it averaged. The stock kernels divide by the full
 * size of the window, although their forward pass does not.
 */
export function poolingKernels(runtime: Runtime): KernelTable {
  return {
    MaxPoolGrad(inputs, attrs) {
      const [x, dy] = [input(inputs, 'input'), input(inputs, 'dy')];
      return produce(runtime, x.shape, 'float32', (dx) => {
        setGeometry(runtime, poolingInfo(x, dy, attrs));
        runtime.kernels.maxPoolGrad(runtime.offset(x), runtime.offset(dy), dx);
      });
    },
    AvgPoolGrad(inputs, attrs) {
      const [x, dy] = [input(inputs, 'input'), input(inputs, 'dy')];
      return produce(runtime, x.shape, 'float32', (dx) => {
        setGeometry(runtime, poolingInfo(x, dy, attrs));
        runtime.kernels.avgPoolGrad(runtime.offset(dy), dx);
      });
    },
  };
}
