import { backend_util, util, type KernelBackend, type KernelConfig, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';

interface TensorMaker extends KernelBackend {
  makeTensorInfo(shape: number[], dtype: string, values: Int32Array | Float32Array): TensorInfo;
}

/** The sum of nothing is 0. The backends of GPUs have neither buffers nor textures without bytes, and tfjs asks them for one. */
export const sumOfNothing =
  (stock: KernelConfig): KernelFunc =>
  (call) => {
    const { inputs, attrs = {}, backend } = call;
    const x = inputs['x']!;
    if (util.sizeFromShape(x.shape) > 0) return stock.kernelFunc(call);
    const axes = util.parseAxisParam(attrs['axis'] as number | number[], x.shape);
    const [kept] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = attrs['keepDims'] ? backend_util.expandShapeToKeepDim(kept, axes) : kept;
    const dtype = x.dtype === 'bool' ? 'int32' : x.dtype;
    const size = util.sizeFromShape(shape);
    return (backend as TensorMaker).makeTensorInfo(shape, dtype, dtype === 'int32' ? new Int32Array(size) : new Float32Array(size));
  };
