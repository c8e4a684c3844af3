import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { requireFloat32 } from './check-operands.ts';
import { gradientInfo, poolingInfo, setGeometry, type WindowCall } from './convolution-geometry.ts';
import { shareData } from './identity-kernel.ts';
import { input, produce, type Kernel, type KernelTable, type Runtime } from './runtime.ts';

/**
 * MaxPool passes NaN over, AvgPool gives NaN. The stock kernels give −∞ for such windows, and heap garbage where `dimRoundingMode` adds outputs.
 * MaxPoolGrad: the first largest value of each window takes its gradient, whatever its sign.
 * AvgPoolGrad: a window that reaches over the edge spreads its gradient over the pixels that it averaged. The stock kernels divide by the full
 * size of the window, although their forward pass does not.
 */
export function poolingKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  const forward =
    (kernelName: 'MaxPool' | 'AvgPool'): Kernel =>
    (inputs, attrs) => {
      const x = input(inputs, 'x');
      requireFloat32(kernelName, 'x', x);
      const info = poolingInfo({ kernelName, attrs }, x.shape);
      // tfjs's rule for a window of one pixel, whatever its stride; NaN stays
      if (info.filterHeight === 1 && info.filterWidth === 1 && util.arraysEqual(info.inShape, info.outShape)) return shareData(runtime, x);
      return produce(runtime, info.outShape, 'float32', (y) => {
        setGeometry(runtime, info);
        if (kernelName === 'MaxPool') kernels.maxPool(runtime.offset(x), y);
        else kernels.avgPool(runtime.offset(x), y);
      });
    };
  const gradient = (call: WindowCall, [x, dy]: readonly [TensorInfo, TensorInfo], run: (dx: number) => void): TensorInfo => {
    requireFloat32(call.kernelName, 'dy', dy);
    const info = gradientInfo(call, dy.shape, (rounded) => poolingInfo(rounded, x.shape));
    return produce(runtime, x.shape, 'float32', (dx) => {
      if (util.sizeFromShape(dy.shape) === 0) {
        kernels.fillZero(dx, util.sizeFromShape(x.shape) * 4);
        return;
      }
      setGeometry(runtime, info);
      run(dx);
    });
  };
  return {
    MaxPool: forward('MaxPool'),
    AvgPool: forward('AvgPool'),
    MaxPoolGrad(inputs, attrs) {
      const [x, dy] = [input(inputs, 'input'), input(inputs, 'dy')];
      requireFloat32('MaxPoolGrad', 'input', x);
      return gradient({ kernelName: 'MaxPoolGrad', attrs }, [x, dy], (dx) => {
        kernels.maxPoolGrad(runtime.offset(x), runtime.offset(dy), dx);
      });
    },
    AvgPoolGrad(inputs, attrs) {
      const [x, dy] = [input(inputs, 'input'), input(inputs, 'dy')];
      return gradient({ kernelName: 'AvgPoolGrad', attrs }, [x, dy], (dx) => {
        kernels.avgPoolGrad(runtime.offset(dy), dx);
      });
    },
  };
}
