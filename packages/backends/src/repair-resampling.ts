import { getKernel, util, type KernelBackend, type TensorInfo } from '@tensorflow/tfjs-core';
import { repairKernel } from './repair-kernel.ts';
import { RESAMPLING_GRADIENTS, type Axis } from './resampling-axes.ts';

interface TensorMaker extends KernelBackend {
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
  disposeData(dataId: object, force?: boolean): boolean;
}

/** The weight of each place of the input in each output of an axis. */
function matrixOf({ size, outputs }: Axis): Float32Array {
  const matrix = new Float32Array(size * outputs.length);
  outputs.forEach((mixture, output) => {
    for (const [at, weight] of mixture) matrix[at * outputs.length + output]! += weight;
  });
  return matrix;
}

/** Runs a kernel of the same backend. */
const run = (kernelName: string, backend: TensorMaker, given: { inputs: Record<string, TensorInfo>; attrs: object }, name: string) =>
  getKernel(kernelName, name).kernelFunc({ ...given, backend } as never) as TensorInfo;

/** The transpose of a map that works on each axis by itself, as one product of matrices per axis. */
function transposeByProducts(dy: TensorInfo, axes: readonly Axis[], { backend, name }: { backend: TensorMaker; name: string }): TensorInfo {
  const shape = [...dy.shape];
  let result = dy;
  axes.forEach((axis, i) => {
    const [outer, inner] = [util.sizeFromShape(shape.slice(0, i + 1)), util.sizeFromShape(shape.slice(i + 2))];
    const weights = backend.makeTensorInfo([1, axis.size, axis.outputs.length], 'float32', matrixOf(axis));
    const rows = run('Reshape', backend, { inputs: { x: result }, attrs: { shape: [outer, axis.outputs.length, inner] } }, name);
    const spread = run('BatchMatMul', backend, { inputs: { a: weights, b: rows }, attrs: { transposeA: false, transposeB: false } }, name);
    backend.disposeData(rows.dataId);
    backend.disposeData(weights.dataId);
    if (result !== dy) backend.disposeData(result.dataId);
    shape[i + 1] = axis.size;
    result = spread;
  });
  const whole = run('Reshape', backend, { inputs: { x: result }, attrs: { shape } }, name);
  backend.disposeData(result.dataId);
  return whole;
}

/**
 * Replaces gradients that tfjs gets wrong on its graphics backends: of average pooling where a window reaches over the edge, and of resizing with half-pixel
 * centers. Each becomes one product of matrices per axis, by the backend's own kernels. Once; later calls do nothing.
 *
 * @param backendName such as `webgl` or `webgpu`
 */
export function repairResampling(backendName: string): void {
  for (const [kernelName, image, axes] of RESAMPLING_GRADIENTS)
    repairKernel(kernelName, backendName, () => ({ inputs, attrs, backend }) => {
      const [x, dy] = [inputs[image]!, inputs['dy']!];
      return transposeByProducts(dy, axes(x, dy, attrs ?? {}), { backend: backend as TensorMaker, name: backendName });
    });
}
