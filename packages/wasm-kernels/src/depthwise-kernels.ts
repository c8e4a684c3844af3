import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { convolutionInfo, gradientInfo, setGeometry, type WindowCall } from './convolution-geometry.ts';
import { readEpilogue, withEpilogue } from './epilogue.ts';
import { SelfsupError } from './errors.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

interface Call {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
  readonly call: WindowCall;
}

function forward(runtime: Runtime, { x, filter, call }: Call, bias: TensorInfo | undefined, act: number): TensorInfo {
  if (call.attrs['dataFormat'] === 'NCHW') {
    throw new SelfsupError('SELFSUP_SHAPE', "depthwiseConv2d: `dataFormat` must be 'NHWC', got 'NCHW'; transpose the images first");
  }
  const { kernels } = runtime;
  const info = convolutionInfo(call, x.shape, filter.shape, true);
  return produce(runtime, info.outShape, 'float32', (y) => {
    setGeometry(runtime, info);
    const scratch = runtime.scratch(kernels.depthwiseForwardScratch() >>> 0);
    const start = bias === undefined ? 0 : runtime.offset(bias);
    kernels.depthwiseForward(runtime.offset(x), runtime.offset(filter), y, start, act, scratch);
  });
}

/** The depthwise convolution, fused and not, and both of its gradients: any channel multiplier, stride, padding and dilation. */
export function depthwiseKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  return {
    DepthwiseConv2dNative(inputs, attrs) {
      const call = { kernelName: 'DepthwiseConv2dNative', attrs };
      return forward(runtime, { x: input(inputs, 'x'), filter: input(inputs, 'filter'), call }, undefined, 0);
    },
    FusedDepthwiseConv2D(inputs, attrs) {
      const call = { kernelName: 'FusedDepthwiseConv2D', attrs };
      const operands = { x: input(inputs, 'x'), filter: input(inputs, 'filter'), call };
      const columns = operands.filter.shape[2]! * operands.filter.shape[3]!;
      return withEpilogue(runtime, readEpilogue(inputs, attrs), columns, (bias, act) => forward(runtime, operands, bias, act));
    },
    DepthwiseConv2dNativeBackpropInput(inputs, attrs) {
      const dy = input(inputs, 'dy');
      const filter = input(inputs, 'filter');
      const call = { kernelName: 'DepthwiseConv2dNativeBackpropInput', attrs };
      const shape = attrs['inputShape'] as number[];
      const info = gradientInfo(call, dy.shape, (rounded) => convolutionInfo(rounded, shape, filter.shape, true));
      return produce(runtime, info.inShape, 'float32', (dx) => {
        if (util.sizeFromShape(dy.shape) === 0) {
          kernels.fillZero(dx, util.sizeFromShape(info.inShape) * 4);
          return;
        }
        setGeometry(runtime, info);
        kernels.depthwiseInput(runtime.offset(dy), runtime.offset(filter), dx, runtime.scratch(kernels.depthwiseInputScratch() >>> 0));
      });
    },
    DepthwiseConv2dNativeBackpropFilter(inputs, attrs) {
      const x = input(inputs, 'x');
      const dy = input(inputs, 'dy');
      const filterShape = attrs['filterShape'] as number[];
      const call = { kernelName: 'DepthwiseConv2dNativeBackpropFilter', attrs };
      const info = gradientInfo(call, dy.shape, (rounded) => convolutionInfo(rounded, x.shape, filterShape, true));
      return produce(runtime, filterShape, 'float32', (dw) => {
        if (util.sizeFromShape(x.shape) === 0 || util.sizeFromShape(dy.shape) === 0) {
          kernels.fillZero(dw, util.sizeFromShape(filterShape) * 4);
          return;
        }
        setGeometry(runtime, info);
        kernels.depthwiseFilter(runtime.offset(x), runtime.offset(dy), dw, runtime.scratch(kernels.depthwiseFilterScratch() >>> 0));
      });
    },
  };
}
