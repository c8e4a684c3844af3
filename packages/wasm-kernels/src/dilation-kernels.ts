import { backend_util, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { requireFloat32, requireRank, requireSame, requireSizes } from './check-operands.ts';
import { input, produce, type Kernel, type KernelTable, type Runtime } from './runtime.ts';

type Info = backend_util.Conv2DInfo;
type Shape4 = [number, number, number, number];
type Shape3 = [number, number, number];

interface Operands {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
  readonly info: Info;
}

function operandsOf(kernelName: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): Operands {
  const [x, filter] = [input(inputs, 'x'), input(inputs, 'filter')];
  requireFloat32(kernelName, 'x', x);
  requireFloat32(kernelName, 'filter', filter);
  requireRank(kernelName, 4, { x: x.shape });
  requireRank(kernelName, 3, { filter: filter.shape });
  requireSame(kernelName, 'the last size of `filter`, the channels of the image,', x.shape[3]!, filter.shape[2]!);
  const [strides, dilations] = [attrs['strides'] as number | [number, number], attrs['dilations'] as number | [number, number]];
  const info = backend_util.computeDilation2DInfo(
    x.shape as Shape4,
    filter.shape as Shape3,
    strides,
    attrs['pad'] as 'same',
    'NHWC',
    dilations,
  );
  requireSizes(kernelName, 'the output', info.outShape);
  return { x, filter, info };
}

/** Visits every output: its index, the largest sum of a pixel and its weight, and the indices of both (-1 where no pixel is inside). */
function eachMaximum(
  { info: g }: Operands,
  [x, filter]: readonly [Float32Array, Float32Array],
  visit: (output: number, best: number, pixel: number, weight: number) => void,
): void {
  let output = 0;
  for (let n = 0; n < g.batchSize; n++)
    for (let oh = 0; oh < g.outHeight; oh++)
      for (let ow = 0; ow < g.outWidth; ow++)
        for (let c = 0; c < g.inChannels; c++) {
          let [best, pixel, weight] = [-Infinity, -1, -1];
          for (let i = 0; i < g.filterHeight; i++) {
            const h = oh * g.strideHeight - g.padInfo.top + i * g.dilationHeight;
            if (h < 0 || h >= g.inHeight) continue;
            for (let j = 0; j < g.filterWidth; j++) {
              const w = ow * g.strideWidth - g.padInfo.left + j * g.dilationWidth;
              if (w < 0 || w >= g.inWidth) continue;
              const at = ((n * g.inHeight + h) * g.inWidth + w) * g.inChannels + c;
              const by = (i * g.filterWidth + j) * g.inChannels + c;
              const value = x[at]! + filter[by]!;
              if (value > best) [best, pixel, weight] = [value, at, by];
            }
          }
          visit(output++, best, pixel, weight);
        }
}

/**
 * Dilation2D, the morphological one, and both of its gradients, in plain JavaScript. The stock kernels start their maxima from the smallest positive
 * number, so that an output that should be negative is wrong and its gradient goes astray. The first largest sum takes the gradient.
 */
export function dilationKernels(runtime: Runtime): KernelTable {
  const view = (tensor: TensorInfo): Float32Array =>
    new Float32Array(runtime.backend.wasm.HEAPU8.buffer, runtime.offset(tensor), util.sizeFromShape(tensor.shape));
  const at = (offset: number, shape: readonly number[]): Float32Array =>
    new Float32Array(runtime.backend.wasm.HEAPU8.buffer, offset, util.sizeFromShape([...shape]));
  const gradient =
    (kernelName: string, of: 'x' | 'filter'): Kernel =>
    (inputs, attrs) => {
      const operands = operandsOf(kernelName, inputs, attrs);
      const dy = input(inputs, 'dy');
      requireFloat32(kernelName, 'dy', dy, operands.info.outShape);
      const { shape } = operands[of];
      return produce(runtime, shape, 'float32', (offset) => {
        const [sum, from] = [at(offset, shape).fill(0), view(dy)];
        eachMaximum(operands, [view(operands.x), view(operands.filter)], (output, _, pixel, weight) => {
          const place = of === 'x' ? pixel : weight;
          if (place >= 0) sum[place]! += from[output]!;
        });
      });
    };
  return {
    Dilation2D(inputs, attrs) {
      const operands = operandsOf('Dilation2D', inputs, attrs);
      const { outShape } = operands.info;
      return produce(runtime, outShape, 'float32', (offset) => {
        const out = at(offset, outShape);
        eachMaximum(operands, [view(operands.x), view(operands.filter)], (output, best) => {
          out[output] = best;
        });
      });
    },
    Dilation2DBackpropInput: gradient('Dilation2DBackpropInput', 'x'),
    Dilation2DBackpropFilter: gradient('Dilation2DBackpropFilter', 'filter'),
  };
}
