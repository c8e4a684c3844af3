import { util } from '@tensorflow/tfjs-core';
import { convolutionInfo, setGeometry } from './convolution-geometry.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

/** Both gradients of the depthwise convolution, any channel multiplier, stride, padding and dilation. */
export function depthwiseKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  return {
    DepthwiseConv2dNativeBackpropInput(inputs, attrs) {
      const dy = input(inputs, 'dy');
      const filter = input(inputs, 'filter');
      const info = convolutionInfo(attrs['inputShape'] as number[], filter.shape, attrs, true);
      return produce(runtime, info.inShape, 'float32', (dx) => {
        setGeometry(runtime, info);
        kernels.depthwiseInput(runtime.offset(dy), runtime.offset(filter), dx);
      });
    },
    DepthwiseConv2dNativeBackpropFilter(inputs, attrs) {
      const x = input(inputs, 'x');
      const dy = input(inputs, 'dy');
      const filterShape = attrs['filterShape'] as number[];
      const info = convolutionInfo(x.shape, filterShape, attrs, true);
      return produce(runtime, filterShape, 'float32', (dw) => {
        if (util.sizeFromShape(x.shape) === 0) {
          kernels.fillZero(dw, util.sizeFromShape(filterShape) * 4);
          return;
        }
        setGeometry(runtime, info);
        kernels.depthwiseFilter(runtime.offset(x), runtime.offset(dy), dw, runtime.scratch(info.outChannels * 4));
      });
    },
  };
}
