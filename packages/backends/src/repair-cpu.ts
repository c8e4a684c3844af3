import { util } from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { repairConvolutions } from './repair-convolutions.ts';
import { repairKernel } from './repair-kernel.ts';
import { RESAMPLING_GRADIENTS, type Axis } from './resampling-axes.ts';

/** The transpose of a map that works on each axis by itself: every output hands its gradient back to what it was made of. Axes 1, 2, … of `dy`. */
function transposeAxes(
  dy: ArrayLike<number>,
  dyShape: readonly number[],
  axes: readonly Axis[],
): { values: Float32Array; shape: number[] } {
  let values: ArrayLike<number> = dy;
  const shape = [...dyShape];
  axes.forEach(({ size, outputs }, i) => {
    const axis = i + 1;
    const outer = util.sizeFromShape(shape.slice(0, axis));
    const inner = util.sizeFromShape(shape.slice(axis + 1));
    const spread = new Float64Array(outer * size * inner);
    for (let o = 0; o < outer; o++) {
      outputs.forEach((mixture, place) => {
        const from = (o * outputs.length + place) * inner;
        for (const [at, weight] of mixture) {
          const to = (o * size + at) * inner;
          for (let k = 0; k < inner; k++) spread[to + k]! += weight * values[from + k]!;
        }
      });
    }
    values = spread;
    shape[axis] = size;
  });
  return { values: Float32Array.from(values), shape };
}

/**
 * Replaces the gradients that tfjs's cpu backend gets wrong: of average pooling where a window reaches over the edge (it divides by the whole window, the
 * forward pass by the part inside), and of resizing by nearest neighbors (every image of a batch takes the gradient of the first rows) and bilinear
 * (height and width change places, half-pixel centers are forgotten), and of 2-D convolutions whose outputs are rounded up (the added ones give nothing back).
 * Once; later calls do nothing.
 */
export function repairCpu(): void {
  repairConvolutions('cpu');
  for (const [kernelName, image, axes] of RESAMPLING_GRADIENTS)
    repairKernel(kernelName, 'cpu', () => ({ inputs, attrs, backend }) => {
      const cpu = backend as MathBackendCPU;
      const [x, dy] = [inputs[image]!, inputs['dy']!];
      const { values, shape } = transposeAxes(cpu.data.get(dy.dataId).values as Float32Array, dy.shape, axes(x, dy, attrs ?? {}));
      return cpu.makeTensorInfo(shape, 'float32', values);
    });
}
