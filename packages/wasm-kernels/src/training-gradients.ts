import {
  add,
  conv2d,
  conv3d,
  engine,
  getBackend,
  getGradient,
  pad as padTensor,
  registerGradient,
  reverse,
  slice,
  unregisterGradient,
  type GradConfig,
  type NamedAttrMap,
  type Tensor,
  type Tensor4D,
  type Tensor5D,
} from '@tensorflow/tfjs-core';

type Strides2 = [number, number];
type Strides3 = [number, number, number];

const isDilated = (attrs: NamedAttrMap): boolean => [attrs['dilations'] ?? 1].flat().some((dilation) => dilation !== 1);
const ours = (attrs: NamedAttrMap): boolean => getBackend() === 'wasm' && isDilated(attrs);
const run = (kernelName: string, inputs: Record<string, Tensor>, attrs: NamedAttrMap): Tensor =>
  engine().runKernel<Tensor>(kernelName, inputs, attrs);

/** The gradient of a convolution, of which tfjs refuses dilated ones although our kernels compute them. */
function dilated(stock: GradConfig, ofInput: string, ofFilter: string): GradConfig {
  return {
    ...stock,
    gradFunc(dy, saved, attrs) {
      if (!ours(attrs)) return stock.gradFunc(dy, saved, attrs);
      const [x, filter] = saved as [Tensor, Tensor];
      return {
        x: () => run(ofInput, { dy: dy as Tensor, filter }, { ...attrs, inputShape: x.shape }),
        filter: () => run(ofFilter, { x, dy: dy as Tensor }, { ...attrs, filterShape: filter.shape }),
      };
    },
  };
}

/** The gradient of the dilated input gradient: tfjs's own leaves the dilation out. */
function secondOrder(stock: GradConfig): GradConfig {
  return {
    ...stock,
    gradFunc(ddx, saved, attrs) {
      if (!ours(attrs)) return stock.gradFunc(ddx, saved, attrs);
      const [dy, filter] = saved as [Tensor4D, Tensor4D];
      const { strides, pad, dataFormat, dilations, dimRoundingMode } = attrs as {
        strides: Strides2;
        pad: 'same';
        dataFormat: 'NHWC';
        dilations: Strides2;
        dimRoundingMode: 'floor';
      };
      return {
        dy: () => conv2d(ddx as Tensor4D, filter, strides, pad, dataFormat, dilations, dimRoundingMode),
        filter: () => run('Conv2DBackpropFilter', { x: ddx as Tensor, dy }, { ...attrs, filterShape: filter.shape }),
      };
    },
  };
}

/** The gradient of conv3dTranspose, for which tfjs has none. */
const transposed3d: GradConfig = {
  kernelName: 'Conv3DBackpropInputV2',
  inputsToSave: ['dy', 'filter'],
  gradFunc(ddx, saved, attrs) {
    const [dy, filter] = saved as [Tensor5D, Tensor5D];
    const { strides, pad, dilations = 1 } = attrs as { strides: Strides3; pad: 'same'; dilations?: Strides3 };
    return {
      dy: () => conv3d(ddx as Tensor5D, filter, strides, pad, 'NDHWC', dilations),
      filter: () => run('Conv3DBackpropFilterV2', { x: ddx as Tensor, dy }, { ...attrs, filterShape: filter.shape }),
    };
  },
};

/** Folds the mirrored ends of one axis back onto what they mirror. */
function fold(dy: Tensor, axis: number, { before, after, edge }: { before: number; after: number; edge: number }): Tensor {
  const part = (begin: number, size: number): Tensor =>
    slice(
      dy,
      dy.shape.map((_, d) => (d === axis ? begin : 0)),
      dy.shape.map((all, d) => (d === axis ? size : all)),
    );
  const size = dy.shape[axis]! - before - after;
  const placed = (end: Tensor, at: number): Tensor =>
    padTensor(
      reverse(end, axis),
      dy.shape.map((_, d) => (d === axis ? [at, size - at - end.shape[axis]!] : [0, 0])),
    );
  let folded = part(before, size);
  if (before > 0) folded = add(folded, placed(part(0, before), edge));
  if (after > 0) folded = add(folded, placed(part(before + size, after), size - edge - after));
  return folded;
}

/** The gradient of mirrorPad: tfjs's own drops what reaches the mirrored values. */
function mirrored(stock: GradConfig): GradConfig {
  return {
    ...stock,
    gradFunc(dy, _, attrs) {
      const edge = attrs['mode'] === 'reflect' ? 1 : 0; // reflect does not repeat the edge
      const paddings = attrs['paddings'] as [number, number][];
      return {
        x: () => paddings.reduce((folded, [before, after], axis) => fold(folded, axis, { before, after, edge }), dy as Tensor),
      };
    },
  };
}

const REPLACED: Readonly<Record<string, (stock: GradConfig) => GradConfig>> = {
  Conv2D: (stock) => dilated(stock, 'Conv2DBackpropInput', 'Conv2DBackpropFilter'),
  Conv3D: (stock) => dilated(stock, 'Conv3DBackpropInputV2', 'Conv3DBackpropFilterV2'),
  DepthwiseConv2dNative: (stock) => dilated(stock, 'DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter'),
  Conv2DBackpropInput: secondOrder,
  MirrorPad: mirrored,
};

const made = new WeakSet<GradConfig>([transposed3d]);

/**
 * Adds the gradients that tfjs refuses or gets wrong and that our kernels can compute: of dilated convolutions, of conv3dTranspose, of mirrorPad.
 * Gradients that are not registered yet are left alone.
 *
 * @returns a function that puts the former ones back
 */
export function registerTrainingGradients(): () => void {
  const former = new Map<string, GradConfig>();
  for (const [kernelName, wrap] of Object.entries(REPLACED)) {
    const stock = getGradient(kernelName) as GradConfig | undefined;
    if (stock === undefined || made.has(stock)) continue;
    const config = wrap(stock);
    made.add(config);
    former.set(kernelName, stock);
    registerGradient(config);
  }
  const adds = (getGradient(transposed3d.kernelName) as GradConfig | undefined) === undefined;
  if (adds) registerGradient(transposed3d);
  return () => {
    for (const [kernelName, stock] of former) if (made.has(getGradient(kernelName))) registerGradient(stock);
    if (adds && getGradient(transposed3d.kernelName) === transposed3d) unregisterGradient(transposed3d.kernelName);
  };
}
