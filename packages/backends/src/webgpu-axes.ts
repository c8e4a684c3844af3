// What tfjs's webgpu backend computes wrongly along axes, as what takes the place of its kernels.
import { getKernel, type KernelConfig, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/** The place in a single row has the shape of a number, not of a row. */
export const placeInRow =
  (stock: KernelConfig): KernelFunc =>
  (call) => {
    const place = stock.kernelFunc(call) as TensorInfo;
    return call.inputs['x']!.shape.length === 1 ? { ...place, shape: [] } : place;
  };

/** From the end to the start: tfjs's program adds up other places then. The row is turned around, added up, and turned back. */
export const sumFromEnd =
  (stock: KernelConfig): KernelFunc =>
  (call) => {
    const { inputs, attrs = {}, backend } = call;
    if (!attrs['reverse']) return stock.kernelFunc(call);
    const turn = (x: TensorInfo) =>
      getKernel('Reverse', 'webgpu').kernelFunc({ inputs: { x }, attrs: { dims: [attrs['axis'] as number] }, backend }) as TensorInfo;
    const turned = turn(inputs['x']!);
    const summed = stock.kernelFunc({ inputs: { x: turned }, attrs: { ...attrs, reverse: false }, backend }) as TensorInfo;
    const result = turn(summed);
    for (const { dataId } of [turned, summed]) (backend as WebGPUBackend).disposeData(dataId);
    return result;
  };
