import { backend_util, getKernel, registerKernel, unregisterKernel, util, type KernelConfig, type TensorInfo } from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';

/** What one output along an axis is made of: the places on the input's axis, and their weights. */
type Mixture = readonly (readonly [at: number, weight: number])[];

/** How one axis of the output comes from one of the input. */
export interface Axis {
  /** The length of the input's axis. */
  readonly size: number;
  /** One for each place on the output's axis. */
  readonly outputs: readonly Mixture[];
}

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

/** An average over each window: of the places that lie in the image. */
function windowAxis(size: number, count: number, { window, stride, pad }: { window: number; stride: number; pad: number }): Axis {
  const outputs = Array.from({ length: count }, (_, output): Mixture => {
    const first = Math.max(output * stride - pad, 0);
    const last = Math.min(output * stride - pad + window, size) - 1;
    return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => [first + i, 1 / (last - first + 1)] as const);
  });
  return { size, outputs };
}

interface Rule {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

function nearestAxis(size: number, count: number, { alignCorners, halfPixelCenters }: Rule): Axis {
  const aligned = alignCorners && count > 1 ? 1 : 0;
  const scale = (size - aligned) / (count - aligned);
  const outputs = Array.from({ length: count }, (_, i): Mixture => {
    const place = scale * (halfPixelCenters ? i + 0.5 : i);
    return [[Math.max(0, Math.min(size - 1, alignCorners ? Math.round(place) : Math.floor(place))), 1]];
  });
  return { size, outputs };
}

function bilinearAxis(size: number, count: number, { alignCorners, halfPixelCenters }: Rule): Axis {
  const aligned = alignCorners && count > 1 ? 1 : 0;
  const scale = (size - aligned) / (count - aligned);
  const outputs = Array.from({ length: count }, (_, i): Mixture => {
    const place = halfPixelCenters ? scale * (i + 0.5) - 0.5 : scale * i;
    const low = Math.max(0, Math.floor(place));
    return [
      [low, 1 - (place - low)],
      [Math.min(size - 1, Math.ceil(place)), place - low],
    ];
  });
  return { size, outputs };
}

type Pooling = Pick<Parameters<typeof backend_util.computePool3DInfo>, 1 | 2 | 4>;
type Attrs = NonNullable<Parameters<KernelConfig['kernelFunc']>[0]['attrs']>;

/** Average pooling: which places of the input each output is the mean of, along each spatial axis. */
export function averageAxes(input: TensorInfo, dy: TensorInfo, attrs: Attrs): Axis[] {
  const [filterSize, strides, pad] = [attrs['filterSize'], attrs['strides'], attrs['pad']] as unknown as Pooling[1 | 2 | 4][];
  if (input.shape.length === 4) {
    const g = backend_util.computePool2DInfo(
      input.shape as [number, number, number, number],
      filterSize as 1,
      strides as 1,
      1,
      pad as 'same',
      'floor',
    );
    const { top, left } = g.padInfo;
    return [
      windowAxis(g.inHeight, dy.shape[1]!, { window: g.filterHeight, stride: g.strideHeight, pad: top }),
      windowAxis(g.inWidth, dy.shape[2]!, { window: g.filterWidth, stride: g.strideWidth, pad: left }),
    ];
  }
  const shape = input.shape as [number, number, number, number, number];
  const g = backend_util.computePool3DInfo(shape, filterSize as 1, strides as 1, 1, pad as 'same', 'floor', 'NDHWC');
  return [
    windowAxis(g.inDepth, dy.shape[1]!, { window: g.filterDepth, stride: g.strideDepth, pad: g.padInfo.front }),
    windowAxis(g.inHeight, dy.shape[2]!, { window: g.filterHeight, stride: g.strideHeight, pad: g.padInfo.top }),
    windowAxis(g.inWidth, dy.shape[3]!, { window: g.filterWidth, stride: g.strideWidth, pad: g.padInfo.left }),
  ];
}

const resizeAxes =
  (axis: typeof nearestAxis) =>
  (images: TensorInfo, dy: TensorInfo, attrs: Attrs): Axis[] => {
    const rule = { alignCorners: attrs['alignCorners'] === true, halfPixelCenters: attrs['halfPixelCenters'] === true };
    return [1, 2].map((d) => axis(images.shape[d]!, dy.shape[d]!, rule));
  };

const REPAIRS: readonly (readonly [kernelName: string, image: string, axes: typeof averageAxes])[] = [
  ['AvgPoolGrad', 'input', averageAxes],
  ['AvgPool3DGrad', 'input', averageAxes],
  ['ResizeNearestNeighborGrad', 'images', resizeAxes(nearestAxis)],
  ['ResizeBilinearGrad', 'images', resizeAxes(bilinearAxis)],
];

const pairOf = (value: unknown): readonly [number, number] => (typeof value === 'number' ? [value, value] : (value as [number, number]));

/**
 * Pads at the end what `dy` reaches beyond the image: rounded up, `dimRoundingMode` adds outputs there, and tfjs does not tell the gradients.
 *
 * @param attrs of the gradient of a convolution, `pad` a number or a list (other pads know no rounding)
 * @param sizes height and width of image, window and gradient
 */
function padToTheEnd(attrs: Attrs, { image, window, dy }: Readonly<Record<'image' | 'window' | 'dy', readonly [number, number]>>): Attrs {
  const { pad, strides, dataFormat } = attrs;
  if (typeof pad === 'string') return attrs;
  const step = pairOf(strides);
  const first = dataFormat === 'NCHW' ? 2 : 1;
  const pads = Array.from({ length: 4 }, (_, d) => (Array.isArray(pad) ? [...pairOf(pad[d])] : d >= first && d < first + 2 ? [...pairOf(pad)] : [0, 0])); // prettier-ignore
  for (const i of [0, 1] as const) {
    const [before, after] = pads[first + i] as [number, number];
    const reached = (dy[i] - 1) * step[i] + window[i] - before - image[i];
    pads[first + i] = [before, Math.max(after, reached)];
  }
  return { ...attrs, pad: pads };
}

const planeOf = (shape: readonly number[], attrs: Attrs): readonly [number, number] =>
  attrs['dataFormat'] === 'NCHW' ? [shape[2]!, shape[3]!] : [shape[1]!, shape[2]!];

/** Gradients of convolutions, and the shapes of image and filter among what they get. */
const CONVOLUTIONS: Readonly<
  Record<string, (inputs: Readonly<Record<string, TensorInfo>>, attrs: Attrs) => [image: number[], filter: number[]]>
> = {
  Conv2DBackpropInput: ({ filter }, { inputShape }) => [inputShape as unknown as number[], filter!.shape],
  Conv2DBackpropFilter: ({ x }, { filterShape }) => [x!.shape, filterShape as unknown as number[]],
};

function repairConvolutions(): void {
  for (const [kernelName, shapesOf] of Object.entries(CONVOLUTIONS)) {
    const stock = getKernel(kernelName, 'cpu') as KernelConfig | undefined;
    if (stock === undefined || repaired.has(stock)) continue;
    const config: KernelConfig = {
      ...stock,
      kernelFunc({ inputs, attrs = {}, backend }) {
        const [image, filter] = shapesOf(inputs as Record<string, TensorInfo>, attrs);
        const sizes = { image: planeOf(image, attrs), window: [filter[0]!, filter[1]!], dy: planeOf(inputs['dy']!.shape, attrs) } as const;
        return stock.kernelFunc({ inputs, backend, attrs: padToTheEnd(attrs, sizes) });
      },
    };
    repaired.add(config);
    unregisterKernel(kernelName, 'cpu');
    registerKernel(config);
  }
}

const repaired = new WeakSet<KernelConfig>();

/**
 * Replaces the gradients that tfjs's cpu backend gets wrong: of average pooling where a window reaches over the edge (it divides by the whole window, the
 * forward pass by the part inside), and of resizing by nearest neighbors (every image of a batch takes the gradient of the first rows) and bilinear
 * (height and width change places, half-pixel centers are forgotten), and of 2-D convolutions whose outputs are rounded up (the added ones give nothing back).
 * Once; later calls do nothing.
 */
export function repairCpu(): void {
  repairConvolutions();
  for (const [kernelName, image, axes] of REPAIRS) {
    const stock = getKernel(kernelName, 'cpu') as KernelConfig | undefined;
    if (stock !== undefined && repaired.has(stock)) continue;
    const config: KernelConfig = {
      kernelName,
      backendName: 'cpu',
      kernelFunc({ inputs, attrs, backend }) {
        const cpu = backend as MathBackendCPU;
        const [x, dy] = [inputs[image]!, inputs['dy']!];
        const { values, shape } = transposeAxes(cpu.data.get(dy.dataId).values as Float32Array, dy.shape, axes(x, dy, attrs ?? {}));
        return cpu.makeTensorInfo(shape, 'float32', values);
      },
    };
    repaired.add(config);
    if (stock !== undefined) unregisterKernel(kernelName, 'cpu');
    registerKernel(config);
  }
}
